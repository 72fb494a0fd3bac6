"""`lakehouse status`: show what the lake holds and what is still to be done."""

import datetime as dt

import click

from lakehouse.cli import stored_data
from lakehouse.cli.domain_status import RunHistory, status_of
from lakehouse.cli.kept_status import Answer, Places, keep, recall, upstream_of
from lakehouse.cli.messages import inform
from lakehouse.cli.options import domain_option
from lakehouse.cli.output import format_option, print_rows
from lakehouse.cli.status_fact import Fact, bytes_check
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

COLUMNS = ("domain", "about", "what", "number", "first", "last", "detail")


@click.command()
@domain_option
@format_option
def status(domain_name: str | None, form: str) -> None:
    """Show what is damaged, received, rejected, late or waiting.

    Problems come first. A check is shown with its failures on the newest 30 days that it was
    evaluated for. Rejected and held files whose later version was read are shown as replaced.

    Logs and sizes of all tables are compared with what was stored, and the bytes of the files that
    changed last or that the daemon found damaged; it compares all of them within a day.

    Example:
      lakehouse status --domain mrhealth
    """
    settings = Settings.from_env()
    shown: list[tuple[str, Fact]] = []
    files = compared = 0
    with RunHistory(settings) as history:
        for name in [domain_name] if domain_name else domain_names():
            places = Places.of(name, settings)
            now = dt.datetime.now(dt.UTC)
            answer = recall(places, now) or _found_out(places, settings, history, now)
            facts = (*answer.facts, *bytes_check(places.lake, name))
            shown += [(name, fact) for fact in facts]
            files += answer.files
            compared += answer.compared
    shown.sort(key=lambda each: not each[1].problem)
    rows = [(domain_of, *fact.row) for domain_of, fact in shown]
    print_rows(COLUMNS, rows, form)
    stored_data.say_extent(compared, files)
    if not rows:
        inform("the lake is empty; start with `lakehouse demo` or `lakehouse land`")


def _found_out(places: Places, settings: Settings, history: RunHistory, now: dt.datetime) -> Answer:
    """Find out everything about a domain, and keep it for the next call."""
    from lakehouse.lasting_objects import lasting_objects

    with lasting_objects():
        from lakehouse.platform.storage.lake import Lake
        from lakehouse.platform.tables.registry import load_domain

        domain = load_domain(places.domain)
        before = places.state(upstream_of(domain))
        found = status_of(domain, Lake(settings.root, settings.file_mb), settings, history)
        keep(places, domain, found, before, now, settings)
    return Answer(facts=found.facts, files=found.files, compared=len(found.compared))

"""`lakehouse privacy`: find a person in every layer of every system, and take them out."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakehouse.cli.messages import CommandError, inform, warn
from lakehouse.cli.options import domain_option, joined, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.platform.tables.domains import domain_names
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.privacy.erasure import Erased
    from lakehouse.platform.privacy.persons import Persons
    from lakehouse.platform.privacy.search import Finding
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

Command = TypeVar("Command", bound=Callable[..., Any])

PLACES = ("domain", "table", "day", "file", "line", "rows", "what")
SUMS = ("domain", "table", "what", "rows")


def person(command: Command) -> Command:
    """Options that say whom."""
    for option in (
        domain_option,
        click.option("--email", help="Their e-mail address; `-` reads it from stdin."),
        click.option("--id", "id_", help="Their id in a domain; `-` reads it from stdin."),
    ):
        command = option(command)
    return command


@click.group()
def privacy() -> None:
    """Find a person in the lake and the landing zone, and take them out for good.

    Example:
      lakehouse privacy find --email ana@example.org
      lakehouse privacy erase --email ana@example.org
    """


@privacy.command()
@person
@format_option
def find(id_: str | None, email: str | None, domain_name: str | None, form: str) -> None:
    """Print where a person is; nothing of what is known about them.

    By --email the ids that stand beside it are followed within their system. Columns that contracts
    tag as identifier or email are searched, and the text of rejected rows, lines and files. Exit
    code 0 also when they are nowhere.

    Examples:
      lakehouse privacy find --id 8717bbf45cCDbEe --domain people
      lakehouse privacy find --email - --format csv < address.txt
    """
    settings = Settings.from_env()
    lake = _lake(settings)
    persons = _persons(id_, email, domain_name, lake, settings)
    found = sorted(_findings(persons, lake, settings), key=_order)
    print_rows(PLACES, ([getattr(each, name) for name in PLACES] for each in found), form)
    domains = sorted({each.domain for each in found})
    where = f" of {joined(domains)}" if domains else ""
    inform(f"{plural(sum(each.rows for each in found), 'place')}{where}")


@privacy.command()
@person
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option
def erase(
    id_: str | None, email: str | None, domain_name: str | None, yes: bool, form: str
) -> None:
    """Take a person out of every layer, rejected rows, kept files, old versions and landing zone.

    A mark that tells nobody who they were keeps files that are delivered again and replays from
    bringing them back. The days they were on are built anew. The same command again finishes what a
    crash cut off. Exit code 1 when something is left, which is then named.

    Examples:
      lakehouse privacy erase --id 8717bbf45cCDbEe --domain people
      lakehouse privacy erase --email ana@example.org --yes
    """
    from lakehouse.platform.privacy import erasure

    settings = Settings.from_env()
    lake = _lake(settings)
    persons = _persons(id_, email, domain_name, lake, settings)
    found = list(_findings(persons, lake, settings))
    if id_ is not None:
        persons = _of_one_system(persons, found)
    if not yes:
        print_rows(SUMS, _sums((f.domain, f.table, f.what, f.rows) for f in found), "table")
        whom = joined(
            f"{plural(len(one.ids), 'id')} of {name}" for name, one in persons.items() if one.ids
        )
        click.confirm(f"Erase for good{f' ({whom})' if whom else ''}?", abort=True, err=True)
    _wait_for_runs(persons, settings)
    done = erasure.erase(persons, lake, settings, _refreshed(settings))
    _report(done, form)


def _report(done: "Erased", form: str) -> None:
    """Say what was erased and what was not; a problem when anything is left."""
    print_rows(SUMS, _sums((*key, rows) for key, rows in done.found.items()), form)
    for (domain, what), number in sorted(done.removed.items()):
        if number:
            inform(f"{domain}: {number:,} {what} removed or written anew")
    if done.others:
        warn(f"{plural(done.others, 'unreadable line')} of others had to go with them")
    for each in done.notes:
        warn(each)
    if done.left:
        print_rows(PLACES, ([getattr(each, name) for name in PLACES] for each in done.left), form)
        raise CommandError(
            f"{plural(sum(each.rows for each in done.left), 'place')} could not be erased",
            "docs/privacy.md says what each kind needs",
        )
    inform("erased; exports, backups and source databases outside of the lake are not reached")


def _sums(counted: "Iterable[tuple[str, str, str, int]]") -> list[tuple[str, str, str, int]]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for domain, table, what, rows in counted:
        sums[domain, table, what] += rows
    return [(*key, rows) for key, rows in sorted(sums.items())]


def _persons(
    id_: str | None, email: str | None, domain_name: str | None, lake: "Lake", settings: Settings
) -> "Persons":
    from lakehouse.platform.privacy.search import known_as

    if (id_ is None) == (email is None):
        raise click.UsageError("give --id or --email")
    value = (id_ if id_ is not None else email or "").strip()
    value = sys.stdin.readline().strip() if value == "-" else value
    if not value or not value.isprintable():
        raise click.UsageError("an id or e-mail address is one line that can be read")
    if email is not None and "@" not in value:
        raise click.UsageError("an e-mail address has an @; for an id there is --id")
    ids, emails = ([value], []) if id_ is not None else ([], [value])
    return known_as(
        [domain_name] if domain_name else domain_names(), lake, settings, ids=ids, emails=emails
    )


def _findings(persons: "Persons", lake: "Lake", settings: Settings) -> "Iterable[Finding]":
    from lakehouse.platform.privacy.search import Search
    from lakehouse.platform.tables.registry import load_domain

    for domain, one in persons.items():
        of = load_domain(domain)
        yield from Search(domain=of, lake=lake, settings=settings, person=one).findings()


def _of_one_system(persons: "Persons", found: "Iterable[Finding]") -> "Persons":
    """An id is one person in one system only, and somebody else in another."""
    having = sorted({each.domain for each in found})
    if len(persons) > 1 and len(having) != 1:
        told = f"{joined(having)} have it" if having else "no system has it"
        raise click.UsageError(f"{told}; an id says whom only with --domain")
    return persons if len(persons) == 1 else {having[0]: persons[having[0]]}


def _wait_for_runs(domains: "Iterable[str]", settings: Settings) -> None:
    """A run that is under way could write what was read before."""
    from lakehouse.cli.runs import instance_of
    from lakehouse.platform.orchestration.local_runs import wait_for_others

    with instance_of(settings) as instance:
        for domain in domains:
            wait_for_others(instance, domain)


def _refreshed(settings: Settings) -> "Callable[[Domain, Sequence[dt.date]], None]":
    """Runs of the system over days, then everything that they leave to do."""

    def refresh(domain: "Domain", days: Sequence[dt.date]) -> None:
        from lakehouse.cli.runs import built, ingest_all, require_success
        from lakehouse.platform.orchestration.partitions import ranges
        from lakehouse.platform.orchestration.planning import GAP_DAYS

        today = dt.datetime.now(settings.zone).date()
        open_days = [day for day in days if domain.spec.since <= day <= today]
        require_success(built(domain, settings, ranges(open_days, gap=GAP_DAYS)))
        require_success(ingest_all([domain], settings))

    return refresh


def _order(finding: "Finding") -> tuple[object, ...]:
    return (
        finding.domain,
        finding.table,
        str(finding.day or ""),
        finding.file or "",
        finding.line or 0,
    )


def _lake(settings: Settings) -> "Lake":
    from lakehouse.platform.storage.lake import Lake

    return Lake(settings.root)

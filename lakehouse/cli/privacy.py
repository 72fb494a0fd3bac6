"""`lakehouse privacy`: find a person in every layer of every domain, and erase them."""

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
    from lakehouse.platform.privacy.context import ErasureReport
    from lakehouse.platform.privacy.findings import PersonFinding
    from lakehouse.platform.privacy.person import Persons
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

Command = TypeVar("Command", bound=Callable[..., Any])

PLACES = ("domain", "table", "day", "file", "line", "rows", "what")
TOTALS = ("domain", "table", "what", "rows")


def person_options(command: Command) -> Command:
    """Add the options that identify a person."""
    for option in (
        domain_option,
        click.option("--email", help="E-mail address; `-` reads it from stdin."),
        click.option("--id", "id_", help="Id in a domain; `-` reads it from stdin."),
    ):
        command = option(command)
    return command


@click.group()
def privacy() -> None:
    """Find the data of a person in all places, and erase it.

    Example:
      lakehouse privacy find --email ana@example.org
      lakehouse privacy erase --email ana@example.org
    """


@privacy.command()
@person_options
@format_option
def find(id_: str | None, email: str | None, domain_name: str | None, form: str) -> None:
    """Print the places that hold data of a person.

    The data itself is not printed. Searches the columns that contracts tag as identifier or email,
    and the text of rejected rows, lines and files. With --email the ids found beside the address
    are searched too, within their domain. Exit code 0 even if nothing is found.

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
@person_options
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@format_option
def erase(
    id_: str | None, email: str | None, domain_name: str | None, yes: bool, form: str
) -> None:
    """Erase the data of a person from all places.

    These are every layer, the quarantine, stored files, old versions and the landing zone. A mark
    that does not reveal the person keeps later deliveries and replays from restoring the data. The
    affected days are rebuilt. Running the command again completes an erasure that was interrupted.
    Exit code 1 if some data could not be erased; it is listed.

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
        persons = _only_domain(persons, found)
    if not yes:
        print_rows(TOTALS, _sums((f.domain, f.table, f.what, f.rows) for f in found), "table")
        whom = joined(
            f"{plural(len(one.ids), 'id')} of {name}" for name, one in persons.items() if one.ids
        )
        click.confirm(f"Erase for good{f' ({whom})' if whom else ''}?", abort=True, err=True)
    _wait_for_runs(persons, settings)
    done = erasure.erase(persons, lake, settings, _refreshed(settings))
    _report(done, form)


def _report(done: "ErasureReport", form: str) -> None:
    """Print what was erased; fail when something could not be."""
    print_rows(TOTALS, _sums((*key, rows) for key, rows in done.found.items()), form)
    for (domain, what), number in sorted(done.removed.items()):
        if number:
            inform(f"{domain}: {number:,} {what} removed or rewritten")
    if done.others:
        warn(f"{plural(done.others, 'unreadable line')} of other persons had to be erased too")
    for each in done.notes:
        warn(each)
    if done.left:
        print_rows(PLACES, ([getattr(each, name) for name in PLACES] for each in done.left), form)
        raise CommandError(
            f"{plural(sum(each.rows for each in done.left), 'place')} could not be erased",
            "docs/privacy.md explains what each place needs",
        )
    inform("erased; exports, backups and source databases outside of the lake were not searched")


def _sums(counted: "Iterable[tuple[str, str, str, int]]") -> list[tuple[str, str, str, int]]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for domain, table, what, rows in counted:
        sums[domain, table, what] += rows
    return [(*key, rows) for key, rows in sorted(sums.items())]


def _persons(
    id_: str | None, email: str | None, domain_name: str | None, lake: "Lake", settings: Settings
) -> "Persons":
    from lakehouse.platform.privacy.known_ids import persons_in

    if (id_ is None) == (email is None):
        raise click.UsageError("pass either --id or --email")
    value = (id_ if id_ is not None else email or "").strip()
    value = sys.stdin.readline().strip() if value == "-" else value
    if not value or not value.isprintable():
        raise click.UsageError("an id or e-mail address must be one line of printable characters")
    if email is not None and "@" not in value:
        raise click.UsageError("an e-mail address contains @; pass an id with --id")
    ids, emails = ([value], []) if id_ is not None else ([], [value])
    return persons_in(
        [domain_name] if domain_name else domain_names(), lake, settings, ids=ids, emails=emails
    )


def _findings(persons: "Persons", lake: "Lake", settings: Settings) -> "Iterable[PersonFinding]":
    from lakehouse.platform.privacy import search
    from lakehouse.platform.privacy.scope import SearchScope
    from lakehouse.platform.tables.registry import load_domain

    for name, person in persons.items():
        domain = load_domain(name)
        yield from search.find(
            SearchScope(domain=domain, lake=lake, settings=settings, person=person)
        )


def _only_domain(persons: "Persons", found: "Iterable[PersonFinding]") -> "Persons":
    """Return the persons of the only domain with findings.

    An id identifies a person within one domain; the same id in another domain is somebody else.
    """
    having = sorted({each.domain for each in found})
    if len(persons) > 1 and len(having) != 1:
        found_in = f"found in {joined(having)}" if having else "not found in any domain"
        raise click.UsageError(f"the id was {found_in}; pass --domain to say whose id it is")
    return persons if len(persons) == 1 else {having[0]: persons[having[0]]}


def _wait_for_runs(domains: "Iterable[str]", settings: Settings) -> None:
    """Wait for runs in progress, which could write data that they read before the erasure."""
    from lakehouse.cli.instances import instance_of
    from lakehouse.platform.orchestration.exclusive_runs import wait_for_other_runs

    with instance_of(settings) as instance:
        for domain in domains:
            wait_for_other_runs(instance, domain)


def _refreshed(settings: Settings) -> "Callable[[Domain, Sequence[dt.date]], None]":
    """Return a function that rebuilds days of a domain and then whatever depends on them."""

    def refresh(domain: "Domain", days: Sequence[dt.date]) -> None:
        from lakehouse.cli.runs import ingest_all, rebuild, rebuild_as_of, require_success
        from lakehouse.platform.orchestration.partitions import ranges
        from lakehouse.platform.orchestration.planning import GAP_DAYS
        from lakehouse.platform.orchestration.run_tags import ERASURE_TAG

        tags = {ERASURE_TAG: "true"}
        today = dt.datetime.now(settings.zone).date()
        open_days = [day for day in days if domain.spec.since <= day <= today]
        require_success(rebuild(domain, settings, ranges(open_days, gap=GAP_DAYS), tags=tags))
        require_success(ingest_all([domain], settings, tags=tags))
        require_success(rebuild_as_of(domain, settings, stale=True))

    return refresh


def _order(finding: "PersonFinding") -> tuple[object, ...]:
    return (
        finding.domain,
        finding.table,
        str(finding.day or ""),
        finding.file or "",
        finding.line or 0,
    )


def _lake(settings: Settings) -> "Lake":
    from lakehouse.platform.storage.lake import Lake

    return Lake(settings.root, settings.file_mb)

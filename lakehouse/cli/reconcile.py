"""`lakehouse reconcile`: compare every input line with its outcome."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli import ops_tables, stored_data
from lakehouse.cli.messages import CommandError, inform, warn
from lakehouse.cli.options import days_between, days_options, domain_option, domains_of, plural
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress

    from lakehouse.platform.reconciliation.damage import DamageReport
    from lakehouse.platform.reconciliation.findings import AuditFinding
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

COLUMNS = ("domain", "day", "table", "unit", "file", "status", *ops_tables.COUNTS, "balance")


@click.command()
@domain_option
@days_options("delivery day")
@click.option("--files", is_flag=True, help="Show every delivery, not only the sums.")
@click.option(
    "--verify",
    is_flag=True,
    help="Hash, read and compute everything again; takes as long as a backfill.",
)
@format_option
def reconcile(
    domain_name: str | None,
    first: dt.date | None,
    last: dt.date | None,
    files: bool,
    verify: bool,
    form: str,
) -> None:
    """Check that each input line ended in exactly one outcome.

    Two equations hold for every file:
      lines  = header + continued + unparsable + excluded + bronze
      bronze = silver + quarantine + duplicate + superseded

    Exit code 1 if a delivery does not balance, was given up or is not finished, or if stored data
    is damaged; such deliveries and tables are always listed. CSV and JSON show every delivery.

    Examples:
      lakehouse reconcile --from 2026-01-05 --to 2026-01-11
      lakehouse reconcile --domain mrhealth --verify
    """
    from lakehouse.platform.reconciliation.report import read_report
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    days = days_between(domain_name, first, last)
    if verify:
        _print_findings(lake, settings, domain_name, days, form)
        _require_finished(settings, domain_name, days)
        inform("verified: bytes, rows, balances and recomputed days agree")
        return
    domains = domains_of(domain_name)
    damage = stored_data.look(
        domains, lake, seconds=stored_data.RECONCILE_SECONDS, days=set(days) if days else None
    )
    if damage.damages:
        damaged = stored_data.damage_rows(damage.damages)
        print_rows(stored_data.DAMAGE_COLUMNS, damaged, "table", sys.stderr)
    report = read_report(lake, domain_name, days)
    rows = sorted(report.files, key=lambda row: (row["domain"], row["day"], row["file"]))
    unbalanced = [row for row in rows if row["balance"] != "balanced"]
    if form != "table":
        print_rows(COLUMNS, ([row[c] for c in COLUMNS] for row in rows), form)
    else:
        listed = rows if files else unbalanced
        if listed:
            print_rows(COLUMNS, ([row[c] for c in COLUMNS] for row in listed), form)
            click.echo()
        print_rows(ops_tables.TOTALS, ops_tables.totals(rows), form)
    inform(f"{plural(len(rows), 'delivery', 'deliveries')}: {_numbers(report.balances)}")
    _require_stored_data(damage)
    if not report.balanced:
        raise CommandError(
            f"{plural(report.balances['unbalanced'], 'delivery', 'deliveries')} do not balance",
            "lakehouse reconcile --verify finds the rows; lakehouse ingest rebuilds the days",
        )
    _require_finished(settings, domain_name, days)


def _require_stored_data(damage: "DamageReport") -> None:
    """Fail when stored data is damaged; say how many files were compared."""
    stored_data.say_extent(damage.compared, damage.files)
    if damage.damages:
        raise CommandError(
            f"stored data is damaged: {stored_data.numbers_of(damage)}", "lakehouse repair"
        )


def _require_finished(
    settings: Settings, domain_name: str | None, days: list[dt.date] | None
) -> None:
    """Raise a CommandError when deliveries are not loaded or days are not finished."""
    from lakehouse.cli.runs import open_parts

    found = open_parts(domains_of(domain_name), settings, days)
    for what in found:
        warn(what)
    if found:
        raise CommandError(
            f"what is stored balances, but {plural(len(found), 'part')} of the deliveries not"
            " loaded or not finished, see the warnings above",
            "lakehouse ingest tries them again",
        )


def _numbers(balances: Any) -> str:
    """Return how many deliveries have each balance."""
    numbers = [f"{number:,} {balance}" for balance, number in balances.items() if number]
    return ", ".join(numbers) or "nothing was delivered"


def _print_findings(
    lake: "Lake", settings: Settings, domain_name: str | None, days: list[dt.date] | None, form: str
) -> None:
    """Verify everything again, print what differs, and fail when anything does."""
    columns = ("table", "day", "check", "expected", "found", "hint")
    skipped: Counter[str] = Counter()
    found = list(_findings(lake, settings, domain_name, days, skipped))
    if found or form != "table":
        print_rows(columns, ([str(getattr(each, c)) for c in columns] for each in found), form)
    for what, number in sorted(skipped.items()):
        times = f" ({number:,} times)" if number > 1 else ""
        inform(f"not compared by the independent reading: {what}{times}")
    if found:
        raise CommandError(f"{plural(len(found), 'finding')}; each has a hint")


def _findings(
    lake: "Lake",
    settings: Settings,
    domain_name: str | None,
    days: list[dt.date] | None,
    skipped: "Counter[str]",
) -> "Iterator[AuditFinding]":
    from lakehouse.cli.progress import bars

    with bars() as shown:
        for domain in domains_of(domain_name):
            yield from _findings_of(domain, lake, settings, days, shown, skipped)


def _findings_of(
    domain: "Domain",
    lake: "Lake",
    settings: Settings,
    days: list[dt.date] | None,
    shown: "Progress",
    skipped: "Counter[str]",
) -> "Iterator[AuditFinding]":
    from lakehouse.platform.reconciliation.audit import audit_domain

    task = shown.add_task(domain.name, total=None)

    def advance(day: dt.date, done: int, total: int) -> None:
        shown.update(task, completed=done, total=total, description=f"{day} verified")

    return audit_domain(lake, domain, settings, days, progress=advance, skipped=skipped)

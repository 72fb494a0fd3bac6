"""`lakehouse status`: show what the lake holds and what is still to be done."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import astuple, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import click

from lakehouse.cli import ops_tables, stored_data
from lakehouse.cli.messages import inform, one_line
from lakehouse.cli.options import domain_option, domains_of, joined
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.orchestration.planning import Batch
    from lakehouse.platform.reconciliation.damage import DamageReport
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

COLUMNS = ("domain", "about", "what", "number", "first", "last", "detail")
OVERDUE_DAYS = 30
"""How many days before today are checked for missing deliveries."""
SHOWN_UNITS = 3
SHOWN_CHANGES = 2


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One row of the output: a number of files, rows, days or units, and the days they are on."""

    about: str
    what: str
    number: int
    first: dt.date | None = None
    last: dt.date | None = None
    detail: str | None = None

    @classmethod
    def of_days(
        cls,
        about: str,
        what: str,
        days: Collection[dt.date],
        detail: str | None = None,
        number: int | None = None,
    ) -> "Fact":
        """Return a fact about some days; the number is that of the days unless it is given."""
        return cls(
            about=about,
            what=what,
            number=len(days) if number is None else number,
            first=min(days),
            last=max(days),
            detail=detail,
        )


@click.command()
@domain_option
@format_option
def status(domain_name: str | None, form: str) -> None:
    """Show what is damaged, received, rejected, late or waiting.

    Files of tables and kept files are compared with what was stored, for a few seconds; the daemon
    compares all of them within a day.

    Example:
      lakehouse status --domain mrhealth
    """
    from lakehouse.platform.reconciliation.damage import DamageReport
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake = Lake(settings.root)
    rows: list[tuple[object, ...]] = []
    found = DamageReport()
    for domain in domains_of(domain_name):
        damage = stored_data.look([domain], lake, seconds=stored_data.STATUS_SECONDS)
        found.add(damage)
        facts = (
            *_damage(damage),
            *_readable("deliveries", _files(lake, domain.name)),
            *_readable("quarantine", _rejected(lake, domain.name)),
            *_readable("reconciliation", _balances(lake, domain.name)),
            *_readable("work", _work(domain, settings)),
            *_readable("contracts", _older(domain, lake)),
            *_readable("as-of tables", _stale(domain, lake, settings)),
            *_readable("deliveries", _overdue(domain, lake, settings)),
        )
        rows += [(domain.name, *astuple(fact)) for fact in facts]
    print_rows(COLUMNS, rows, form)
    stored_data.say_extent(found)
    if not rows:
        inform("the lake is empty; start with `lakehouse demo` or `lakehouse land`")


def _damage(report: "DamageReport") -> Iterator[Fact]:
    """Report each damaged table with the problem and the command that repairs it."""
    for table, kind, damages in stored_data.grouped(report.damages):
        first = damages[0]
        detail = f"{first.problem}; hint: {first.hint}"
        days = [each.day for each in damages if each.day]
        if days:
            yield Fact.of_days(table, f"damaged {kind}", days, detail, len(damages))
        else:
            yield Fact(about=table, what=f"damaged {kind}", number=len(damages), detail=detail)


def _readable(about: str, facts: Iterator[Fact]) -> Iterator[Fact]:
    """Yield facts; what cannot be read ends them with a fact, so that the others are shown."""
    from lakehouse.platform.reconciliation.damage import UNREADABLE

    try:
        yield from facts
    except UNREADABLE as error:
        yield Fact(about=about, what="not readable", number=1, detail=one_line(error))


def _files(lake: "Lake", domain_name: str) -> Iterator[Fact]:
    """Count the delivered files by dataset and status."""
    by_kind: dict[tuple[str, str], list[dt.date]] = {}
    rejections: dict[tuple[str, str], Counter[str]] = {}
    for row in ops_tables.deliveries(lake, domain_name):
        kind = (row["table"], row["status"])
        by_kind.setdefault(kind, []).append(row["day"])
        if row["status"] in ("rejected", "held"):
            rejections.setdefault(kind, Counter())[row["reason"] or "?"] += 1
    for (table, what), days in sorted(by_kind.items()):
        reasons = rejections.get((table, what), Counter())
        yield Fact.of_days(table, f"files {what}", days, _numbers(reasons) or None)


def _rejected(lake: "Lake", domain_name: str) -> Iterator[Fact]:
    """Count the rejected rows and lines by table."""
    from lakehouse.platform.quarantine.listing import RejectionKind, count_rejections
    from lakehouse.platform.quarantine.selection import Selection

    counts: dict[tuple[str, str], Counter[str]] = {}
    days: dict[tuple[str, str], list[dt.date]] = {}
    for each in count_rejections(lake, Selection(domain=domain_name)):
        if each.kind is not RejectionKind.FILE:
            kind = (each.table, f"{each.kind.value}s in quarantine")
            counts.setdefault(kind, Counter())[each.reason] += each.rows
            days.setdefault(kind, []).append(each.day)
    for (table, what), reasons in sorted(counts.items()):
        yield Fact.of_days(table, what, days[table, what], _numbers(reasons), reasons.total())


def _numbers(reasons: "Counter[str]") -> str:
    return ", ".join(f"{reason}: {number}" for reason, number in sorted(reasons.items()))


def _balances(lake: "Lake", domain_name: str) -> Iterator[Fact]:
    """Count the reconciled deliveries by their balance."""
    days: dict[str, list[dt.date]] = {}
    for row in ops_tables.balances(lake, domain_name):
        days.setdefault(row["balance"], []).append(row["day"])
    for balance, found in sorted(days.items()):
        yield Fact.of_days("reconciliation", f"deliveries {balance}", found)


def _work(domain: "Domain", settings: Settings) -> Iterator[Fact]:
    """Report the days and batches that the next run would process, and those given up."""
    from lakehouse.cli.runs import instance_of
    from lakehouse.platform.ingestion.errors import LandingError
    from lakehouse.platform.orchestration.facts import gather
    from lakehouse.platform.orchestration.planning import decide
    from lakehouse.platform.orchestration.unloaded import is_lost

    has_history = settings.home.exists()
    with instance_of(settings) if has_history else nullcontext() as instance:
        try:
            facts = gather(domain, settings, instance)
        except LandingError as error:
            yield Fact(about="landing", what="cannot be listed", number=1, detail=str(error))
            return
        is_lake_lost = instance is not None and is_lost(domain, settings, instance)
    for what, days in (("days unfinished", facts.unfinished), ("days waited for", facts.waiting)):
        if days:
            yield Fact.of_days("work", what, days)
    yield from _bytes_check(domain, settings)
    if facts.unreadable_folders:
        found = facts.unreadable_folders
        names = joined((text.split()[1] for text in found), 3)
        yield Fact(about="landing", what="folders unreadable", number=len(found), detail=names)
    if facts.unread:
        names = joined(facts.unread, 3)
        yield Fact(about="landing", what="files unreadable", number=len(facts.unread), detail=names)
    if facts.growing:
        names = joined(facts.growing, 3)
        yield Fact(about="landing", what="files growing", number=len(facts.growing), detail=names)
    if is_lake_lost:
        question = "runs have loaded deliveries; is the disk of LAKEHOUSE_ROOT mounted?"
        yield Fact(about="lake", what="lake is empty", number=1, detail=question)
    decision = decide(facts, settings)
    batches: list[tuple[str, Batch, str | None]] = [
        *(("batches to run", due.batch, None) for due in decision.due),
        *(
            ("batches given up", each.batch, "fix the cause, then: lakehouse ingest")
            for each in decision.given_up
        ),
        *(
            (
                "batches waiting",
                each.batch,
                "a cause outside of the data; tried again",
            )
            for each in decision.paused
        ),
    ]
    for what, batch, detail in batches:
        yield Fact.of_days("work", what, (batch.first, batch.last), detail, batch.files)


def _bytes_check(domain: "Domain", settings: Settings) -> Iterator[Fact]:
    """Report how far the comparison of the bytes of known files is."""
    from lakehouse.platform.ingestion.changed_bytes import BytesCheck
    from lakehouse.platform.storage.lake import Lake

    state = BytesCheck.load(Lake(settings.root), domain.name)
    if state.files or state.last_files:
        last = dt.timedelta(seconds=round(state.last_seconds))
        about = f"last round: {state.last_files:,} files in {last}" if state.last_files else None
        yield Fact(about="landing", what="files compared", number=state.files, detail=about)


def _stale(domain: "Domain", lake: "Lake", settings: Settings) -> Iterator[Fact]:
    """Report the days of as-of tables whose data changed after they were computed."""
    from lakehouse.platform.transform import as_of, reference_dates

    hint = "lakehouse materialize --stale"
    days = set(as_of.stale_days(domain, lake)) - set(as_of.out_of_date(domain, lake, settings))
    if days:
        yield Fact.of_days("as-of tables", "days stale", sorted(days), hint)
    dates = set(reference_dates.stale_days(domain, lake))
    dates -= set(reference_dates.out_of_date(domain, lake, settings))
    if dates:
        yield Fact.of_days("reference dates", "days stale", sorted(dates), hint)


def _older(domain: "Domain", lake: "Lake") -> Iterator[Fact]:
    """Report the days of tables that an older contract or expression made."""
    from lakehouse.platform.migration.older import older_tables

    for each in older_tables(domain, lake):
        what = "days of older upstream" if each.upstream_only else "days of older contract"
        detail = f"{joined(each.changes, SHOWN_CHANGES)}; hint: lakehouse migrate"
        yield Fact.of_days(each.table.id.name, what, each.days, detail)


def _overdue(domain: "Domain", lake: "Lake", settings: Settings) -> Iterator[Fact]:
    """Report the units whose delivery is late, as found by the timeliness checks of the domain."""
    from lakehouse.platform.quality.checks import CheckStatus
    from lakehouse.platform.quality.evaluate import evaluate

    checks = [check for check in domain.checks if check.category == "timeliness"]
    landed = {row["day"] for row in ops_tables.deliveries(lake, domain.name)}
    if not checks or not landed:
        return
    today = dt.datetime.now(settings.zone).date()
    start = max(min(landed), today - dt.timedelta(days=OVERDUE_DAYS))
    days = [start + dt.timedelta(days=n) for n in range((today - start).days + 1)]
    late = [
        (each.day, each.assessment)
        for each in evaluate(checks, days, lake, settings, now=dt.datetime.now(dt.UTC))
        if each.assessment.status is CheckStatus.FAIL
    ]
    for (actual, details), same in groupby(late, lambda each: (each[1].actual, each[1].details)):
        days = [day for day, _ in same]
        units = int(actual.split()[0])
        yield Fact.of_days("deliveries", "units overdue", days, _shortened(details), units)


def _shortened(details: str) -> str:
    """Return the first names of a list of overdue units."""
    names = details.removeprefix("overdue: ").split(", ")
    return ", ".join(names[:SHOWN_UNITS]) + (", …" if len(names) > SHOWN_UNITS else "")

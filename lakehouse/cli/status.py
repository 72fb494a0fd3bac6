"""`lakehouse status`: show what the lake holds and what is still to be done."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import click

from lakehouse.cli import ops_tables, stored_data
from lakehouse.cli.messages import inform, one_line, warn
from lakehouse.cli.options import domain_option, domains_of, joined
from lakehouse.cli.output import format_option, print_rows
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse.platform.orchestration.planning import Batch
    from lakehouse.platform.reconciliation.damage import DamageReport
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

COLUMNS = ("domain", "about", "what", "number", "first", "last", "detail")
OVERDUE_DAYS = 30
"""How many days before today are checked for missing deliveries."""
SHOWN_UNITS = SHOWN_CHECKS = 3
SHOWN_CHANGES = 2


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One row of the output: a number of files, rows, days or units, and the days they are on.

    A problem is something that a person must look at; problems are shown first.
    """

    about: str
    what: str
    number: int
    first: dt.date | None = None
    last: dt.date | None = None
    detail: str | None = None
    problem: bool = False

    @property
    def row(self) -> tuple[object, ...]:
        """The columns after that of the domain."""
        return (self.about, self.what, self.number, self.first, self.last, self.detail)

    @classmethod
    def of_days(
        cls,
        about: str,
        what: str,
        days: Collection[dt.date],
        detail: str | None = None,
        number: int | None = None,
        *,
        problem: bool = False,
    ) -> "Fact":
        """Return a fact about some days; the number is that of the days unless it is given."""
        return cls(
            about=about,
            what=what,
            number=len(days) if number is None else number,
            first=min(days),
            last=max(days),
            detail=detail,
            problem=problem,
        )


@click.command()
@domain_option
@format_option
def status(domain_name: str | None, form: str) -> None:
    """Show what is damaged, received, rejected, late or waiting.

    Problems come first. A check is shown with its failures on the newest 30 days that it was
    evaluated for.

    Logs and sizes of all tables are compared with what was stored, and the bytes of the files that
    changed last or that the daemon found damaged; it compares all of them within a day.

    Example:
      lakehouse status --domain mrhealth
    """
    from lakehouse.platform.reconciliation.damage import DamageReport
    from lakehouse.platform.storage.lake import Lake

    settings = Settings.from_env()
    lake = Lake(settings.root, settings.file_mb)
    shown: list[tuple[str, Fact]] = []
    found = DamageReport()
    domains = domains_of(domain_name)
    with _run_history(settings) as instance:
        for domain in domains:
            facts, damage = _facts(domain, lake, settings, instance)
            shown += [(domain.name, fact) for fact in facts]
            found.add(damage)
    shown.sort(key=lambda each: not each[1].problem)
    rows = [(domain_of, *fact.row) for domain_of, fact in shown]
    print_rows(COLUMNS, rows, form)
    stored_data.say_extent(found)
    if not rows:
        inform("the lake is empty; start with `lakehouse demo` or `lakehouse land`")


@contextmanager
def _run_history(settings: Settings) -> "Iterator[dg.DagsterInstance | None]":
    """Open the run history once for all domains; None when there is none or it cannot be read."""
    from lakehouse.cli.runs import instance_of
    from lakehouse.platform.reconciliation.damage import UNREADABLE

    with ExitStack() as stack:
        instance = None
        if settings.home.exists():
            try:
                instance = stack.enter_context(instance_of(settings))
            except UNREADABLE as error:
                warn(f"the run history in {settings.home} cannot be read: {one_line(error)}")
        yield instance


def _facts(
    domain: "Domain", lake: "Lake", settings: Settings, instance: "dg.DagsterInstance | None"
) -> "tuple[list[Fact], DamageReport]":
    """Return everything about one domain, and the comparison of its files."""
    damage = stored_data.look([domain], lake, newest=stored_data.STATUS_FILES)
    facts = [
        *_damage(damage),
        *_readable("checks", _checks(lake, domain.name)),
        *_readable("deliveries", _files(lake, domain.name)),
        *_readable("quarantine", _rejected(lake, domain.name)),
        *_readable("reconciliation", _balances(lake, domain.name)),
        *_readable("work", _work(domain, settings, instance)),
        *_readable("contracts", _older(domain, lake)),
        *_readable("as-of tables", _stale(domain, lake, settings)),
        *_readable("deliveries", _overdue(domain, lake, settings)),
    ]
    return facts, damage


def _damage(report: "DamageReport") -> Iterator[Fact]:
    """Report each damaged table with the problem and the command that repairs it."""
    for table, kind, damages in stored_data.grouped(report.damages):
        first = damages[0]
        detail = f"{first.problem}; hint: {first.hint}"
        days = [each.day for each in damages if each.day]
        if days:
            yield Fact.of_days(table, f"damaged {kind}", days, detail, len(damages), problem=True)
        else:
            number, what = len(damages), f"damaged {kind}"
            yield Fact(about=table, what=what, number=number, detail=detail, problem=True)


def _checks(lake: "Lake", domain_name: str) -> Iterator[Fact]:
    """Report each check that fails on one of the newest days, and the number of those that warn."""
    from lakehouse.platform.quality.checks import CheckStatus
    from lakehouse.platform.quality.log import recent_problems

    found = recent_problems(lake, domain_name)
    for each in found:
        if each.status is CheckStatus.FAIL:
            yield Fact.of_days("checks", "days failing", each.days, each.check, problem=True)
    warning = [each for each in found if each.status is CheckStatus.WARN]
    if warning:
        days = [day for each in warning for day in each.days]
        names = joined((each.check for each in warning), SHOWN_CHECKS)
        yield Fact.of_days("checks", "checks warning", days, names, len(warning))


def _readable(about: str, facts: Iterator[Fact]) -> Iterator[Fact]:
    """Yield facts; what cannot be read ends them with a fact, so that the others are shown."""
    from lakehouse.platform.reconciliation.damage import UNREADABLE

    try:
        yield from facts
    except UNREADABLE as error:
        detail = one_line(error)
        yield Fact(about=about, what="not readable", number=1, detail=detail, problem=True)


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
        is_bad = what in ("rejected", "held")
        detail = _numbers(reasons) or None
        yield Fact.of_days(table, f"files {what}", days, detail, problem=is_bad)


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
        is_bad = balance == "unbalanced"
        yield Fact.of_days("reconciliation", f"deliveries {balance}", found, problem=is_bad)


def _work(
    domain: "Domain", settings: Settings, instance: "dg.DagsterInstance | None"
) -> Iterator[Fact]:
    """Report the days and batches that the next run would process, and those given up."""
    from lakehouse.platform.ingestion.errors import LandingError
    from lakehouse.platform.orchestration.facts import gather
    from lakehouse.platform.orchestration.planning import decide
    from lakehouse.platform.orchestration.unloaded import is_lost

    try:
        facts = gather(domain, settings, instance)
    except LandingError as error:
        text = str(error)
        yield Fact(about="landing", what="cannot be listed", number=1, detail=text, problem=True)
        return
    is_lake_lost = instance is not None and is_lost(domain, settings, instance)
    for what, days in (("days unfinished", facts.unfinished), ("days waited for", facts.waiting)):
        if days:
            yield Fact.of_days("work", what, days)
    yield from _bytes_check(domain, settings)
    if facts.unreadable_folders:
        found = facts.unreadable_folders
        names = joined((text.split()[1] for text in found), 3)
        what = "folders unreadable"
        yield Fact(about="landing", what=what, number=len(found), detail=names, problem=True)
    if facts.unread:
        names = joined(facts.unread, 3)
        number = len(facts.unread)
        what = "files unreadable"
        yield Fact(about="landing", what=what, number=number, detail=names, problem=True)
    if facts.growing:
        names = joined(facts.growing, 3)
        yield Fact(about="landing", what="files growing", number=len(facts.growing), detail=names)
    if is_lake_lost:
        question = "runs have loaded deliveries; is the disk of LAKEHOUSE_ROOT mounted?"
        yield Fact(about="lake", what="lake is empty", number=1, detail=question, problem=True)
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
        is_bad, span = what == "batches given up", (batch.first, batch.last)
        yield Fact.of_days("work", what, span, detail, batch.files, problem=is_bad)


def _bytes_check(domain: "Domain", settings: Settings) -> Iterator[Fact]:
    """Report how far the comparison of the bytes of known files is."""
    from lakehouse.platform.ingestion.changed_bytes import BytesCheck
    from lakehouse.platform.storage.lake import Lake

    state = BytesCheck.load(Lake(settings.root, settings.file_mb), domain.name)
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
        names = _shortened(details)
        yield Fact.of_days("deliveries", "units overdue", days, names, units, problem=True)


def _shortened(details: str) -> str:
    """Return the first names of a list of overdue units."""
    names = details.removeprefix("overdue: ").split(", ")
    return ", ".join(names[:SHOWN_UNITS]) + (", …" if len(names) > SHOWN_UNITS else "")

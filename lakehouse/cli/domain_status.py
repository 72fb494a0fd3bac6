"""What `lakehouse status` says about one domain: its facts, problems included."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lakehouse.cli import ops_tables, stored_data
from lakehouse.cli.messages import one_line, warn
from lakehouse.cli.options import joined
from lakehouse.cli.status_fact import NOT_READABLE, Fact
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse.platform.orchestration.planning import Batch, Decision, Facts
    from lakehouse.platform.reconciliation.damage import DamageReport, StoredFile
    from lakehouse.platform.storage.lake import Lake
    from lakehouse.platform.tables.registry import Domain

OVERDUE_DAYS = 30
"""How many days before today are checked for missing deliveries."""
SHOWN_UNITS = SHOWN_CHECKS = 3
SHOWN_CHANGES = 2
UNLOADED = ("rejected", "held")
"""Status of files whose rows are not loaded."""


class RunHistory:
    """The run history, opened when it is needed first; closed at the end of the block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._opened: list[dg.DagsterInstance | None] = []

    def __enter__(self) -> "RunHistory":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def instance(self) -> "dg.DagsterInstance | None":
        """Return the Dagster instance; None when there is none or it cannot be read."""
        if not self._opened:
            self._opened.append(self._open())
        return self._opened[0]

    def _open(self) -> "dg.DagsterInstance | None":
        from lakehouse.cli.instances import instance_of
        from lakehouse.platform.reconciliation.damage import UNREADABLE

        home = self._settings.home
        if not home.exists():
            return None
        try:
            return self._stack.enter_context(instance_of(self._settings))
        except UNREADABLE as error:
            warn(f"the run history in {home} cannot be read: {one_line(error)}")
            return None


@dataclass(frozen=True, kw_only=True)
class DomainStatus:
    """Everything that is known about one domain."""

    facts: tuple[Fact, ...]
    files: int
    """Stored files."""
    compared: "tuple[StoredFile, ...]"
    """Stored files whose bytes were compared."""
    is_lasting: bool
    """Whether it stays true until a file is changed or a deadline passes."""


def status_of(
    domain: "Domain", lake: "Lake", settings: Settings, history: RunHistory
) -> DomainStatus:
    """Gather everything about one domain."""
    damage = stored_data.look([domain], lake, newest=stored_data.STATUS_FILES)
    work = _Work(domain, settings, history)
    facts = (
        *_damage(damage),
        *_readable("checks", _checks(lake, domain.name)),
        *_readable("deliveries", _files(lake, domain)),
        *_readable("quarantine", _rejected(lake, domain.name)),
        *_readable("reconciliation", _balances(lake, domain.name)),
        *_readable("work", work.facts()),
        *_readable("contracts", _older(domain, lake)),
        *_readable("as-of tables", _stale(domain, lake, settings)),
        *_readable("deliveries", _overdue(domain, lake, settings)),
    )
    is_readable = not any(fact.what == NOT_READABLE for fact in facts)
    return DomainStatus(
        facts=facts,
        files=damage.files,
        compared=tuple(damage.compared_files),
        is_lasting=work.is_lasting and is_readable and not damage.damages,
    )


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
        yield Fact(about=about, what=NOT_READABLE, number=1, detail=detail, problem=True)


def _files(lake: "Lake", domain: "Domain") -> Iterator[Fact]:
    """Count the delivered files by dataset and status.

    A rejected or held file stops being a problem when a later version of its delivery was read.
    """
    by_kind: dict[tuple[str, str], list[dt.date]] = {}
    reasons: dict[tuple[str, str], Counter[str]] = {}
    rows = ops_tables.deliveries(lake, domain.name)
    replaced = _replaced_files(lake, domain, [row for row in rows if row["status"] in UNLOADED])
    for row in rows:
        table, what = row["table"], row["status"]
        if what in UNLOADED:
            each = (table, row["day"], what, row["reason"])
            reason = row["reason"] or "?"
            if replaced[each]:
                replaced[each] -= 1
                reason, what = what, "replaced"
            reasons.setdefault((table, what), Counter())[reason] += 1
        by_kind.setdefault((table, what), []).append(row["day"])
    for (table, what), days in sorted(by_kind.items()):
        detail = _numbers(reasons.get((table, what), Counter())) or None
        yield Fact.of_days(table, f"files {what}", days, detail, problem=what in UNLOADED)


def _replaced_files(
    lake: "Lake", domain: "Domain", unloaded: list[dict[str, Any]]
) -> Counter[tuple[str, dt.date, str, str | None]]:
    """Count the unloaded files of which a later version was read.

    They are counted by dataset, day, status and reason.
    """
    from lakehouse.platform.ingestion.deliveries import read_deliveries
    from lakehouse.platform.ingestion.versions import replaced_files

    found: Counter[tuple[str, dt.date, str, str | None]] = Counter()
    for source in domain.sources:
        name = source.dataset
        if days := sorted({row["day"] for row in unloaded if row["table"] == name}):
            known = read_deliveries(lake, domain.name, name, days)
            replaced = replaced_files(known, source)
            found.update((name, each.day, each.status.value, each.reason) for each in replaced)
    return found


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


class _Work:
    """What is still to be done for a domain."""

    def __init__(self, domain: "Domain", settings: Settings, history: RunHistory) -> None:
        self._domain = domain
        self._settings = settings
        self._history = history
        self.is_lasting = False
        """Whether the facts stay true until a file is changed or a deadline passes."""

    def facts(self) -> Iterator[Fact]:
        """Report the days and batches that the next run would process, and those given up.

        The run history is opened only if there is something to do, or nothing was ever delivered.
        """
        from lakehouse.platform.ingestion.errors import LandingError
        from lakehouse.platform.orchestration.facts import gather, with_failures
        from lakehouse.platform.orchestration.planning import decide
        from lakehouse.platform.orchestration.unloaded import is_empty, is_lost

        domain, settings = self._domain, self._settings
        try:
            facts = gather(domain, settings, None)
        except LandingError as error:
            text, what = str(error), "cannot be listed"
            yield Fact(about="landing", what=what, number=1, detail=text, problem=True)
            return
        is_lake_empty = is_empty(domain, settings)
        self.is_lasting = not (
            facts.has_work
            or is_lake_empty
            or facts.growing
            or facts.unread
            or facts.unreadable_folders
        )
        is_lake_lost = False
        if (facts.has_work or is_lake_empty) and (instance := self._history.instance) is not None:
            facts = with_failures(facts, domain, instance)
            is_lake_lost = is_lost(domain, settings, instance)
        for what, days in (("unfinished", facts.unfinished), ("waited for", facts.waiting)):
            if days:
                yield Fact.of_days("work", f"days {what}", days)
        yield from _landing(facts)
        if is_lake_lost:
            question = "runs have loaded deliveries; is the disk of LAKEHOUSE_ROOT mounted?"
            what = "lake is empty"
            yield Fact(about="lake", what=what, number=1, detail=question, problem=True)
        yield from _batches(decide(facts, settings))


def _landing(facts: "Facts") -> Iterator[Fact]:
    """Report folders and files of the landing zone that cannot be read, and growing files."""
    folders = [text.split()[1] for text in facts.unreadable_folders]
    unread = list(facts.unread)
    for what, names in (("folders unreadable", folders), ("files unreadable", unread)):
        if names:
            detail, number = joined(names, 3), len(names)
            yield Fact(about="landing", what=what, number=number, detail=detail, problem=True)
    if growing := facts.growing:
        detail, number = joined(growing, 3), len(growing)
        yield Fact(about="landing", what="files growing", number=number, detail=detail)


def _batches(decision: "Decision") -> Iterator[Fact]:
    """Report the batches that the next run would process, and those given up."""
    batches: list[tuple[str, Batch, str | None]] = [
        *(("batches to run", due.batch, None) for due in decision.due),
        *(
            ("batches given up", each.batch, "fix the cause, then: lakehouse ingest")
            for each in decision.given_up
        ),
        *(
            ("batches waiting", each.batch, "a cause outside of the data; tried again")
            for each in decision.paused
        ),
    ]
    for what, batch, detail in batches:
        is_bad, span = what == "batches given up", (batch.first, batch.last)
        yield Fact.of_days("work", what, span, detail, batch.files, problem=is_bad)


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

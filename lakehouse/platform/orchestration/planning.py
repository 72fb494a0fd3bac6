"""Decide which runs a domain needs, from facts alone.

`decide` is a pure function: it reads no file, no table, no clock and no run history. ``facts``
gathers what it needs. Sensors, local runs and `lakehouse status` all use these two calls. The
deliveries and ops tables are the only state, so a lost tick or a killed run leaves facts that ask
for the same work again.
"""

import datetime as dt
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from lakehouse.platform.ingestion.paths import RecognizedFile, UnrecognizedFile
from lakehouse.platform.orchestration.partitions import between, ranges
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.settings import Settings

GAP_DAYS = 7
"""Days without work that a range may include in any case."""
RUN_COST = 100
"""How many days without rows cost as much as a run of its own."""
FILES_OF_A_DAY = 10
"""Delivered files whose rows cost as much as a day without rows."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known about a domain at one moment; `decide` needs nothing else."""

    new_files: tuple[RecognizedFile, ...] = ()
    """Listed files that the deliveries do not have with this size and modification time."""
    new_unrecognized_files: tuple[UnrecognizedFile, ...] = ()
    """Listed unrecognized files that are not recorded yet."""
    unfinished: Mapping[dt.date, str] = field(default_factory=dict)
    """Delivery days that were not reconciled since they changed, with a digest of their files."""
    waiting: Mapping[dt.date, str] = field(default_factory=dict)
    """Business days that delivered rows wait for, and due days that lack rows of units, each with a
    digest of the cause."""
    delivered: Mapping[dt.date, int] = field(default_factory=dict)
    """Number of delivered files of each day, to size the days that a range includes."""
    outdated_reference_dates: Mapping[dt.date, str] = field(default_factory=dict)
    """Reference dates whose inputs changed, with a digest of the inputs."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """Path of each new file that has the size and time of its last version → its digest now."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Path of each new file that an earlier run could not read → the cause."""
    unreadable_folders: tuple[str, ...] = ()
    """Messages about folders of the landing zone whose files are unknown."""
    outdated_as_of: Mapping[dt.date, str] = field(default_factory=dict)
    """The newest day when its as-of tables have to be made, with a digest of their inputs."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Digest of a batch → its runs that failed or were canceled, without those of `outside`."""
    outside: Mapping[str, int] = field(default_factory=dict)
    """Digest of a batch → its runs that did not load it for a cause outside of the data."""
    paused: Set[str] = frozenset()
    """Digests of batches of `outside` whose pause before the next run has not passed."""
    not_ready: Set[str] = frozenset()
    """Digests of batches that failed only because an input is missing."""
    listed_files: int = 0
    """Recognized files in the landing zone, known ones included."""
    growing: tuple[str, ...] = ()
    """Files that changed too recently to be complete; a later listing returns them."""

    @property
    def has_work(self) -> bool:
        """Whether anything has to run; the run history only decides how."""
        return bool(
            self.new_files
            or self.new_unrecognized_files
            or self.unfinished
            or self.waiting
            or self.outdated_reference_dates
            or self.outdated_as_of
        )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A range of days for one run, with the reasons that each day has."""

    work: Work
    first: dt.date
    last: dt.date
    reasons: Mapping[dt.date, tuple[str, ...]] = field(repr=False)

    @property
    def files(self) -> int:
        """Return the number of reasons: new files, or unfinished days."""
        return sum(len(reasons) for reasons in self.reasons.values())

    @property
    def chosen_days(self) -> tuple[dt.date, ...]:
        """Return the days of the range that are made; none when all of them are."""
        return tuple(sorted(self.reasons)) if self.work is Work.REFERENCE_DATES else ()

    @property
    def digest(self) -> str:
        """Identify the reasons: the same files give the same digest, a corrected file another."""
        days = [f"{day}:{reason}" for day in sorted(self.reasons) for reason in self.reasons[day]]
        return hashlib.sha256("|".join([self.work.value, *days]).encode()).hexdigest()[:16]

    def halves(self) -> tuple["Batch", "Batch"]:
        """Split the batch in two, so that one bad day does not block the others."""
        days = sorted(self.reasons)
        middle = len(days) // 2
        return (
            _batch(self.work, days[:middle], self.reasons),
            _batch(self.work, days[middle:], self.reasons),
        )


@dataclass(frozen=True, kw_only=True)
class DueBatch:
    """A batch to run now, and the number of its runs that failed before."""

    batch: Batch
    attempt: int

    @property
    def run_key(self) -> str:
        """Identify the attempt, so that it is requested once."""
        return f"{self.batch.digest}-{self.attempt}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The batches to run, and those that are not run now."""

    due: tuple[DueBatch, ...]
    given_up: tuple[DueBatch, ...]
    """Batches that failed too often; only a person has them tried again."""
    paused: tuple[DueBatch, ...] = ()
    """Batches that failed for a cause outside of the data and are tried again later."""


def decide(facts: Facts, settings: Settings) -> Decision:
    """Return the batches to run and those given up, oldest day first.

    A batch of several days that failed is split in half, so that the good days are stored. A single
    day is tried up to ``settings.attempts`` times, and so is a batch whose inputs are not ready,
    because splitting it would not help. Runs that failed for a cause outside of the data do not
    count: their batch is tried again after a pause.
    """
    due: list[DueBatch] = []
    given_up: list[DueBatch] = []
    paused: list[DueBatch] = []
    for stage in _stages(facts, settings):
        _decide(stage, facts, settings, due, given_up, paused)
        if due:
            break
    return Decision(due=tuple(due), given_up=tuple(given_up), paused=tuple(paused))


def _decide(
    pending: list[Batch],
    facts: Facts,
    settings: Settings,
    due: list[DueBatch],
    given_up: list[DueBatch],
    paused: list[DueBatch],
) -> None:
    """Add each batch to those that are due, given up or paused."""
    while pending:
        batch = pending.pop(0)
        failed = facts.failures.get(batch.digest, 0)
        tries = failed + facts.outside.get(batch.digest, 0)
        if failed and len(batch.reasons) > 1 and batch.digest not in facts.not_ready:
            pending[:0] = batch.halves()
        elif failed >= settings.attempts:
            given_up.append(DueBatch(batch=batch, attempt=tries))
        elif batch.digest in facts.paused:
            paused.append(DueBatch(batch=batch, attempt=tries))
        else:
            due.append(DueBatch(batch=batch, attempt=tries))


def _stages(facts: Facts, settings: Settings) -> Iterator[list[Batch]]:
    """Yield everything that has to run, in as few ranges as the limits allow.

    A stage runs when nothing of those before it can run: reference dates wait for days, so that
    each is computed once, and the other as-of tables wait for both.
    """
    yield _day_batches(facts, settings)
    dates = {day: [f"reference {digest}"] for day, digest in facts.outdated_reference_dates.items()}
    yield [_batch(Work.REFERENCE_DATES, sorted(dates), dates)] if dates else []
    days = {day: [f"as of {digest}"] for day, digest in facts.outdated_as_of.items()}
    yield [_batch(Work.AS_OF, [day], days) for day in sorted(days)]


def _day_batches(facts: Facts, settings: Settings) -> list[Batch]:
    """Return the days to run; a day that rows wait for only when no arrival run covers it."""
    arrivals = list(_ranges(Work.ARRIVALS, _arrival_reasons(facts), facts, settings))
    covered = {day for batch in arrivals for day in between(batch.first, batch.last)}
    refresh = {
        day: [f"waiting {digest}"] for day, digest in facts.waiting.items() if day not in covered
    }
    return [*arrivals, *_ranges(Work.REFRESH, refresh, facts, settings)]


def _arrival_reasons(facts: Facts) -> dict[dt.date, list[str]]:
    """Return what each delivery day has to be run for."""
    reasons: dict[dt.date, list[str]] = {}
    for file in facts.new_files:
        bytes_now = f"={facts.changed[file.path]}" if file.path in facts.changed else ""
        reasons.setdefault(file.day, []).append(
            f"{file.path}@{file.modified_at.isoformat()}#{file.size}{bytes_now}"
        )
    for unrecognized in facts.new_unrecognized_files:
        reasons.setdefault(unrecognized.day, []).append(f"unrecognized {unrecognized.path}")
    for day, digest in facts.unfinished.items():
        reasons.setdefault(day, []).append(f"unfinished {digest}")
    return reasons


def _ranges(
    work: Work, reasons: Mapping[dt.date, Sequence[str]], facts: Facts, settings: Settings
) -> Iterator[Batch]:
    """Join days into ranges that exceed neither the limit of days nor that of files.

    Scattered days are one range if the days between them cost less than another run: a run computes
    every day of its range.
    """
    delivered_days = sorted(facts.delivered)

    def near(last: dt.date, day: dt.date) -> bool:
        between_days = (day - last).days - 1
        if between_days < GAP_DAYS:
            return True
        inside = delivered_days[
            bisect_right(delivered_days, last) : bisect_left(delivered_days, day)
        ]
        files = sum(facts.delivered[each] for each in inside)
        return between_days + files / FILES_OF_A_DAY <= RUN_COST

    for first, last in ranges(reasons, near=near, longest=settings.batch_days):
        days: list[dt.date] = []
        files = 0
        for day in sorted(d for d in reasons if first <= d <= last):
            if days and files + len(reasons[day]) > settings.batch_files:
                yield _batch(work, days, reasons)
                days, files = [], 0
            days.append(day)
            files += len(reasons[day])
        yield _batch(work, days, reasons)


def _batch(work: Work, days: Sequence[dt.date], reasons: Mapping[dt.date, Iterable[str]]) -> Batch:
    return Batch(
        work=work,
        first=days[0],
        last=days[-1],
        reasons={day: tuple(sorted(reasons[day])) for day in days},
    )

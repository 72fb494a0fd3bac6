"""What has to run now: files that are not in the lake, and days that were not finished.

The decision compares a listing of the landing zone with the deliveries and balances in the lake. No
cursor is trusted: what a lost tick or a killed run left undone is found again the next time.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile, UnrecognizedFile
from lakehouse.platform.ingestion.unrecognized_files import (
    unrecognized_file_day,
)
from lakehouse.platform.orchestration.partitions import between, ranges
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.reconciliation.balance import State
from lakehouse.platform.tables.table import months_after
from lakehouse.settings import Settings

GAP_DAYS = 7
"""Days that a range may bridge: an empty day costs less than a run of its own."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One ranged run: which days, and a digest of why."""

    work: Work
    first: dt.date
    last: dt.date
    reasons: Mapping[dt.date, tuple[str, ...]] = field(repr=False)

    @property
    def files(self) -> int:
        """How many things ask for it: files, or unfinished days."""
        return sum(len(why) for why in self.reasons.values())

    @property
    def digest(self) -> str:
        """Says which bytes: the same files give the same digest, a corrected one another."""
        asked = [f"{day}:{why}" for day in sorted(self.reasons) for why in self.reasons[day]]
        said = [self.work.value, *asked]
        return hashlib.sha256("|".join(said).encode()).hexdigest()[:16]

    def halves(self) -> tuple["Batch", "Batch"]:
        """The batch in two, so that one bad day does not hold up the others."""
        days = sorted(self.reasons)
        middle = len(days) // 2
        return _batch(self.work, days[:middle], self.reasons), _batch(
            self.work, days[middle:], self.reasons
        )


def planned(
    listing: Listing,
    known: Callable[[RecognizedFile], bool],
    recorded: Callable[[UnrecognizedFile], bool],
    state: State,
    settings: Settings,
    months: Mapping[dt.date, str] = MappingProxyType({}),
) -> list[Batch]:
    """Everything that has to run, in as few ranges as the limits allow, oldest day first.

    Months wait until no day has to run, so that each is made once.

    Args:
        listing: what lies in the landing zone.
        known: whether the deliveries have a file already.
        recorded: whether a file that is not taken is on record.
        state: what the balances say is not done.
        settings: limits of a batch.
        months: first days of months that are out of date, each with a digest of its inputs.
    """
    wanted: dict[dt.date, list[str]] = {}
    for arrival in listing.files:
        if not known(arrival):
            wanted.setdefault(arrival.day, []).append(
                f"{arrival.path}@{arrival.modified_at.isoformat()}#{arrival.size}"
            )
    for stray in listing.unrecognized_files:
        if not recorded(stray):
            wanted.setdefault(unrecognized_file_day(stray, settings), []).append(
                f"stray {stray.path}"
            )
    for day, inputs in state.unfinished.items():
        wanted.setdefault(day, []).append(f"unfinished {inputs}")
    arriving = list(_cut(Work.ARRIVALS, wanted, settings))
    covered = {day for batch in arriving for day in between(batch.first, batch.last)}
    refresh = {
        day: [f"waiting {inputs}"] for day, inputs in state.waiting.items() if day not in covered
    }
    daily = [*arriving, *_cut(Work.REFRESH, refresh, settings)]
    return daily or [
        _batch(Work.MONTHLY, days, {day: [f"months {inputs}"] for day, inputs in months.items()})
        for days in _following(months)
    ]


def _following(months: Iterable[dt.date]) -> list[list[dt.date]]:
    """Months in groups without a gap."""
    groups: list[list[dt.date]] = []
    for month in sorted(months):
        if groups and months_after(groups[-1][-1], 1) == month:
            groups[-1].append(month)
        else:
            groups.append([month])
    return groups


def _cut(
    work: Work, wanted: Mapping[dt.date, Sequence[str]], settings: Settings
) -> Iterator[Batch]:
    """Ranges of days, none over the limits of days or files."""
    for first, last in ranges(wanted, gap=GAP_DAYS, longest=settings.batch_days):
        days: list[dt.date] = []
        files = 0
        for day in sorted(d for d in wanted if first <= d <= last):
            if days and files + len(wanted[day]) > settings.batch_files:
                yield _batch(work, days, wanted)
                days, files = [], 0
            days.append(day)
            files += len(wanted[day])
        yield _batch(work, days, wanted)


def _batch(work: Work, days: Sequence[dt.date], reasons: Mapping[dt.date, Iterable[str]]) -> Batch:
    return Batch(
        work=work,
        first=days[0],
        last=days[-1],
        reasons={day: tuple(sorted(reasons[day])) for day in days},
    )


@dataclass(frozen=True, kw_only=True)
class Due:
    """A batch and how often it failed before."""

    batch: Batch
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to run, and what is not tried any more."""

    due: tuple[Due, ...]
    given_up: tuple[Batch, ...]


def decided(
    batches: Iterable[Batch],
    failures: Callable[[str], int],
    limit: int,
    not_ready: Callable[[str], bool] = lambda _: False,
) -> Decision:
    """Batches to run; one that failed is cut in half, a single day is tried up to a limit.

    Args:
        batches: what has to run.
        failures: how many runs of a batch's digest failed.
        limit: how often a single day is tried.
        not_ready: whether a run of a batch's digest failed because nothing can be made yet; such a
            batch is tried again as it is, like a single day.
    """
    due: list[Due] = []
    given_up: list[Batch] = []
    waiting = list(batches)
    while waiting:
        batch = waiting.pop(0)
        failed = failures(batch.digest)
        if failed and len(batch.reasons) > 1 and not not_ready(batch.digest):
            waiting[:0] = batch.halves()
        elif failed >= limit:
            given_up.append(batch)
        else:
            due.append(Due(batch=batch, attempt=failed))
    return Decision(due=tuple(due), given_up=tuple(given_up))

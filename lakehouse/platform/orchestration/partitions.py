"""Days as Dagster partitions, and ranges of days."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.settings import Settings

if TYPE_CHECKING:  # `lakehouse status` does not wait for Dagster
    import dagster as dg

DAY_FORMAT = "%Y-%m-%d"


def daily(spec: DomainSpec, settings: Settings) -> "dg.DailyPartitionsDefinition":
    """Return the days of a domain up to today: a unit may deliver before midnight."""
    import dagster as dg

    return dg.DailyPartitionsDefinition(
        start_date=spec.since.isoformat(), timezone=settings.timezone, end_offset=1
    )


def days_of(keys: Iterable[str]) -> list[dt.date]:
    """Return partition keys as days, sorted.

    Raises:
        ValueError: a key is not a day in the form ``2024-01-31``.
    """
    return sorted(dt.datetime.strptime(key, DAY_FORMAT).date() for key in keys)  # noqa: DTZ007


def ranges(
    days: Iterable[dt.date],
    *,
    gap: int = 1,
    near: Callable[[dt.date, dt.date], bool] | None = None,
    longest: int | None = None,
) -> list[tuple[dt.date, dt.date]]:
    """Join days into ranges.

    Args:
        days: in any order.
        gap: days that are at most so far apart are in the same range.
        near: instead of `gap`, whether the last day of a range and a later day are in the same one.
        longest: largest number of days of a range.

    >>> days = [dt.date(2024, 1, 1), dt.date(2024, 1, 2), dt.date(2024, 1, 9)]
    >>> ranges(days) == [(days[0], days[1]), (days[2], days[2])]
    True
    """
    found: list[tuple[dt.date, dt.date]] = []
    for day in sorted(set(days)):
        if found:
            first, last = found[-1]
            is_near = (day - last).days <= gap if near is None else near(last, day)
            if is_near and (longest is None or (day - first).days < longest):
                found[-1] = (first, day)
                continue
        found.append((day, day))
    return found


def between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return every day from first to last, both included."""
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]

"""Days whose deliveries are due: silence counts from then on, and not before.

A day is due when it is not before the first delivery of the units, and its deadline has passed.
A table that reads `PARTITIONS.is_due` has on a due day a row for each row of its first upstream
table, whether or not anything was delivered.
"""

import datetime as dt
import functools
import json
from collections.abc import Iterable, Iterator, Sequence

import ibis.expr.operations as ops

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables import code_facts
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import PARTITIONS, Table
from lakehouse.settings import Settings

ONE_DAY = dt.timedelta(days=1)


def due_at(day: dt.date, deadline_hours: float, zone: dt.tzinfo | None) -> dt.datetime:
    """Return the moment when the deliveries of a day are overdue.

    Args:
        day: day of the deliveries.
        deadline_hours: elapsed hours after the day starts in `zone`; a change to or from daylight
            saving time does not change their number.
        zone: time zone in which the day starts.

    >>> due_at(dt.date(2024, 1, 1), 30, dt.UTC)
    datetime.datetime(2024, 1, 2, 6, 0, tzinfo=datetime.timezone.utc)
    """
    start = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    return (start + dt.timedelta(hours=deadline_hours)).astimezone(zone)


def last_due_day(settings: Settings, now: dt.datetime) -> dt.date:
    """Return the last day whose deadline has passed."""
    local = now.astimezone(settings.zone)
    try:
        day = (local - dt.timedelta(hours=settings.deadline_hours)).date()
    except OverflowError:
        return dt.date.min
    while due_at(day, settings.deadline_hours, settings.zone) <= local:
        day += ONE_DAY
    return day - ONE_DAY


@functools.cache
def covers_due_days(table: Table) -> bool:
    """Whether a table has rows for every due day."""
    if not table.has_expression or not table.reads:
        return False
    known = code_facts.of_table(table, "covers due days", lambda: json.dumps(_asks(table)))
    return bool(json.loads(known))


def _asks(table: Table) -> bool:
    """Return whether the expression of a table asks which days are due."""
    fields = table.expression.op().find(ops.Field)
    return any(each.name == "is_due" and each.rel == PARTITIONS.op() for each in fields)


def due_days(
    table: Table, lake: Lake, settings: Settings, days: Sequence[dt.date], now: dt.datetime
) -> list[dt.date]:
    """Return those of the days that are due for a table; none if it does not ask for them."""
    if not covers_due_days(table):
        return []
    first = _first_delivery(lake, _raw_tables(table))
    last = last_due_day(settings, now)
    return [] if first is None else [day for day in days if first <= day <= last]


def incomplete_days(
    domain: Domain, lake: Lake, settings: Settings, now: dt.datetime
) -> dict[dt.date, str]:
    """Return the due days on which a table lacks rows, each with the reason to compute it."""
    found: dict[dt.date, str] = {}
    last = last_due_day(settings, now)
    oldest = now.astimezone(settings.zone).date() - settings.silence_days * ONE_DAY
    for table in domain.tables:
        if not covers_due_days(table):
            continue
        first = _first_delivery(lake, _raw_tables(table))
        stored = lake.table(table.id).snapshot().by_day
        expected = lake.table(table.reads[0].table.id).snapshot().by_day
        if first is None or not expected:
            continue
        day = max(first, oldest)
        while day <= last:
            rows = expected[day].rows if day in expected else None
            if rows is None or day not in stored or stored[day].rows < rows:
                found[day] = f"due with {rows} rows"
            day += ONE_DAY
    return found


def _raw_tables(table: Table) -> set[TableId]:
    """Return the raw tables of the sources behind a table that every unit has to deliver."""
    return {
        each.id
        for each in _upstream(table)
        if each.layer == "raw" and each.source is not None and each.source.required_per_unit
    }


def _upstream(table: Table) -> Iterator[Table]:
    for read in table.reads:
        yield read.table
        yield from _upstream(read.table)


def _first_delivery(lake: Lake, raw: Iterable[TableId]) -> dt.date | None:
    days = [file.day for table in raw for file in lake.table(table).snapshot().files if file.rows]
    return min(days, default=None)

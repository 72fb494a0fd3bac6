"""Helpers for rows by day: filter, sort order, and cutting a stream of rows into days."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.tables.as_of import order_of
from lakehouse.platform.tables.table import Table

RowsByDay = Iterable[tuple[dt.date, pa.Table]]
"""Pairs of a day and its rows."""


def within(day: ir.DateValue, days: Sequence[dt.date]) -> ir.BooleanValue:
    """Return whether a day is among these sorted days; a range without gaps is compared by ends."""
    if not days:
        return ibis.literal(False)
    if (days[-1] - days[0]).days + 1 == len(days):
        return day.between(ibis.literal(days[0]), ibis.literal(days[-1]))
    return day.isin([ibis.literal(each) for each in days])


def sort_columns(table: Table) -> list[ir.Value | str]:
    """Return columns that give a total order: the day, then the key, or else all columns.

    An as-of table presents its rows in an order of its own, such as a ranking; it comes before the
    key. With a total order equal rows give equal bytes.
    """
    presented = order_of(table) if table.as_of else {}
    by_name = table.contract.key or table.contract.schema.names
    others = [name for name in by_name if name != "day" and name not in presented]
    return ["day", *presented.values(), *others]


def cut_by_day(
    batches: Iterable[pa.RecordBatch], days: Sequence[dt.date], schema: pa.Schema
) -> Iterator[tuple[dt.date, pa.Table]]:
    """Cut rows sorted by day into these days. A day without rows is yielded empty."""
    remaining = iter(sorted(days))
    current: dt.date | None = next(remaining, None)
    held: list[pa.RecordBatch] = []
    for batch in batches:
        column = batch.column(batch.schema.get_field_index("day"))
        start = 0
        while start < batch.num_rows:
            day = column[start].as_py()
            while current is not None and current < day:
                yield current, pa.Table.from_batches(held, schema)
                held, current = [], next(remaining, None)
            end = start + _run_length(column, start)
            if current == day:
                held.append(batch.slice(start, end - start))
            start = end
    while current is not None:
        yield current, pa.Table.from_batches(held, schema)
        held, current = [], next(remaining, None)


def _run_length(column: pa.Array, start: int) -> int:
    """Return how many values from ``start`` on equal the first one, in a sorted column."""
    value = column[start]
    low, high = start, len(column)
    while low < high:
        middle = (low + high) // 2
        if column[middle] == value:
            low = middle + 1
        else:
            high = middle
    return low - start

"""Rows that are sorted by day, cut into days while they stream by."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter

import pyarrow as pa

from lakehouse.platform.storage.table_id import DAY

RowsByDay = Iterable[tuple[dt.date, pa.Table]]
"""Pairs of a day and its rows."""

HELD_BYTES = 32 << 20
"""Most bytes of a day that are in memory at once; a day with more is a stream."""

DayRows = pa.Table | Iterator[pa.Table]
"""The rows of one day: a table, or a stream that must be read before the next day."""


def cut_by_day(
    batches: Iterable[pa.RecordBatch | pa.Table],
    days: Sequence[dt.date] | None,
    schema: pa.Schema,
) -> Iterator[tuple[dt.date, DayRows]]:
    """Cut rows that are sorted by day into days.

    Args:
        batches: rows with the column ``day``.
        days: days to yield; one without rows is yielded empty. By default all that have rows.
        schema: columns of a day without rows.
    """
    remaining = iter(sorted(days)) if days is not None else iter(())
    current = next(remaining, None)
    for day, runs in groupby(_runs(batches), key=itemgetter(0)):
        while current is not None and current < day:
            yield current, schema.empty_table()
            current = next(remaining, None)
        if days is None or day == current:
            yield day, _rows_of_day(rows for _, rows in runs)
            current = next(remaining, None)
    while current is not None:
        yield current, schema.empty_table()
        current = next(remaining, None)


def _rows_of_day(parts: Iterator[pa.Table]) -> DayRows:
    held: list[pa.Table] = []
    size = 0
    for part in parts:
        held.append(part)
        size += part.nbytes
        if size > HELD_BYTES:
            return chain(held, parts)
    return pa.concat_tables(held)


def _runs(batches: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[tuple[dt.date, pa.Table]]:
    """Yield the rows of each batch that are of one day, in their order."""
    for batch in batches:
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        column = table.column(DAY)
        start = 0
        while start < table.num_rows:
            end = start + _run_length(column, start)
            yield column[start].as_py(), table.slice(start, end - start)
            start = end


def _run_length(column: pa.ChunkedArray, start: int) -> int:
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

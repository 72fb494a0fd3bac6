"""Slices: compute a day with very many rows in parts of its key, to limit the memory."""

import itertools
from dataclasses import dataclass

from lakehouse.platform.engines.session import Session, named_relation
from lakehouse.platform.tables.table import Table

WIDE = 100
"""Each further so many columns of a table make its slices smaller."""
WIDE_ROWS = 30
"""Each further so many columns of a table make its windows of several days smaller."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Values of one integer column from first to last, both included."""

    column: str
    first: int
    last: int

    @property
    def where(self) -> str:
        """The slice as an SQL condition that every engine understands."""
        return f"{self.column} BETWEEN {self.first} AND {self.last}"


def rows_at_once(table: Table, limit: int) -> int:
    """Return how many upstream rows are computed at a time: fewer for a wide table."""
    return max(limit // (1 + len(table.contract.schema) // WIDE), 1)


def rows_of_days(table: Table, limit: int) -> int:
    """Return how many upstream rows of several days are computed at once.

    All rows of a window are in memory, and there may be as many as upstream rows: a client's first
    month has one invoice and one wide row of a book. So a wide table has fewer days in a window.
    """
    return max(limit // (1 + len(table.contract.schema) // WIDE_ROWS), 1)


def slices_of(session: Session, table: Table, upstream_rows: int, limit: int) -> list[Slice]:
    """Return the slices of a day whose upstream rows exceed the limit.

    Return nothing when the day does not exceed it, has no rows, or the table declares no column
    to slice by.
    """
    count = -(-upstream_rows // rows_at_once(table, limit))
    column = table.options.sliced_by
    if column is None or count < 2:
        return []
    read = next(read for read in table.reads if column in read.table.contract.schema)
    upstream = named_relation(read.name, read.table.contract.schema)
    ends = upstream.agg(low=upstream[column].min(), high=upstream[column].max())
    (found,) = session.table(ends).to_pylist()
    if found["low"] is None:
        return []
    width = found["high"] - found["low"] + 1
    cuts = [found["low"] + width * place // count for place in range(count + 1)]
    return [
        Slice(column=column, first=first, last=after - 1)
        for first, after in itertools.pairwise(cuts)
        if first < after
    ]

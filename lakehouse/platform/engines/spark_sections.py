"""Sections of large days on Spark: several tasks write one day, in its order.

A section has a fixed number of rows in the order of the day, so the files of a day are the same
whoever writes them. Where the sections begin is found by counting, never by a sample alone: a
sample cuts the rows into ranges, their rows are counted, and only the ranges in which a section
begins are sorted.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.platform.storage.errors import StorageError

RANGES = 8
"""Ranges for each section of a day; only those in which a section begins are sorted to find it."""

MOST_RANGES = 512
"""Most ranges of all days together; they are a part of the query."""

SAMPLED = 20
"""Rows that are sampled for each range."""

_POSITION, _RANK = "__position", "__rank"
_COMPARED = (
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "decimal",
    "string",
    "date",
    "timestamp",
    "bool",
)
"""Types, as Spark writes them, whose values are the same after they were text."""

Bound = tuple[str | None, ...]
"""Values of the first sort keys of a row, as text; rows from it on belong to the next section."""


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """A column by which rows are sorted."""

    name: str
    ascending: bool
    nulls_first: bool

    @property
    def column(self) -> Any:
        """Return the column of Spark."""
        from pyspark.sql import functions

        return functions.col(f"`{self.name}`")

    @property
    def order(self) -> Any:
        """Return the sort column of Spark."""
        if self.ascending:
            first, last = self.column.asc_nulls_first, self.column.asc_nulls_last
        else:
            first, last = self.column.desc_nulls_first, self.column.desc_nulls_last
        return first() if self.nulls_first else last()


@dataclass(frozen=True, kw_only=True)
class DaySection:
    """A section of a day, with the number of its rows."""

    day: dt.date
    place: int
    """From 1."""
    rows: int


def can_be_compared(frame: Any, keys: Sequence[SortKey]) -> bool:
    """Return whether values of all sort keys can be written as text and read again."""
    kinds = dict(frame.dtypes)
    return all(kinds[key.name].startswith(_COMPARED) for key in keys)


def sections_of(rows: Mapping[dt.date, int], length: int) -> list[DaySection]:
    """Return the sections of days with so many rows, in order.

    >>> [each.rows for each in sections_of({dt.date(2026, 1, 5): 25}, 10)]
    [10, 10, 5]
    """
    return [
        DaySection(day=day, place=place + 1, rows=min(length, count - place * length))
        for day, count in sorted(rows.items())
        for place in range(-(-count // length))
    ]


def section_column(frame: Any, keys: Sequence[SortKey], sections: Sequence[DaySection]) -> Any:
    """Return a Spark column with the position of each row's section in the list of sections.

    Args:
        frame: rows of the days of the sections, and no others.
        keys: how they are sorted, by ``day`` first; together they are unique.
        sections: see `sections_of`.

    Raises:
        StorageError: the rows are not those that were counted.
    """
    from pyspark.sql import Window, functions

    rows: dict[dt.date, int] = {}
    for each in sections:
        rows[each.day] = rows.get(each.day, 0) + each.rows
    ranges = _sampled_bounds(frame, keys, rows, min(RANGES * len(sections), MOST_RANGES))
    ranged = frame.select(*(key.column for key in keys), _position(frame, keys, ranges))
    counts = dict(map(tuple, ranged.groupBy(_POSITION).count().collect()))
    ranks = _ranks_of_starts(sections, [counts.get(n, 0) for n in range(len(ranges))], ranges)
    by_rank = functions.row_number().over(
        Window.partitionBy(_POSITION).orderBy(*(key.order for key in keys))
    )
    position, rank = functions.col(_POSITION), functions.col(_RANK)
    wanted = (functions.struct(functions.lit(n), functions.lit(r)) for n, r in ranks)
    starts = (
        ranged.where(position.isin(sorted({n for n, _ in ranks})))
        .withColumn(_RANK, by_rank)
        .where(functions.struct(position, rank).isin(*wanted))
        .orderBy(position, rank)
    )
    found = iter(_as_texts(starts, keys) if ranks else ())
    bounds = [(str(each.day),) if each.place == 1 else next(found, None) for each in sections]
    known = [bound for bound in bounds if bound is not None]
    if len(known) != len(sections) or sum(counts.values()) != sum(rows.values()):
        raise StorageError("rows changed while they were counted. hint: run again")
    return _position(frame, keys, known)


def _sampled_bounds(
    frame: Any, keys: Sequence[SortKey], rows: Mapping[dt.date, int], count: int
) -> list[Bound]:
    """Return the bounds of about so many ranges of rows; each day begins a range."""
    fraction = min(1.0, SAMPLED * count / sum(rows.values()))
    sample = frame.sample(fraction=fraction, seed=1).orderBy(*(key.order for key in keys))
    by_day: dict[str | None, list[Bound]] = {}
    for bound in _as_texts(sample, keys):
        by_day.setdefault(bound[0], []).append(bound)
    return [
        bound
        for day in sorted(rows)
        for bound in ((str(day),), *by_day.get(str(day), [])[SAMPLED - 1 :: SAMPLED])
    ]


def _ranks_of_starts(
    sections: Sequence[DaySection], counts: Sequence[int], ranges: Sequence[Bound]
) -> list[tuple[int, int]]:
    """Return the range in which each further section of a day begins, and its rank there.

    Args:
        sections: in order.
        counts: rows of each range.
        ranges: where each range begins.
    """
    first = {bound[0]: place for place, bound in reversed(list(enumerate(ranges)))}
    found = []
    for each in sections:
        before = sum(s.rows for s in sections if s.day == each.day and s.place < each.place)
        if each.place > 1:
            place = first[str(each.day)]
            while place < len(counts) - 1 and counts[place] <= before:
                before -= counts[place]
                place += 1
            found.append((place, before + 1))
    return found


def _as_texts(frame: Any, keys: Sequence[SortKey]) -> list[Bound]:
    texts = frame.select(*(key.column.cast("string") for key in keys))
    return [tuple(row) for row in texts.collect()]


def _position(frame: Any, keys: Sequence[SortKey], bounds: Sequence[Bound]) -> Any:
    """Return a column with the position of the last bound up to a row; the first is the least."""
    kinds = dict(frame.dtypes)
    compared = [(key, kinds[key.name]) for key in keys]
    return _last_bound(compared, bounds, 0, len(bounds) - 1).alias(_POSITION)


def _last_bound(
    keys: Sequence[tuple[SortKey, str]], bounds: Sequence[Bound], low: int, high: int
) -> Any:
    """Return a column with the position of the last bound up to a row, from low to high."""
    from pyspark.sql import functions

    if low == high:
        return functions.lit(low)
    middle = (low + high + 1) // 2
    return functions.when(
        _is_from(keys, bounds[middle]), _last_bound(keys, bounds, middle, high)
    ).otherwise(_last_bound(keys, bounds, low, middle - 1))


def _is_from(keys: Sequence[tuple[SortKey, str]], bound: Bound) -> Any:
    """Return a column that is true for rows that are sorted at a bound or after it."""
    from pyspark.sql import functions

    found = functions.lit(True)
    for (key, kind), text in reversed(list(zip(keys, bound, strict=False))):
        column, value = key.column, functions.lit(text).cast(kind)
        if text is None:
            after = column.isNotNull() if key.nulls_first else functions.lit(False)
        else:
            later = column > value if key.ascending else column < value
            after = functions.coalesce(later, functions.lit(not key.nulls_first))
        found = after | (column.eqNullSafe(value) & found)
    return found

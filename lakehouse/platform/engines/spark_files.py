"""Spark's executors write the files of days; only facts about the files reach the driver.

Rows are moved so that one task has all rows of a day, or of a section of a large one, sorted there,
and written by the same code as in the embedded engine. A task that is repeated writes its files
again; files that no commit names are never visible, and `vacuum` deletes them.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

import pyarrow as pa

from lakehouse.platform.engines.spark_sections import (
    SortKey,
    can_be_compared,
    section_column,
    sections_of,
)
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.file_names import Section, place_of
from lakehouse.platform.storage.s3_access import S3Identity, use_identity
from lakehouse.platform.storage.staging import Staged, StagedFile

Convert = Callable[[pa.RecordBatch], pa.Table]
"""Turn computed rows into stored rows; both have the column ``day``."""

FACTS = pa.schema(
    [
        ("day", pa.date32()),
        ("path", pa.string()),
        ("rows", pa.int64()),
        ("size", pa.int64()),
        ("digest", pa.string()),
        ("stats", pa.string()),
    ]
)
"""What a task returns of each file that it wrote."""
FACTS_SQL = "day date, path string, rows bigint, size bigint, digest string, stats string"

ORDER = "__order_"
"""Start of the names of columns that only give the order; no table has such a column."""

SECTION = "__section"
"""Column with the position of a row's section; no table has a column of this name."""

MOST_TASKS = 200
"""Tasks that write the days of one table; each writes several days when there are more."""


@dataclass(frozen=True, kw_only=True)
class RowWriter:
    """What a task needs to write rows. It is sent to the executors, so its text has no secrets."""

    table: LakeTable
    schema: pa.Schema
    definition: str
    convert: Convert | None
    s3: S3Identity | None = field(repr=False)
    """Credentials of the driver; None when the lake is not on S3."""

    def stored(self, batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch | pa.Table]:
        """Return computed rows as they are stored; prepare this process to write them."""
        if self.s3 is not None:
            use_identity(self.s3)
        return batches if self.convert is None else map(self.convert, batches)


@dataclass(frozen=True, kw_only=True)
class DayWriter(RowWriter):
    """Write days, each of them completely."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write the days of sorted rows; yield the facts about the files."""
        rows = self.stored(batches)
        yield from facts_of(
            self.table.stage_sorted(rows, None, self.schema, definition=self.definition)
        )


@dataclass(frozen=True, kw_only=True)
class SectionWriter(RowWriter):
    """Write one section of a day."""

    sections: Sequence[tuple[dt.date, Section]]
    """All sections, in the order of their positions."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write sorted rows of one section; yield the facts about the files."""
        given = (batch for batch in batches if batch.num_rows)
        first = next(given, None)
        if first is None:
            return
        day, section = self.sections[first.column(SECTION)[0].as_py()]
        rows = self.stored(batch.drop_columns([SECTION]) for batch in chain([first], given))
        staged = self.table.stage_section(
            day, section, rows, self.schema, definition=self.definition
        )
        yield from facts_of([staged])


def facts_of(staged: Iterable[Staged]) -> list[pa.RecordBatch]:
    """Return the facts about the files of days."""
    facts = [{"day": day.day, **asdict(file)} for day in staged for file in day.files]
    return pa.Table.from_pylist(facts, schema=FACTS).to_batches()


def stage_on_executors(
    frame: Any,
    keys: Sequence[SortKey],
    days: Sequence[dt.date],
    writer: RowWriter,
    read_rows: int | None = None,
) -> list[Staged]:
    """Write the files of days; see `Session.stage_days`.

    Args:
        frame: a Spark DataFrame with the column ``day``.
        keys: the order of its rows, by ``day`` first. Columns of the frame whose names start with
            `ORDER` are used for it only.
        days: days to write; the driver writes those without rows.
        writer: the table that gets the files, and how they are written.
        read_rows: about how many rows the frame was computed from. Rows are counted, and large days
            written by several tasks, only if they are many; by default they are counted.
    """
    length = writer.table.section_rows(writer.schema)
    facts: list[dict[str, Any]] = []
    large: dict[dt.date, int] = {}
    if (read_rows is None or read_rows > length // 4) and can_be_compared(frame, keys):
        counted = frame.groupBy("day").count().collect()
        large = {day: rows for day, rows in counted if rows > length}
    if large:
        day = frame["day"]
        facts += _write_sections(frame.where(day.isin(*large)), keys, large, writer)
        frame = frame.where(~day.isin(*large))
    if others := [day for day in days if day not in large]:
        tasks = min(len(others), MOST_TASKS)
        facts += _write(frame.repartition(tasks, "day"), keys, DayWriter(**vars(writer)))
    return _staged(facts, days, writer)


def _write_sections(
    frame: Any, keys: Sequence[SortKey], rows: Mapping[dt.date, int], writer: RowWriter
) -> list[dict[str, Any]]:
    """Write large days, each section by a task; return the facts about the files.

    Raises:
        StorageError: the rows are not those that were counted.
    """
    sections = sections_of(rows, writer.table.section_rows(writer.schema))
    written_by = {day: uuid.uuid4().hex[:8] for day in rows}
    count = Counter(each.day for each in sections)
    named = [
        (
            each.day,
            Section(write=written_by[each.day], place=each.place, count=count[each.day]),
        )
        for each in sections
    ]
    placed = frame.withColumn(SECTION, section_column(frame, keys, sections))
    apart = placed.repartitionById(len(sections), SECTION)
    facts = _write(apart, keys, SectionWriter(**vars(writer), sections=named))
    written = Counter[tuple[dt.date, int]]()
    for fact in facts:
        written[fact["day"], place_of(fact["path"])[0]] += fact["rows"]
    if written != {(each.day, each.place): each.rows for each in sections}:
        raise StorageError(
            f"{writer.table.id}: rows changed while they were written. hint: run again"
        )
    return facts


def _write(
    frame: Any,
    keys: Sequence[SortKey],
    writer: Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]],
) -> list[dict[str, Any]]:
    """Sort the rows of each partition and write them; return the facts about the files."""
    rows = frame.sortWithinPartitions(*(key.order for key in keys))
    if computed := [name for name in frame.columns if name.startswith(ORDER)]:
        rows = rows.drop(*computed)
    facts: list[dict[str, Any]] = rows.mapInArrow(writer, FACTS_SQL).toArrow().to_pylist()
    return facts


def _staged(
    facts: Iterable[dict[str, Any]], days: Sequence[dt.date], writer: RowWriter
) -> list[Staged]:
    """Return the written days, and those without rows, which this process writes."""
    stored = writer.table.stored_schema(writer.schema)
    by_day: dict[dt.date, list[StagedFile]] = {}
    for fact in facts:
        by_day.setdefault(fact.pop("day"), []).append(StagedFile(**fact))
    staged = [
        Staged(
            table=writer.table.id,
            day=day,
            files=tuple(sorted(files, key=lambda file: place_of(file.path))),
            schema=stored,
        )
        for day, files in by_day.items()
    ]
    empty = sorted(set(days) - by_day.keys())
    nothing = ((day, stored.empty_table()) for day in empty)
    staged += writer.table.stage_many(nothing, writer.schema, definition=writer.definition)
    return sorted(staged, key=lambda each: each.day)

"""Spark's executors write the files of days; only facts about the files reach the driver.

Rows are moved so that one task has all rows of a day, sorted there, and written by the same code
as in the embedded engine. A task that is repeated writes its files again under other names; files
that no commit names are never visible, and `vacuum` deletes them.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.s3_access import S3Identity, current_identity, use_identity
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

MOST_TASKS = 200
"""Tasks that write the days of one table; each writes several days when there are more."""


@dataclass(frozen=True, kw_only=True)
class DayWriter:
    """What a task needs to write days. It is sent to the executors, so its text has no secrets."""

    table: LakeTable
    schema: pa.Schema
    definition: str
    convert: Convert | None
    s3: S3Identity | None = field(repr=False)
    """Credentials of the driver; None when the lake is not on S3."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write the days of sorted rows; yield the facts about the files."""
        if self.s3 is not None:
            use_identity(self.s3)
        rows = batches if self.convert is None else map(self.convert, batches)
        staged = self.table.stage_sorted(rows, None, self.schema, definition=self.definition)
        facts = [{"day": day.day, **asdict(file)} for day in staged for file in day.files]
        yield from pa.Table.from_pylist(facts, schema=FACTS).to_batches()


def stage_on_executors(
    frame: Any,
    order: Sequence[Any],
    days: Sequence[dt.date],
    table: LakeTable,
    schema: pa.Schema,
    *,
    definition: str = "",
    convert: Convert | None = None,
) -> list[Staged]:
    """Write the files of days; see `Session.stage_days`.

    Args:
        frame: a Spark DataFrame with the column ``day``.
        order: Spark's sort columns, ``day`` first. Columns of the frame whose names start with
            `ORDER` are used for it only.
        days: days to write; the driver writes those without rows.
        table: gets the files.
        schema: its columns.
        definition: version of the definition that made the rows.
        convert: turns rows into those that are stored.
    """
    on_s3 = table.url.startswith("s3://")
    writer = DayWriter(
        table=table,
        schema=schema,
        definition=definition,
        convert=convert,
        s3=current_identity() if on_s3 else None,
    )
    sorted_days = frame.repartition(min(len(days), MOST_TASKS) or 1, "day").sortWithinPartitions(
        *order
    )
    if computed := [name for name in frame.columns if name.startswith(ORDER)]:
        sorted_days = sorted_days.drop(*computed)
    facts = sorted_days.mapInArrow(writer, FACTS_SQL).toArrow().to_pylist()
    stored = table.stored_schema(schema)
    by_day: dict[dt.date, list[StagedFile]] = {}
    for fact in facts:
        by_day.setdefault(fact.pop("day"), []).append(StagedFile(**fact))
    staged = [
        Staged(table=table.id, day=day, files=tuple(files), schema=stored)
        for day, files in by_day.items()
    ]
    empty = sorted(set(days) - {each.day for each in staged})
    nothing = ((day, stored.empty_table()) for day in empty)
    staged += table.stage_many(nothing, schema, definition=definition)
    return sorted(staged, key=lambda each: each.day)

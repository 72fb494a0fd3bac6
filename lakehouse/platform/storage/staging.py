"""Staging: write the file of a day without making it visible to readers."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.day_rows import cut_by_day
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.made_with import made_with
from lakehouse.platform.storage.parquet import (
    DIGEST_LENGTH,
    WrittenFile,
    encode,
    encode_in_memory,
    file_stats,
    storable_schema,
)
from lakehouse.platform.storage.table_id import DAY, TableId


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """The file of a day that is written and not yet visible."""

    table: TableId
    day: dt.date
    path: str
    """Relative to the table."""
    rows: int
    size: int
    """Bytes."""
    data_version: str
    """First 16 hexadecimal digits of the file's SHA-256."""
    schema: pa.Schema = field(repr=False)
    stats: str = field(repr=False)
    """Rows, nulls and bounds as JSON, in the form of the Delta log."""

    @property
    def made_with(self) -> str:
        """Return the version of the definition that made the day; empty when it has none."""
        return made_with(self.path)


def stage_day(
    location: TableLocation,
    day: dt.date,
    data: pa.Table | Iterable[pa.RecordBatch | pa.Table],
    schema: pa.Schema,
    definition: str = "",
) -> Staged:
    """Write the file of one day; see `LakeTable.stage`."""
    if type(day) is not dt.date:
        raise TypeError(f"{location.id}: {day!r} is not a date")
    stored = stored_schema(location.id, schema)
    folder = f"{DAY}={day.isoformat()}"
    failpoint("storage.staging")
    scratch = location.store.scratch(location.path(folder))
    try:
        written = _write_scratch_file(location.id, scratch, day, data, stored)
        made_by = f"-{definition}" if definition else ""
        path = f"{folder}/{written.digest}-{uuid.uuid4().hex[:8]}{made_by}.parquet"
        failpoint("storage.written")
        location.store.move_in(scratch, location.path(path))
    finally:
        scratch.unlink(missing_ok=True)
    failpoint("storage.staged")
    return Staged(
        table=location.id,
        day=day,
        path=path,
        rows=written.rows,
        size=written.size,
        data_version=written.digest,
        schema=stored,
        stats=written.stats,
    )


def stage_days(
    location: TableLocation,
    days: Iterable[tuple[dt.date, pa.Table | Iterable[pa.Table]]],
    schema: pa.Schema,
    definition: str = "",
) -> list[Staged]:
    """Write the files of many days in parallel; only a few days are in memory at a time.

    A day that is a stream is written before the next day is asked for.
    """
    workers = location.store.parallel_writes
    staged: list[Staged] = []
    running: list[Future[Staged]] = []
    with ThreadPoolExecutor(workers) as pool:
        for day, data in days:
            if not isinstance(data, pa.Table):
                staged += [each.result() for each in running]
                running.clear()
                staged.append(stage_day(location, day, data, schema, definition))
                continue
            if len(running) >= 2 * workers:
                staged.append(running.pop(0).result())
            running.append(pool.submit(stage_day, location, day, data, schema, definition))
        return staged + [each.result() for each in running]


def stage_sorted(
    location: TableLocation,
    batches: Iterable[pa.RecordBatch | pa.Table],
    days: Sequence[dt.date] | None,
    schema: pa.Schema,
    definition: str = "",
) -> list[Staged]:
    """Write the files of rows that are sorted by day; see `LakeTable.stage_sorted`."""
    by_day = cut_by_day(batches, days, stored_schema(location.id, schema))
    return stage_days(location, by_day, schema, definition)


def stored_schema(table: TableId, schema: pa.Schema) -> pa.Schema:
    """Return the schema as Delta stores it; an error names the table."""
    try:
        return storable_schema(schema)
    except StorageError as error:
        raise StorageError(f"{table}: {error}") from error.__cause__


def _write_scratch_file(
    table: TableId,
    scratch: Path,
    day: dt.date,
    data: pa.Table | Iterable[pa.RecordBatch | pa.Table],
    schema: pa.Schema,
) -> WrittenFile:
    """Write a day into a local file. Rows that are in memory already are encoded there."""
    if isinstance(data, pa.Table):
        content, written = encode_in_memory(_conform(table, day, data, schema), schema)
        with scratch.open("wb") as sink:
            sink.write(content)
        return written
    tables = (_conform(table, day, batch, schema) for batch in data)
    with scratch.open("wb") as sink:
        footer = encode(tables, schema, sink)
    with scratch.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:DIGEST_LENGTH]
    size = scratch.stat().st_size
    return WrittenFile(footer.num_rows, size, digest, file_stats(footer, schema))


def _conform(
    table: TableId, day: dt.date, batch: pa.RecordBatch | pa.Table, schema: pa.Schema
) -> pa.Table:
    """Return the rows with the columns, order and types of the schema."""
    given = [name for name in batch.schema.names if name != DAY]
    if sorted(given) != sorted(schema.names):
        different = sorted(set(given) ^ set(schema.names)) or given
        raise StorageError(f"{table}: {day} does not have the schema's columns, see {different}")
    columns = []
    for column in schema:
        try:
            values = batch.column(column.name)
            columns.append(values if values.type == column.type else values.cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise StorageError(
                f"{table}: {day}, column {column.name!r} does not fit {column.type}: {error}"
            ) from error
    return pa.Table.from_arrays(columns, schema=schema)

"""Staging: write the files of a day without making it visible to readers."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.day_rows import cut_by_day
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.file_names import Section, file_name, version_of_files
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.made_with import made_with
from lakehouse.platform.storage.parquet import (
    SECTION_GROUPS,
    RowGroups,
    WrittenFile,
    encode,
    encode_in_memory,
    file_stats,
    stats_json,
    storable_schema,
)
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.table_id import DAY, DIGEST_LENGTH, TableId


@dataclass(frozen=True, kw_only=True, slots=True)
class StagedFile:
    """One file of a day that is written and not yet visible."""

    path: str
    """Relative to the table."""
    rows: int
    size: int
    """Bytes."""
    digest: str
    """First 16 hexadecimal digits of the file's SHA-256."""
    stats: str = field(repr=False)
    """Rows, nulls and bounds as JSON, in the form of the Delta log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """A day that is written and not yet visible."""

    table: TableId
    day: dt.date
    files: tuple[StagedFile, ...]
    """In the order of the rows; at least one, also of a day without rows."""
    schema: pa.Schema = field(repr=False)

    @property
    def rows(self) -> int:
        """Return the rows in all files."""
        return sum(file.rows for file in self.files)

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of the files, relative to the table."""
        return tuple(file.path for file in self.files)

    @property
    def data_version(self) -> str:
        """Return the digest of the day's one file, or of the digests of its files."""
        return version_of_files([file.digest for file in self.files])

    @property
    def made_with(self) -> str:
        """Return the version of the definition that made the day; empty when it has none."""
        return made_with(self.files[0].path)


def staged_again(table: TableId, file: DayFiles, schema: pa.Schema) -> Staged:
    """Return a day that a snapshot shows as one that can be committed to a table."""
    files = (
        StagedFile(
            path=part.path,
            rows=part.rows,
            size=part.size,
            digest=part.digest,
            stats=stats_json(part.rows, {}, part.bounds),
        )
        for part in file.parts
    )
    return Staged(table=table, day=file.day, files=tuple(files), schema=schema)


def stage_day(
    location: TableLocation,
    day: dt.date,
    data: pa.Table | Iterable[pa.RecordBatch | pa.Table],
    schema: pa.Schema,
    definition: str = "",
    section: Section | None = None,
) -> Staged:
    """Write the files of one day, or of one section; see `LakeTable.stage`."""
    if type(day) is not dt.date:
        raise TypeError(f"{location.id}: {day!r} is not a date")
    stored = stored_schema(location.id, schema)
    folder = f"{DAY}={day.isoformat()}"
    write = section.write if section else uuid.uuid4().hex[:8]
    groups = _Groups(location, day, data, stored)
    files: list[StagedFile] = []
    while not files or groups.has_more:
        failpoint("storage.staging")
        scratch = location.store.scratch(location.path(folder))
        try:
            written = _write_scratch_file(scratch, groups, stored, location.most_bytes)
            name = file_name(
                written.digest,
                write,
                definition,
                len(files) + 1,
                last=not groups.has_more,
                section=section,
            )
            failpoint("storage.written")
            location.store.move_in(scratch, location.path(f"{folder}/{name}"))
        finally:
            scratch.unlink(missing_ok=True)
        failpoint("storage.staged")
        files.append(
            StagedFile(
                path=f"{folder}/{name}",
                rows=written.rows,
                size=written.size,
                digest=written.digest,
                stats=written.stats,
            )
        )
    return Staged(table=location.id, day=day, files=tuple(files), schema=stored)


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


class _Groups(RowGroups):
    """The row groups of a day; it is known how many are left in a section."""

    def __init__(
        self,
        location: TableLocation,
        day: dt.date,
        data: pa.Table | Iterable[pa.RecordBatch | pa.Table],
        schema: pa.Schema,
    ) -> None:
        parts = [data] if isinstance(data, pa.Table) else data
        tables = (_conform(location.id, day, part, schema) for part in parts)
        super().__init__(tables, schema, location.most_bytes)
        self._taken = 0

    @property
    def left_in_section(self) -> int:
        """How many groups the section of the next group has from there on."""
        return SECTION_GROUPS - self._taken % SECTION_GROUPS

    def __iter__(self) -> Iterator[pa.Table]:
        for group in super().__iter__():
            self._taken += 1
            yield group


def _write_scratch_file(
    scratch: Path, groups: _Groups, schema: pa.Schema, file_bytes: int
) -> WrittenFile:
    """Write groups into a local file until it has its size or its section ends.

    A day without rows is encoded once.
    """
    if not groups.has_more:
        content, written = encode_in_memory(schema.empty_table(), schema)
        scratch.write_bytes(content)
        return written
    with pa.OSFile(str(scratch), "wb") as sink:
        footer = encode(groups, schema, sink, file_bytes, groups.left_in_section)
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

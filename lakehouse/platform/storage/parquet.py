"""Parquet files of days: encoding, row groups, statistics, and the types that Delta can store.

The same rows in the same order give the same bytes, so the digest of a file identifies its rows.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.table_id import DAY, DIGEST_LENGTH

COMPRESSION_LEVEL = 1
"""Level of zstd."""

STATS_COLUMNS = 32
"""Number of columns with statistics in the log: the first ones, as Delta readers expect."""

LONGEST_BOUND = 32
"""Longest text, in characters, that is stored as a bound."""


SECTION_GROUPS = 32
"""Row groups of a section. A file ends with its section, so sections can be written at once."""

LEAST_BYTES = 4
"""Bytes of a value by which the row groups of very small files are made smaller."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """Facts about a written Parquet file."""

    rows: int
    size: int
    """Bytes."""
    digest: str
    """First 16 hexadecimal digits of the SHA-256."""
    stats: str
    """Rows, nulls and bounds as JSON, in the form of the Delta log."""


def decode(data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a whole Parquet file from memory, in this thread.

    Arrow's own threads would give back Python's memory a moment after the rows are there; when the
    process ends in that moment, it aborts.

    Args:
        data: the bytes of the file.
        columns: the columns to read, in this order; a column that the file lacks is left out.
            None reads all.

    Raises:
        pa.ArrowInvalid: the bytes are not a readable Parquet file.
    """
    file = pq.ParquetFile(pa.BufferReader(data))
    return file.read(columns=None if columns is None else list(columns), use_threads=False)


def encode(
    groups: Iterable[pa.Table],
    schema: pa.Schema,
    sink: pa.NativeFile,
    file_bytes: int | None = None,
    most_groups: int | None = None,
) -> pq.FileMetaData:
    """Write a Parquet file into a binary stream and return its footer.

    Args:
        groups: rows of each row group, see `RowGroups`.
        schema: columns of the file.
        sink: gets the bytes.
        file_bytes: no further group is written once the file has so many bytes; by default all are.
        most_groups: no further group is written after so many; by default all are.
    """
    footers: list[pq.FileMetaData] = []
    writer = pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        store_schema=False,
        metadata_collector=footers,
    )
    try:
        for count, group in enumerate(groups, 1):
            writer.write_table(group, row_group_size=group.num_rows)
            if count == most_groups or (file_bytes is not None and sink.tell() >= file_bytes):
                break
    except BaseException:
        with suppress(Exception):  # the first error names the cause
            writer.close()
        raise
    writer.close()
    return footers[0]


def encode_in_memory(table: pa.Table, schema: pa.Schema) -> tuple[pa.Buffer, WrittenFile]:
    """Return the bytes of a table's Parquet file and the facts about them."""
    if not table.num_rows:
        return _empty_file(schema)
    return _encoded(table, schema)


@lru_cache(maxsize=256)
def _empty_file(schema: pa.Schema) -> tuple[pa.Buffer, WrittenFile]:
    """Encode a day without rows once per schema: most days of most quarantines are empty."""
    return _encoded(schema.empty_table(), schema)


def _encoded(table: pa.Table, schema: pa.Schema) -> tuple[pa.Buffer, WrittenFile]:
    sink = pa.BufferOutputStream()
    footer = encode(RowGroups([table], schema), schema, sink)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
    return content, WrittenFile(footer.num_rows, content.size, digest, file_stats(footer, schema))


def group_rows(schema: pa.Schema, file_bytes: int | None = None) -> int:
    """Return the rows of a row group; the last one of a day has fewer."""
    length = max(8_192, min(131_072, 8_000_000 // max(1, len(schema))))
    if file_bytes is not None:
        length = max(1, min(length, file_bytes // (LEAST_BYTES * max(1, len(schema)))))
    return length


def section_rows(schema: pa.Schema, file_bytes: int) -> int:
    """Return the rows of a section; the last one of a day has fewer."""
    return SECTION_GROUPS * group_rows(schema, file_bytes)


class RowGroups:
    """Rows cut into groups whose length depends on schema and file size, never on the batches.

    One group is in memory at a time, beside the batch in which the next one begins.
    """

    def __init__(
        self, tables: Iterable[pa.Table], schema: pa.Schema, file_bytes: int | None = None
    ) -> None:
        self._length = group_rows(schema, file_bytes)
        self._tables = (table for table in tables if table.num_rows)
        self._rest = next(self._tables, None)

    @property
    def has_more(self) -> bool:
        """Whether a group is left."""
        return self._rest is not None

    def __iter__(self) -> Iterator[pa.Table]:
        while self._rest is not None:
            yield self._take()

    def _take(self) -> pa.Table:
        held: list[pa.Table] = []
        missing = self._length
        while missing and self._rest is not None:
            part = self._rest.slice(0, missing)
            held.append(part)
            missing -= part.num_rows
            more = self._rest.num_rows > part.num_rows
            self._rest = self._rest.slice(part.num_rows) if more else next(self._tables, None)
        return pa.concat_tables(held).combine_chunks()


def file_stats(footer: pq.FileMetaData, schema: pa.Schema) -> str:
    """Return rows, nulls and bounds of a file, read from its own footer, as JSON."""
    nulls: dict[str, int] = {}
    bounds: dict[str, tuple[Any, Any]] = {}
    groups = [footer.row_group(place) for place in range(footer.num_row_groups)]
    for place in range(footer.num_columns):
        name = footer.schema.column(place).path
        if not 0 <= schema.get_field_index(name) < STATS_COLUMNS:
            continue
        stats = [group.column(place).statistics for group in groups]
        if any(each is None or not each.has_null_count for each in stats):
            continue
        nulls[name] = sum(each.null_count for each in stats)
        with_values = [each for each in stats if each.num_values]
        if with_values and all(each.has_min_max for each in with_values):
            bounds[name] = (min(e.min for e in with_values), max(e.max for e in with_values))
    return stats_json(footer.num_rows, nulls, bounds)


def stats_json(rows: int, nulls: Mapping[str, int], bounds: Mapping[str, tuple[Any, Any]]) -> str:
    """Return the statistics of a file as the Delta log stores them."""
    kept = {
        name: (_bound(low), _bound(high))
        for name, (low, high) in bounds.items()
        if _bound(low) is not None and _bound(high) is not None
    }
    return json.dumps(
        {
            "numRecords": rows,
            "minValues": {name: low for name, (low, _) in kept.items()},
            "maxValues": {name: high for name, (_, high) in kept.items()},
            "nullCount": dict(nulls),
        },
        separators=(",", ":"),
    )


def _bound(value: Any) -> Any:
    """Return a bound as the log writes it; None for a value the log could not hold exactly.

    Floats have no bound: NaN sorts last, and the footer does not show whether one occurs.
    """
    match value:
        case bool() | int():
            return value
        case Decimal():
            return float(value) if Decimal(repr(float(value))) == value else None
        case dt.datetime():
            text = value.replace(tzinfo=None).isoformat(timespec="microseconds")
            return f"{text}Z" if value.tzinfo else text
        case dt.date():
            return value.isoformat()
        case str():
            return value if len(value) <= LONGEST_BOUND else None
    return None


@lru_cache(maxsize=256)
def storable_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema as Delta stores it: without ``day``, every column nullable.

    Raises:
        StorageError: a type cannot be stored, or two names differ only in upper and lower case.
    """
    columns = []
    for column in schema:
        if column.name == DAY:
            continue
        try:
            kept = deltalake.Field.from_arrow(pa.field(column.name, _delta_type(column.type)))
        except Exception as error:
            raise StorageError(
                f"column {column.name!r} has type {column.type}, which Delta cannot store. "
                "hint: cast it"
            ) from error
        columns.append(pa.field(kept.to_arrow()))
    names = [column.name for column in columns]
    if len({name.lower() for name in names}) != len(names):
        raise StorageError(f"two columns have the same name in {names}")
    return pa.schema(columns)


def _delta_type(kind: pa.DataType) -> pa.DataType:
    """Return the nearest type that every Delta reader knows; a lossy cast of values fails later."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_dictionary(kind):
        return _delta_type(kind.value_type)
    return kind

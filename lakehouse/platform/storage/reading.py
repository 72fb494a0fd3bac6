"""Reading a snapshot: rows as Arrow tables, and counts of distinct values."""

import datetime as dt
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.parquet import RowGroups, encode, storable_schema
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, urls_of
from lakehouse.platform.storage.table_id import DAY, DIGEST_LENGTH, TableId

if TYPE_CHECKING:
    import pyarrow.dataset as ds

BATCH_ROWS = 65_536
"""Most rows of a piece that is read as a stream."""

COUNTED_ROWS = 1_000_000
"""Rows that are read into memory at a time to count distinct values."""


def read_rows(
    location: TableLocation,
    snapshot: Snapshot,
    days: Sequence[dt.date] | None,
    columns: Sequence[str] | None,
) -> pa.Table:
    """Read the rows of these days, or of all days; see `LakeTable.read`."""
    schema = _existing_schema(location.id, snapshot)
    files = _files_of(snapshot, days)
    with naming_damage(location, files):
        dataset = _dataset(location, files, schema)
        return dataset.to_table(columns=list(columns) if columns is not None else None)


def read_batches(
    location: TableLocation,
    snapshot: Snapshot,
    days: Sequence[dt.date] | None,
    columns: Sequence[str] | None,
) -> Iterator[pa.Table]:
    """Yield the rows of these days piece by piece; see `LakeTable.read_batches`."""
    schema = _existing_schema(location.id, snapshot)
    for file in _files_of(snapshot, days):
        with naming_damage(location, [file]):
            batches = _dataset(location, [file], schema).to_batches(
                columns=list(columns) if columns is not None else None,
                batch_size=BATCH_ROWS,
                batch_readahead=1,
                fragment_readahead=1,
                use_threads=False,
            )
            yield from (pa.Table.from_batches([batch]) for batch in batches if batch.num_rows)


def file_schema(location: TableLocation, file: DayFiles) -> pa.Schema:
    """Return the columns in the file of a day, as Delta stores them."""
    import pyarrow.parquet as pq

    with naming_damage(location, [file]):
        return storable_schema(pq.read_schema(file.parts[0].path, filesystem=location.filesystem()))


def count_values(
    location: TableLocation,
    snapshot: Snapshot,
    columns: Sequence[str],
    days: Sequence[dt.date] | None,
) -> pa.Table:
    """Count the rows of each combination of values; see `LakeTable.counts`."""
    schema = _existing_schema(location.id, snapshot)
    with_day = schema.append(pa.field(DAY, pa.date32()))
    plain = pa.schema([with_day.field(name) for name in columns])
    counted = [plain.append(pa.field("rows", pa.int64())).empty_table()]
    for files in _groups(_files_of(snapshot, days)):
        with naming_damage(location, files):
            rows = _dataset(location, files, schema, dictionaries=columns).to_table(list(columns))
        found = rows.unify_dictionaries().group_by(list(columns)).aggregate([([], "count_all")])
        counted.append(found.rename_columns([*columns, "rows"]).cast(counted[0].schema))
    summed = pa.concat_tables(counted).group_by(list(columns)).aggregate([("rows", "sum")])
    return summed.select([*columns, "rows_sum"]).rename_columns([*columns, "rows"])


def version_in_one_file(location: TableLocation, paths: Sequence[str], schema: pa.Schema) -> str:
    """Return the digest of rows encoded as one file; see `LakeTable.version_in_one_file`."""
    sink = _Digest()
    rows = rows_in_files(location, paths, schema)
    encode(RowGroups(rows, schema), schema, pa.PythonFile(sink, "w"))
    return sink.digest()


def rows_in_files(
    location: TableLocation, paths: Sequence[str], schema: pa.Schema
) -> Iterator[pa.Table]:
    """Yield the rows of files one after the other, with the columns of a schema."""
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path, filesystem=location.filesystem()) as opened:
            for batch in opened.iter_batches():
                yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


class _Digest(io.RawIOBase):
    """A file whose bytes are only hashed."""

    def __init__(self) -> None:
        super().__init__()
        self._hash = hashlib.sha256()
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._size += len(memoryview(data))
        return len(memoryview(data))

    def tell(self) -> int:
        return self._size

    def digest(self) -> str:
        """Return the digest by which a file with these bytes would be named."""
        return self._hash.hexdigest()[:DIGEST_LENGTH]


@contextmanager
def naming_damage(location: TableLocation, files: Sequence[DayFiles]) -> Iterator[None]:
    """Turn an error of Arrow into one that names the day whose file is damaged.

    Raises:
        TableDamaged: a file is missing or has other bytes than were stored.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        damage = first_damage(location.store, urls_of(files))
        if damage is None:
            raise
        raise damage from error


def _existing_schema(table: TableId, snapshot: Snapshot) -> pa.Schema:
    if snapshot.schema is None:
        raise StorageError(f"{table} does not exist yet")
    return snapshot.schema


def _files_of(snapshot: Snapshot, days: Sequence[dt.date] | None) -> list[DayFiles]:
    wanted = set(snapshot.days if days is None else days)
    return [file for file in snapshot.files if file.day in wanted]


def _dataset(
    location: TableLocation,
    files: Sequence[DayFiles],
    schema: pa.Schema,
    dictionaries: Sequence[str] = (),
) -> "ds.Dataset":
    """Return files as one dataset with the column ``day``.

    Text columns named in ``dictionaries`` are read as dictionaries, which saves memory.
    """
    import pyarrow.dataset as ds  # imports pandas, which takes a second

    encoded = {n for n in dictionaries if n != DAY and pa.types.is_string(schema.field(n).type)}
    parquet = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=encoded))
    filesystem = location.filesystem()
    fragments = [
        parquet.make_fragment(
            part.path, filesystem, partition_expression=ds.field(DAY) == pa.scalar(file.day)
        )
        for file in files
        for part in file.parts
    ]
    columns = [
        column.with_type(pa.dictionary(pa.int32(), column.type))
        if column.name in encoded
        else column
        for column in schema
    ]
    dataset_schema = pa.schema([*columns, pa.field(DAY, pa.date32())])
    return ds.FileSystemDataset(fragments, dataset_schema, parquet, filesystem)


def _groups(files: Sequence[DayFiles]) -> Iterator[list[DayFiles]]:
    """Group files so that each group has about `COUNTED_ROWS` rows."""
    group: list[DayFiles] = []
    rows = 0
    for file in files:
        group.append(file)
        rows += file.rows
        if rows >= COUNTED_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group

"""Snapshots: the days, files and columns that one version of a table shows."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import deltalake
import pyarrow as pa

from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.made_with import made_with
from lakehouse.platform.storage.table_id import DAY

AS_OF = "Each day holds the whole table as known at the end of that day."
"""Description of an as-of table in its log: every reader of the log sees what its days mean."""

ON_REQUEST = f"{AS_OF} A day is made when somebody asks for it."
"""Description of an as-of table whose days are not kept up to date."""

Columns = Mapping[str, pa.Array]
"""Values of all files of a version, by column."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFile:
    """The one file that holds a day in a snapshot."""

    day: dt.date
    path: str
    """Relative to the table."""
    url: str
    """Absolute path or s3:// URL."""
    rows: int
    size: int
    """Bytes."""
    data_version: str
    """First 16 hexadecimal digits of the file's SHA-256."""
    bounds: Mapping[str, tuple[Any, Any]] = field(compare=False, repr=False)
    """Smallest and largest value of each column, in its type; only where both are known."""

    @property
    def made_with(self) -> str:
        """Return the version of the definition that made the day; see `made_with`."""
        return made_with(self.path)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A table as one version shows it. Version -1 is the table before its first commit."""

    version: int
    files: tuple[DayFile, ...] = ()
    """In the order of their days."""
    schema: pa.Schema | None = None
    """Without ``day``; None before the first commit."""
    description: str | None = None
    """What its creator wrote about the table."""

    @property
    def as_of(self) -> bool:
        """Whether each day holds the whole table, so that the newest day is the table."""
        return self.description in (AS_OF, ON_REQUEST)

    @cached_property
    def by_day(self) -> Mapping[dt.date, DayFile]:
        """Return the file of each day."""
        return {file.day: file for file in self.files}

    @cached_property
    def days(self) -> tuple[dt.date, ...]:
        """Days that were processed, including days without rows; ascending."""
        return tuple(file.day for file in self.files)

    def between(self, first: dt.date, last: dt.date) -> tuple[DayFile, ...]:
        """Return the files of the days from first to last, both included."""
        return tuple(file for file in self.files if first <= file.day <= last)

    def urls(self, days: Iterable[dt.date] | None = None) -> list[str]:
        """Return the files of these days, or of all days; a day never processed has no file."""
        if days is None:
            return [file.url for file in self.files]
        return [file.url for file in self.of_days(days)]

    def of_days(self, days: Iterable[dt.date]) -> "list[DayFile]":
        """Return the files of these days in order; a day never processed has no file."""
        return [self.by_day[day] for day in sorted(set(days)) if day in self.by_day]


class _FileBounds(Mapping[str, tuple[Any, Any]]):
    """Bounds of one file. Values are read from the columns of all files only when needed."""

    def __init__(self, smallest: Columns, largest: Columns, row: int) -> None:
        self._smallest = smallest
        self._largest = largest
        self._row = row

    def __getitem__(self, column: str) -> tuple[Any, Any]:
        low = self._smallest[column][self._row].as_py()
        high = self._largest[column][self._row].as_py()
        if low is None or high is None:
            raise KeyError(column)
        return low, high

    def __iter__(self) -> Iterator[str]:
        for column in self._smallest:
            if column in self:
                yield column

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_snapshot(location: TableLocation, version: int | None = None) -> Snapshot:
    """Read a version of a table, by default the newest.

    Raises:
        StorageError: a day has two files, because another program wrote into the table.
        VersionGone: the version never existed or is no longer in the log.
    """
    opened = None if version == -1 else location.open(version)
    return Snapshot(version=-1) if opened is None else snapshot_of(location, opened)


def snapshot_of(location: TableLocation, opened: deltalake.DeltaTable) -> Snapshot:
    """Return the snapshot of an opened table."""
    stream = pa.RecordBatchReader.from_stream(opened.get_add_actions(flatten=False))
    actions = stream.read_all().combine_chunks()
    schema = schema_of(opened)
    if not actions.num_rows:
        return Snapshot(
            version=opened.version(), schema=schema, description=opened.metadata().description
        )
    files = sorted(_files(location, actions), key=lambda file: file.day)
    for one, other in pairwise(files):
        if one.day == other.day:
            raise StorageError(
                f"{location.id}: {one.day} has two files, expected one: a program other than "
                "lakehouse wrote to this table. hint: roll back to the version before"
            )
    return Snapshot(
        version=opened.version(),
        files=tuple(files),
        schema=schema,
        description=opened.metadata().description,
    )


def schema_of(opened: deltalake.DeltaTable) -> pa.Schema:
    """Return the columns of an opened table without ``day``."""
    schema = pa.schema(opened.schema().to_arrow())
    return pa.schema([column for column in schema if column.name != DAY])


def _files(location: TableLocation, actions: pa.Table) -> Iterator[DayFile]:
    smallest, largest = _fields_of(actions, "min"), _fields_of(actions, "max")
    columns = zip(
        _fields_of(actions, "partition")[DAY].to_pylist(),
        actions["path"].to_pylist(),
        actions["num_records"].to_pylist(),
        actions["size_bytes"].to_pylist(),
        strict=True,
    )
    for row, (day, path, rows, size) in enumerate(columns):
        if path.rpartition("/")[0] != f"{DAY}={day}":
            raise StorageError(
                f"{location.id}: the log has {path} as the file of {day}, which is not in the"
                f" folder {DAY}={day}: a program other than lakehouse wrote to this table."
                " hint: roll back to the version before"
            )
        yield DayFile(
            day=day,
            path=path,
            url=f"{location.url}/{path}",
            rows=rows,
            size=size,
            data_version=path.rpartition("/")[2].partition("-")[0],
            bounds=_FileBounds(smallest, largest, row),
        )


def _fields_of(actions: pa.Table, name: str) -> Columns:
    """Return the fields of a struct column; none when the log has no such column."""
    if name not in actions.column_names:
        return {}
    column = actions[name].combine_chunks()
    return {field.name: column.field(place) for place, field in enumerate(column.type)}

"""Snapshots: the days, files and columns that one version of a table shows."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import deltalake
import pyarrow as pa

from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.file_names import is_complete, is_part, place_of, version_of_files
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
class FilePart:
    """One of the files that hold a day."""

    path: str
    """Relative to the table."""
    url: str
    """Absolute path or s3:// URL."""
    rows: int
    size: int
    """Bytes."""
    digest: str
    """First 16 hexadecimal digits of the file's SHA-256."""
    bounds: Mapping[str, tuple[Any, Any]] = field(compare=False, repr=False)
    """Smallest and largest value of each column, in its type; only where both are known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFiles:
    """What a snapshot shows of one day: its files together, mostly a single one."""

    day: dt.date
    parts: tuple[FilePart, ...]
    """In the order of the rows; at least one."""

    @property
    def rows(self) -> int:
        """Return the rows of the day."""
        return sum(part.rows for part in self.parts)

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(part.size for part in self.parts)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of the files, relative to the table."""
        return tuple(part.path for part in self.parts)

    @property
    def data_version(self) -> str:
        """Return the digest of the day's one file, or of the digests of its files."""
        return version_of_files([part.digest for part in self.parts])

    @property
    def bounds(self) -> Mapping[str, tuple[Any, Any]]:
        """Return smallest and largest value of each column; only where both are known."""
        return self.parts[0].bounds if len(self.parts) == 1 else _JointBounds(self.parts)

    @property
    def made_with(self) -> str:
        """Return the version of the definition that made the day; see `made_with`."""
        return made_with(self.parts[0].path)


class _JointBounds(Mapping[str, tuple[Any, Any]]):
    """Bounds of a day in several files.

    A file without a bound of a date, moment, number or truth value has only nulls in that column.
    Of a text, decimal or other value the bound may be too long or inexact, so that of the day is
    unknown.
    """

    def __init__(self, parts: Sequence[FilePart]) -> None:
        self._parts = parts

    def __getitem__(self, column: str) -> tuple[Any, Any]:
        known = [part.bounds[column] for part in self._parts if column in part.bounds]
        exact = known and isinstance(known[0][0], bool | int | dt.date)
        if not known or (len(known) < len(self._parts) and not exact):
            raise KeyError(column)
        return min(low for low, _ in known), max(high for _, high in known)

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys(name for part in self._parts for name in part.bounds)
        return (name for name in names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A table as one version shows it. Version -1 is the table before its first commit."""

    version: int
    files: tuple[DayFiles, ...] = ()
    """One for each day, in their order."""
    schema: pa.Schema | None = None
    """Without ``day``; None before the first commit."""
    description: str | None = None
    """What its creator wrote about the table."""

    @property
    def as_of(self) -> bool:
        """Whether each day holds the whole table, so that the newest day is the table."""
        return self.description in (AS_OF, ON_REQUEST)

    @cached_property
    def by_day(self) -> Mapping[dt.date, DayFiles]:
        """Return the files of each day."""
        return {file.day: file for file in self.files}

    @cached_property
    def days(self) -> tuple[dt.date, ...]:
        """Days that were processed, including days without rows; ascending."""
        return tuple(file.day for file in self.files)

    @property
    def paths(self) -> list[str]:
        """Return the paths of all files, relative to the table, in the order of their rows."""
        return [part.path for file in self.files for part in file.parts]

    def between(self, first: dt.date, last: dt.date) -> tuple[DayFiles, ...]:
        """Return the files of the days from first to last, both included."""
        return tuple(file for file in self.files if first <= file.day <= last)

    def urls(self, days: Iterable[dt.date] | None = None) -> list[str]:
        """Return the files of these days, or of all days; a day never processed has no file."""
        if days is None:
            return urls_of(self.files)
        return urls_of(self.of_days(days))

    def of_days(self, days: Iterable[dt.date]) -> "list[DayFiles]":
        """Return the files of these days in order; a day never processed has no file."""
        return [self.by_day[day] for day in sorted(set(days)) if day in self.by_day]


def urls_of(files: Iterable[DayFiles]) -> list[str]:
    """Return the paths or s3:// URLs of the files of some days, in their order."""
    return [part.url for file in files for part in file.parts]


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
        StorageError: the files of a day do not belong together, because another program wrote into
            the table.
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
    by_day: dict[dt.date, list[FilePart]] = {}
    for day, part in _parts(location, actions):
        by_day.setdefault(day, []).append(part)
    return Snapshot(
        version=opened.version(),
        files=tuple(_day_files(location, day, by_day[day]) for day in sorted(by_day)),
        schema=schema,
        description=opened.metadata().description,
    )


def schema_of(opened: deltalake.DeltaTable) -> pa.Schema:
    """Return the columns of an opened table without ``day``."""
    schema = pa.schema(opened.schema().to_arrow())
    return pa.schema([column for column in schema if column.name != DAY])


def _day_files(location: TableLocation, day: dt.date, parts: list[FilePart]) -> DayFiles:
    if len(parts) > 1 or is_part(parts[0].path):
        parts.sort(key=lambda part: place_of(part.path))
        if not is_complete([part.path for part in parts]):
            raise StorageError(
                f"{location.id}: {day} has {len(parts)} files that are not all of one write: a "
                "program other than lakehouse wrote to this table. hint: roll back to the version "
                "before"
            )
    return DayFiles(day=day, parts=tuple(parts))


def _parts(location: TableLocation, actions: pa.Table) -> Iterator[tuple[dt.date, FilePart]]:
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
        yield (
            day,
            FilePart(
                path=path,
                url=f"{location.url}/{path}",
                rows=rows,
                size=size,
                digest=path.rpartition("/")[2].partition("-")[0],
                bounds=_FileBounds(smallest, largest, row),
            ),
        )


def _fields_of(actions: pa.Table, name: str) -> Columns:
    """Return the fields of a struct column; none when the log has no such column."""
    if name not in actions.column_names:
        return {}
    column = actions[name].combine_chunks()
    return {field.name: column.field(place) for place, field in enumerate(column.type)}

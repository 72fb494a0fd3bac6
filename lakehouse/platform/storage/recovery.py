"""Recover a table whose log is damaged: write a new log from the files of its days.

The damaged log is kept beside the table. Of each day the newest files count that are complete and
whose bytes are those that their names promise. Rows of lost commits may be missing or too old, so
the days have to be computed again afterwards.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.storage.commit import Change, publish
from lakehouse.platform.storage.errors import SchemaConflict, StorageError
from lakehouse.platform.storage.file_names import is_complete, place_of, write_of
from lakehouse.platform.storage.intact import problem_with
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.storage.parquet import file_stats, storable_schema
from lakehouse.platform.storage.staging import Staged, StagedFile
from lakehouse.platform.storage.table_id import DAY, TableId

LOG = "_delta_log"
KEPT_LOG = "_damaged_log"
"""Folder beside the log into which a damaged log is moved."""

_FILE = re.compile(rf"{DAY}=(\d{{4}}-\d\d-\d\d)/([0-9a-f]{{16}})-[^/]+\.parquet")


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """An intact file of a day, whether or not a log names it."""

    day: dt.date
    path: str
    """Relative to the table."""
    digest: str
    size: int
    footer: pq.FileMetaData

    @property
    def schema(self) -> pa.Schema:
        """Return the columns as Delta stores them."""
        return storable_schema(self.footer.schema.to_arrow_schema())


def recover_log(lake: Lake, table: TableId) -> list[dt.date]:
    """Replace a table's log; return the days that the table has now."""
    _set_log_aside(lake, table)
    found = (found_file(lake, table, entry) for entry in _by_age(lake, table))
    newest = {files[0].day: files for files in _complete(file for file in found if file)}
    if not newest:
        return []
    schema = _joint_schema(table, [newest[day][0] for day in sorted(newest)])
    days = [files for files in newest.values() if _fits(files[0].schema, schema)]
    publish(
        TableLocation(lake.store, table),
        Change(
            staged=[_staged(table, files, schema) for files in days],
            removed=(),
            schema=schema,
            operation="repair",
            note={"by": "lakehouse repair"},
        ),
    )
    return sorted(files[0].day for files in days)


def drop_checkpoints(lake: Lake, table: TableId) -> bool:
    """Delete the checkpoints of a log; return whether the table can be opened without them.

    Checkpoints only make opening a table faster while the log reaches back to version 0.
    """
    names = [entry.path for entry in lake.store.entries(f"{table.path}/{LOG}")]
    if f"{table.path}/{LOG}/{0:020}.json" not in names:
        return False
    checkpoints = [name for name in names if ".checkpoint" in name or "_last_checkpoint" in name]
    lake.store.delete(checkpoints)
    try:
        return bool(checkpoints) and lake.table(table).exists()
    except StorageError:
        return False


def intact_files(lake: Lake, table: TableId, day: dt.date) -> list[list[FoundFile]]:
    """Return the files of a day, of any version whose files are all intact, newest first."""
    found = (found_file(lake, table, entry) for entry in _by_age(lake, table, f"{DAY}={day}"))
    return list(_complete(file for file in found if file))[::-1]


def _complete(found: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    """Yield the files of each write of a day that is complete, in the order of its last file."""
    by_write: dict[tuple[str, ...], list[FoundFile]] = {}
    for file in found:
        files = by_write.setdefault((str(file.day), *write_of(file.path)), [])
        files.append(file)
        files.sort(key=lambda each: place_of(each.path))
        if is_complete([each.path for each in files]):
            yield files


def found_file(lake: Lake, table: TableId, entry: Entry) -> FoundFile | None:
    """Return a listed file when it is that of a day and its bytes are those of its name."""
    path = entry.path.removeprefix(f"{table.path}/")
    named = _FILE.fullmatch(path)
    if named is None or problem_with(lake.store, entry.path, named[2], entry.size):
        return None
    try:
        footer = pq.read_metadata(pa.BufferReader(lake.store.read(entry.path)))
    except (pa.ArrowException, OSError):
        return None
    return FoundFile(
        day=dt.date.fromisoformat(named[1]),
        path=path,
        digest=named[2],
        size=entry.size,
        footer=footer,
    )


def _by_age(lake: Lake, table: TableId, folder: str = "") -> list[Entry]:
    below = f"{table.path}/{folder}" if folder else table.path
    return sorted(lake.store.entries(below), key=lambda entry: (entry.modified_at, entry.path))


def _set_log_aside(lake: Lake, table: TableId) -> None:
    """Move the log into a folder of its own, so that what it says is not lost."""
    at = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
    entries = list(lake.store.entries(f"{table.path}/{LOG}"))
    for entry in entries:
        name = entry.path.removeprefix(f"{table.path}/{LOG}/")
        with lake.store.open(entry.path) as stream:
            lake.store.write(f"{table.path}/{KEPT_LOG}/{at}/{name}", stream.read())
    lake.store.delete(entry.path for entry in entries)
    lake.store.delete_folder(f"{table.path}/{LOG}")


def _joint_schema(table: TableId, files: Sequence[FoundFile]) -> pa.Schema:
    """Return the columns of the file with the most columns; columns are only added at the end."""
    widest = max(files, key=lambda file: len(file.schema))
    if not any(_fits(file.schema, widest.schema) for file in files):
        raise SchemaConflict(f"{table}: its files have no columns in common")
    return widest.schema


def _fits(narrow: pa.Schema, wide: pa.Schema) -> bool:
    return list(narrow) == list(wide)[: len(narrow)]


def _staged(table: TableId, files: Sequence[FoundFile], schema: pa.Schema) -> Staged:
    parts = (
        StagedFile(
            path=file.path,
            rows=file.footer.num_rows,
            size=file.size,
            digest=file.digest,
            stats=file_stats(file.footer, file.schema),
        )
        for file in files
    )
    return Staged(table=table, day=files[0].day, files=tuple(parts), schema=schema)

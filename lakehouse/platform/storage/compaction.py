"""Compaction: hold days in few large files instead of many small ones, with the same rows.

A day gets the files that a run would write under the current size of files, so a later run that
computes the same rows finds them unchanged.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.platform.storage.commit import COMPACTION, Change, publish
from lakehouse.platform.storage.errors import DayConflict, StorageError
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.parquet import section_rows
from lakehouse.platform.storage.reading import file_schema, naming_damage, rows_in_files
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, read_snapshot
from lakehouse.platform.storage.staging import Staged, stage_day

LEAST_GAIN = 2
"""A day is compacted when it has at least so many times the files that it needs."""


@dataclass(frozen=True, kw_only=True)
class Compacted:
    """What a compaction did to one table."""

    days: tuple[dt.date, ...]
    before: int
    """Files of these days before."""
    after: int
    """Files of these days afterwards."""
    based_on: int
    """Version of the table before."""


def is_fragmented(file: DayFiles, most_rows: int, most_bytes: int) -> bool:
    """Return whether a day has many more files than it needs.

    Args:
        file: the day.
        most_rows: rows of a section; a file has no more.
        most_bytes: size from which a day gets a further file.
    """
    needed = max(-(-file.size // most_bytes), -(-file.rows // most_rows), 1)
    return len(file.parts) >= LEAST_GAIN * needed


def fragmented_days(location: TableLocation, snapshot: Snapshot) -> list[DayFiles]:
    """Return the days of a snapshot whose compaction saves files."""
    if snapshot.schema is None:
        return []
    rows = section_rows(snapshot.schema, location.most_bytes)
    return [file for file in snapshot.files if is_fragmented(file, rows, location.most_bytes)]


def compact(location: TableLocation, note: Mapping[str, str]) -> Compacted | None:
    """Compact the fragmented days of a table in one commit; None when there is none.

    The days of earlier versions stay as they are until `vacuum`. Each day keeps the columns and the
    definition that it was made with.

    Raises:
        TableDamaged: a file is missing or has other bytes than were stored.
    """
    snapshot = read_snapshot(location)
    found = fragmented_days(location, snapshot)
    if not found or snapshot.schema is None:
        return None
    with naming_damage(location, found):
        staged = [_staged(location, file) for file in found]
    change = Change(
        staged=staged,
        removed=(),
        schema=snapshot.schema,
        based_on=snapshot,
        operation=COMPACTION,
        note=note,
    )
    try:
        publish(location, change)
    except DayConflict:
        return None  # a run has just written the day; the next compaction looks at it again
    return Compacted(
        days=tuple(file.day for file in found),
        before=sum(len(file.parts) for file in found),
        after=sum(len(each.files) for each in staged),
        based_on=snapshot.version,
    )


def _staged(location: TableLocation, file: DayFiles) -> Staged:
    schema = file_schema(location, file)
    rows = rows_in_files(location, file.paths, schema)
    staged = stage_day(location, file.day, rows, schema, file.made_with)
    if staged.rows != file.rows:
        raise StorageError(
            f"{location.id}: {file.day} has {staged.rows:,} rows in its files, expected "
            f"{file.rows:,}. hint: lakehouse repair --table {location.id.name}"
        )
    return staged

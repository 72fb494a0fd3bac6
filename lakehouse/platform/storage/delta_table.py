"""One Delta table of days: the public interface for reading and changing it.

A table is ``<root>/<layer>/<domain>/<table>`` with immutable Parquet files. Each holds rows of one
day; a day has several when it is large. Their names contain the digest of their bytes, so days can
be compared without reading them. Which rows belong to a day is decided elsewhere.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from lakehouse.platform.storage import commit, history, maintenance, reading, staging
from lakehouse.platform.storage.commit import Change, CommitResult
from lakehouse.platform.storage.compaction import Compacted, compact
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.file_names import Section
from lakehouse.platform.storage.history import Version
from lakehouse.platform.storage.known_snapshots import newest_snapshot
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.parquet import section_rows
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, read_snapshot
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId


class LakeTable:
    """Read and change one table.

    Holds no connection and no state; any number of threads and processes may use the same
    table. Writers of different days all succeed. Of two writers of one day the later commit
    wins, and both are in the history.
    """

    def __init__(self, store: ObjectStore, table: TableId, file_bytes: int = 0) -> None:
        self.id = table
        self.store = store
        self._location = TableLocation(store, table, file_bytes)

    @property
    def url(self) -> str:
        """Absolute path or s3:// URL of the table's folder."""
        return self._location.url

    def exists(self) -> bool:
        """Return whether the table has at least one commit."""
        try:
            return newest_snapshot(self._location).version >= 0
        except StorageError:
            return self._location.open() is not None

    def snapshot(self, *, version: int | None = None, at: dt.datetime | None = None) -> Snapshot:
        """Read the table as it is now, at a version, or as it was at a moment (with time zone).

        Raises:
            VersionGone: the version never existed or is no longer in the log.
        """
        if at is not None:
            return history.snapshot_at(self._location, at)
        if version is None:
            return newest_snapshot(self._location)
        return read_snapshot(self._location, version)

    def stored_schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema as the table stores it: without ``day``, every column nullable.

        Raises:
            StorageError: a type cannot be stored.
        """
        return staging.stored_schema(self.id, schema)

    def stage(
        self,
        day: dt.date,
        data: pa.Table | Iterable[pa.RecordBatch],
        schema: pa.Schema,
        *,
        definition: str = "",
    ) -> Staged:
        """Write the files of a day; they are not visible before `commit`.

        A day gets a further file when the one before has reached the size of the lake's files,
        and after each section; see `section_rows`.
        Batches are written one by one, so memory does not grow with the day. The same rows in
        the same order give the same bytes, however they are cut into batches. A column ``day``
        is left out; the other columns must be those of the schema, in any order. The version of
        the definition that made the rows becomes a part of the file's name.
        """
        return staging.stage_day(self._location, day, data, schema, definition)

    def section_rows(self, schema: pa.Schema) -> int:
        """Return after how many rows a day gets a further file whatever the size of the one before.

        Sections of so many rows can be written at once by several processes.
        """
        return section_rows(self.stored_schema(schema), self._location.most_bytes)

    def stage_section(
        self,
        day: dt.date,
        section: Section,
        data: Iterable[pa.RecordBatch | pa.Table],
        schema: pa.Schema,
        *,
        definition: str = "",
    ) -> Staged:
        """Write the files of a section of a day, as `stage` writes them within the day.

        All sections but the last have `section_rows`. Together their files, in their order, are the
        files of the day.
        """
        return staging.stage_day(self._location, day, data, schema, definition, section)

    def stage_many(
        self,
        days: Iterable[tuple[dt.date, pa.Table]],
        schema: pa.Schema,
        *,
        definition: str = "",
    ) -> list[Staged]:
        """Write the files of many days in parallel; only a few days are in memory at a time."""
        return staging.stage_days(self._location, days, schema, definition)

    def stage_sorted(
        self,
        batches: Iterable[pa.RecordBatch | pa.Table],
        days: Sequence[dt.date] | None,
        schema: pa.Schema,
        *,
        definition: str = "",
    ) -> list[Staged]:
        """Write the files of days whose rows stream by, sorted by the column ``day``.

        Args:
            batches: rows with the column ``day`` and the columns of the schema.
            days: days to write, also those without rows; rows of other days are left out. By
                default the days that have rows.
            schema: columns of the table.
            definition: version of the definition that made the rows.
        """
        return staging.stage_sorted(self._location, batches, days, schema, definition)

    def commit(
        self,
        staged: Sequence[Staged],
        *,
        schema: pa.Schema,
        based_on: Snapshot | None = None,
        removed: Sequence[dt.date] = (),
        note: Mapping[str, str] | None = None,
        description: str | None = None,
        definition: Definition | None = None,
    ) -> CommitResult:
        """Make staged days visible instead of the files they replace, in one transaction.

        A day whose bytes are in the table already, made with the same definition, is left unchanged
        and its staged file is deleted; when no day changes there is no commit. After an error the
        staged files remain until `vacuum`. The description is stored when the commit creates the
        table.

        With a definition the table gets the columns of the schema, whatever it had before: the
        files of other days stay as they are, and their names say that an older definition made
        them. Without one, a column that the schema has at its end and the table lacks is added; it
        is null in older days.

        Raises:
            DayConflict: a day is no longer as ``based_on`` showed it.
            SchemaConflict: the columns do not fit the table, and there is no definition.
        """
        stored = staging.stored_schema(self.id, schema)
        for each in staged:
            if each.table != self.id or not each.schema.equals(stored):
                raise StorageError(f"{self.id}: {each.day} was staged for another table or schema")
        return commit.publish(
            self._location,
            Change(
                staged=staged,
                removed=removed,
                schema=stored,
                based_on=based_on,
                operation="write",
                note=note or {},
                description=description,
                definition=definition,
            ),
        )

    def describe(self, description: str) -> None:
        """Store another description of the table; a table without a commit is left alone."""
        opened = self._location.open()
        if opened is not None and opened.metadata().description != description:
            opened.alter.set_table_description(description)

    def write(
        self,
        days: Mapping[dt.date, pa.Table],
        *,
        schema: pa.Schema,
        based_on: Snapshot | None = None,
        removed: Sequence[dt.date] = (),
        note: Mapping[str, str] | None = None,
        definition: Definition | None = None,
    ) -> CommitResult:
        """Stage and commit complete days."""
        version = definition.version if definition else ""
        staged = self.stage_many(days.items(), schema, definition=version)
        return self.commit(
            staged,
            schema=schema,
            based_on=based_on,
            removed=removed,
            note=note,
            definition=definition,
        )

    def read(
        self,
        days: Sequence[dt.date] | None = None,
        *,
        snapshot: Snapshot | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Read the rows of these days, or of all days, by day, with the column ``day`` at the end.

        A day that was never processed adds no rows.

        Raises:
            StorageError: the table does not exist.
        """
        return reading.read_rows(self._location, snapshot or self.snapshot(), days, columns)

    def read_batches(
        self,
        days: Sequence[dt.date] | None = None,
        *,
        snapshot: Snapshot | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[pa.Table]:
        """Yield what `read` returns piece by piece, so that memory does not grow with the rows.

        No piece is empty.

        Raises:
            StorageError: the table does not exist.
        """
        return reading.read_batches(self._location, snapshot or self.snapshot(), days, columns)

    def file_schema(self, file: DayFiles) -> pa.Schema:
        """Return the columns in the file of a day, which may be older than those of the table."""
        return reading.file_schema(self._location, file)

    def counts(
        self,
        columns: Sequence[str],
        days: Sequence[dt.date] | None = None,
        *,
        snapshot: Snapshot | None = None,
    ) -> pa.Table:
        """Return each combination of values of these columns with its number of rows as ``rows``.

        Memory grows with the number of combinations, not with the number of rows.
        """
        return reading.count_values(self._location, snapshot or self.snapshot(), columns, days)

    def version_in_one_file(self, paths: Sequence[str], schema: pa.Schema) -> str:
        """Return the data version that the rows of some files of a day would have in one file.

        So days can be compared whose files were cut at different sizes. The rows are read as a
        stream.
        """
        return reading.version_in_one_file(self._location, paths, schema)

    def history(self, limit: int | None = None) -> list[Version]:
        """Read the commits, newest first."""
        return history.read_history(self._location, limit)

    def foreign_days(self, after: int) -> dict[dt.date, int]:
        """Return the days, with the version, that commits after a version changed without a run."""
        return history.foreign_days(self._location, after)

    def rollback(
        self,
        *,
        to: int | dt.datetime,
        days: tuple[dt.date, dt.date] | None = None,
        note: Mapping[str, str] | None = None,
    ) -> CommitResult:
        """Restore days (first and last, both included; else all) from a version or moment.

        The old files are committed again, so a rollback can be rolled back. A day that the old
        version did not have is removed.

        Raises:
            VersionGone: the version is not in the log or vacuum has deleted one of its files;
                nothing is changed.
        """
        return history.roll_back(self._location, to=to, days=days, note=note or {})

    def checkpoint(self) -> None:
        """Summarize the log in one file, so that opening the table needs no earlier entries."""
        maintenance.write_checkpoint(self._location)

    def compact(self, *, note: Mapping[str, str]) -> Compacted | None:
        """Hold days of many small files in few large ones, with the same rows and their order.

        Return None when no day has at least twice the files that it needs, or when a run has just
        written one of them. The log calls it no change of data; earlier versions keep their files
        until `vacuum`.

        Raises:
            TableDamaged: a file is missing or has other bytes than were stored.
        """
        return compact(self._location, note)

    def vacuum(
        self, *, retention: dt.timedelta, dry_run: bool, keep: Collection[int] = ()
    ) -> list[str]:
        """Delete files that no version within the ``retention`` shows; return their paths.

        The files of the versions to ``keep``, such as the published one, are not deleted.

        Also deletes staged and unfinished files older than that, superseded checkpoints, and log
        entries past the table's own log retention. The retention must be longer than the longest
        run and the longest query, because their files would be deleted otherwise.
        """
        return maintenance.vacuum(self._location, retention=retention, dry_run=dry_run, keep=keep)

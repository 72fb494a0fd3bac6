"""Delta tables of days on local disk or S3: commits, history, rollback, vacuum.

A table is ``<root>/<layer>/<domain>/<table>`` with one immutable Parquet file per day. The
file's name carries the digest of its bytes, so what a day holds can be compared without
reading it. Which rows belong into a day is not decided here.
"""

import datetime as dt
import hashlib
import json
import random
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deltalake
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.object_store import (
    Entry,
    ObjectStore,
    S3Store,
    delta_storage_options,
)

if TYPE_CHECKING:
    import pyarrow.dataset as ds

DAY = "day"
"""The partition column of every table: a date that is not stored inside the files."""

COMPRESSION_LEVEL = 1
"""Of zstd."""

STATS_COLUMNS = 32
"""Columns with statistics in the log: the first ones, as Delta readers expect by default."""

LONGEST_BOUND = 32
"""Characters of a text that is kept as a bound; of a longer one only the rows are counted."""

COUNTED_ROWS = 1_000_000
"""Rows that are counted at a time."""

COMMIT_ATTEMPTS = 60
"""How often a commit that others overtake starts again."""

SLOWEST_RETRY = 2.0
"""Seconds, the longest pause between two attempts."""

TABLE_PROPERTIES = {
    "delta.checkpointInterval": "100",
    "delta.logRetentionDuration": "interval 365 days",
    "delta.enableExpiredLogCleanup": "false",
}
"""The log keeps a year of versions and is shortened by ``vacuum`` only."""

_PART = re.compile(r"[a-z](?:_?[a-z0-9])*")
_DATA_FILE = re.compile(r"day=\d{4}-\d\d-\d\d/[^/]+")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")
_RESERVED = frozenset({"objects"})
_chance = random.SystemRandom()

Columns = Mapping[str, pa.Array]
"""Values of all files, by column."""


class StorageError(Exception):
    """A table that cannot be read or written as asked; the message says what to do."""


class SchemaConflict(StorageError):
    """Columns that the table cannot take over from a commit."""


class DayConflict(StorageError):
    """A day that another run replaced after this run had read it."""

    def __init__(self, table: "TableId", day: dt.date) -> None:
        super().__init__(
            f"{table.name}: {day} was changed by another run after this one had read it; "
            "nothing was written, run again"
        )
        self.table = table
        self.day = day


class VersionGone(StorageError):
    """A version, or a file of it, that was removed or never existed."""


@dataclass(frozen=True, slots=True)
class TableId:
    """Where a table belongs. Parts are lower case words joined by single underscores.

    >>> TableId("silver", "mrhealth", "orders").name
    'silver.mrhealth_orders'
    >>> TableId("silver", "mrhealth", "orders", "quarantine").path
    'silver/mrhealth/quarantine/orders'
    """

    layer: str
    domain: str
    table: str
    companion: str | None = None
    """What stands beside the table under its name, such as its quarantine."""

    def __post_init__(self) -> None:
        parts = [self.layer, self.domain, self.table, *([self.companion] if self.companion else [])]
        for part in parts:
            if not _PART.fullmatch(part) or len(part) > 63 or part in _RESERVED:
                raise ValueError(
                    f"{part!r} cannot be part of a table's name; "
                    "use at most 63 of a-z, 0-9 and single underscores, a letter first"
                )
        if "_" in self.domain:
            raise ValueError(f"system {self.domain!r} must be one word: names end it at '_'")

    @property
    def path(self) -> str:
        """Folder below the lake's root."""
        companion = (self.companion,) if self.companion else ()
        return "/".join((self.layer, self.domain, *companion, self.table))

    @property
    def name(self) -> str:
        """Name in SQL; a companion follows two underscores."""
        companion = f"__{self.companion}" if self.companion else ""
        return f"{self.layer}.{self.domain}_{self.table}{companion}"

    @staticmethod
    def from_name(name: str) -> "TableId":
        """The table of an SQL name; ValueError when it has another form."""
        layer, _, rest = name.partition(".")
        domain, _, rest = rest.partition("_")
        table, _, companion = rest.partition("__")
        return TableId(layer, domain, table, companion or None)

    def __lt__(self, other: "TableId") -> bool:
        return self.path < other.path

    def __str__(self) -> str:
        return self.name


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
    """First 16 hex digits of the SHA-256 of the file."""
    bounds: Mapping[str, tuple[Any, Any]] = field(compare=False, repr=False)
    """Smallest and largest value of a column, in its type; only where both are known."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A table as one version shows it. Version -1 is the table before its first commit."""

    version: int
    files: tuple[DayFile, ...] = ()
    """By day."""
    schema: pa.Schema | None = None
    """Without ``day``."""

    @cached_property
    def by_day(self) -> Mapping[dt.date, DayFile]:
        return {file.day: file for file in self.files}

    @cached_property
    def days(self) -> tuple[dt.date, ...]:
        """Days that were processed, also those that turned out empty; ascending."""
        return tuple(file.day for file in self.files)

    def between(self, first: dt.date, last: dt.date) -> tuple[DayFile, ...]:
        """Files of the days from first to last, both included."""
        return tuple(file for file in self.files if first <= file.day <= last)

    def urls(self, days: Iterable[dt.date] | None = None) -> list[str]:
        """Files of these days, or of all, by day; a day that was never processed has none."""
        if days is None:
            return [file.url for file in self.files]
        return [self.by_day[day].url for day in sorted(set(days)) if day in self.by_day]


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """A day's file that is written and not yet visible."""

    table: TableId
    day: dt.date
    path: str
    """Relative to the table."""
    rows: int
    size: int
    """Bytes."""
    data_version: str
    schema: pa.Schema = field(repr=False)
    stats: str = field(repr=False)
    """JSON, as the Delta log keeps it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitResult:
    """What a commit did."""

    version: int
    """The version that shows it; the current one when nothing changed."""
    changed: tuple[dt.date, ...]
    """Days added, replaced or removed."""
    unchanged: tuple[dt.date, ...]
    """Days whose bytes were in the table already."""
    rows: int
    """Rows in the days added or replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One commit in a table's history."""

    version: int
    at: dt.datetime
    """UTC, to the millisecond."""
    operation: str
    days: tuple[dt.date, ...]
    rows: int
    note: Mapping[str, str]

    @property
    def run_id(self) -> str | None:
        return self.note.get("run_id")


class Lake:
    """The tables below one root. Making one opens nothing."""

    def __init__(self, root: str) -> None:
        self.store = ObjectStore.at(root)
        self.root = self.store.uri

    def table(self, table: TableId) -> "LakeTable":
        """The table, whether or not it exists yet."""
        return LakeTable(self.store, table)

    def tables(self, layer: str | None = None, domain: str | None = None) -> list[TableId]:
        """Tables that exist, by path."""
        found: list[TableId] = []
        for each_layer in [layer] if layer else self._names(""):
            for each_system in [domain] if domain else self._names(each_layer):
                found += self._tables_of(each_layer, each_system)
        return sorted(found)

    def _tables_of(self, layer: str, domain: str) -> Iterator[TableId]:
        for name in self._names(f"{layer}/{domain}"):
            below = self.store.folders(f"{layer}/{domain}/{name}")
            if "_delta_log" in below:
                yield TableId(layer, domain, name)
            else:
                for table in filter(_is_part, below):
                    if "_delta_log" in self.store.folders(f"{layer}/{domain}/{name}/{table}"):
                        yield TableId(layer, domain, table, name)

    def _names(self, folder: str) -> list[str]:
        return [name for name in self.store.folders(folder) if _is_part(name)]


class LakeTable:
    """One table: its days, its versions, and the only way to change them.

    Holds no connection and no state; any number of threads and processes may use the same
    table. Writers of different days all succeed; of two writers of one day the later commit
    wins, and both are in the history.
    """

    def __init__(self, store: ObjectStore, table: TableId) -> None:
        self.id = table
        self.store = store
        self.url = store.url(table.path)

    def exists(self) -> bool:
        return self._open() is not None

    def snapshot(self, *, version: int | None = None, at: dt.datetime | None = None) -> Snapshot:
        """The table now, at a version, or as it was at a moment (aware).

        Raises VersionGone for a version that never existed or is no longer in the log.
        """
        if at is not None:
            version = self._version_at(at)
        if version == -1:
            return Snapshot(version=-1)
        opened = self._open(version)
        return Snapshot(version=-1) if opened is None else self._shown(opened)

    def stage(
        self, day: dt.date, data: pa.Table | Iterable[pa.RecordBatch], schema: pa.Schema
    ) -> Staged:
        """Write a day's file; it is not visible before ``commit``.

        Batches are written as they come, so memory does not grow with the day. The same rows
        in the same order give the same bytes, however they are cut into batches. A column
        ``day`` is left out, other columns must be those of the schema, in any order.
        """
        if type(day) is not dt.date:
            raise TypeError(f"{self.id}: {day!r} is not a date")
        wanted = self._storable(schema)
        folder = f"{DAY}={day.isoformat()}"
        failpoint("storage.staging")
        scratch = self.store.scratch(f"{self.id.path}/{folder}")
        try:
            written = self._written(scratch, day, data, wanted)
            path = f"{folder}/{written.digest}-{uuid.uuid4().hex[:8]}.parquet"
            failpoint("storage.written")
            self.store.move_in(scratch, f"{self.id.path}/{path}")
        finally:
            scratch.unlink(missing_ok=True)
        failpoint("storage.staged")
        return Staged(
            table=self.id,
            day=day,
            path=path,
            rows=written.rows,
            size=written.size,
            data_version=written.digest,
            schema=wanted,
            stats=written.stats,
        )

    def _written(
        self,
        place: Path,
        day: dt.date,
        data: pa.Table | Iterable[pa.RecordBatch],
        wanted: pa.Schema,
    ) -> "_Written":
        """Write a day's file; one that is in memory already is encoded and digested there."""
        if not isinstance(data, pa.Table):
            tables = (self._conform(batch, wanted, day) for batch in data)
            with place.open("wb") as sink:
                footer = _encode(tables, wanted, sink)
            with place.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
            return _Written(
                footer.num_rows, place.stat().st_size, digest, _stats_of(footer, wanted)
            )
        conformed = self._conform(data, wanted, day)
        content, written = _empty(wanted) if not conformed.num_rows else _encoded(conformed, wanted)
        with place.open("wb") as sink:
            sink.write(content)
        return written

    def stage_many(
        self, days: Iterable[tuple[dt.date, pa.Table]], schema: pa.Schema
    ) -> list[Staged]:
        """Write the files of many days side by side; no more than a few days are in memory."""
        workers = 8 if isinstance(self.store, S3Store) else 2
        staged: list[Staged] = []
        running: list[Future[Staged]] = []
        with ThreadPoolExecutor(workers) as pool:
            for day, data in days:
                if len(running) >= 2 * workers:
                    staged.append(running.pop(0).result())
                running.append(pool.submit(self.stage, day, data, schema))
            return staged + [each.result() for each in running]

    def commit(
        self,
        staged: Sequence[Staged],
        *,
        schema: pa.Schema,
        based_on: Snapshot | None = None,
        removed: Sequence[dt.date] = (),
        note: Mapping[str, str] | None = None,
    ) -> CommitResult:
        """Make staged days visible and retire what they replace, all in one transaction.

        A day whose bytes are in the table already is left alone and its staged file deleted;
        when nothing is left there is no commit. A column that the schema has at its end and
        the table has not is added to the table first, and is null in older days.

        Raises DayConflict when a day is no longer as ``based_on`` showed it, SchemaConflict
        when the columns do not fit. After an error the staged files stay, for ``vacuum``.
        """
        wanted = self._storable(schema)
        for each in staged:
            if each.table != self.id or not each.schema.equals(wanted):
                raise StorageError(f"{self.id}: {each.day} was staged for another table or schema")
        return self._publish(
            _Change(
                staged=staged,
                removed=removed,
                schema=wanted,
                based_on=based_on,
                operation="write",
                note=note or {},
            )
        )

    def write(
        self,
        days: Mapping[dt.date, pa.Table],
        *,
        schema: pa.Schema,
        based_on: Snapshot | None = None,
        removed: Sequence[dt.date] = (),
        note: Mapping[str, str] | None = None,
    ) -> CommitResult:
        """Stage and commit whole days."""
        staged = self.stage_many(days.items(), schema)
        return self.commit(staged, schema=schema, based_on=based_on, removed=removed, note=note)

    def read(
        self,
        days: Sequence[dt.date] | None = None,
        *,
        snapshot: Snapshot | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Rows of these days, or of all, by day, with the column ``day`` at the end.

        A day that was never processed adds no rows. Raises StorageError when the table does
        not exist.
        """
        shown = snapshot or self.snapshot()
        if shown.schema is None:
            raise StorageError(f"{self.id} does not exist yet")
        wanted = set(shown.days if days is None else days)
        files = [file for file in shown.files if file.day in wanted]
        dataset = self._dataset(files, shown.schema)
        return dataset.to_table(columns=list(columns) if columns is not None else None)

    def counts(
        self,
        columns: Sequence[str],
        days: Sequence[dt.date] | None = None,
        *,
        snapshot: Snapshot | None = None,
    ) -> pa.Table:
        """Distinct values of columns in these days, or in all, and the rows of each as ``rows``.

        Memory grows with the distinct values and not with the rows: some days are read at a
        time, and of a repeated text only its place in a dictionary.
        """
        shown = snapshot or self.snapshot()
        if shown.schema is None:
            raise StorageError(f"{self.id} does not exist yet")
        wanted = set(shown.days if days is None else days)
        plain = pa.schema(
            [shown.schema.append(pa.field(DAY, pa.date32())).field(c) for c in columns]
        )
        counted = [plain.append(pa.field("rows", pa.int64())).empty_table()]
        for files in _groups([file for file in shown.files if file.day in wanted]):
            rows = self._dataset(files, shown.schema, dictionaries=columns).to_table(list(columns))
            found = rows.unify_dictionaries().group_by(list(columns)).aggregate([([], "count_all")])
            counted.append(found.rename_columns([*columns, "rows"]).cast(counted[0].schema))
        summed = pa.concat_tables(counted).group_by(list(columns)).aggregate([("rows", "sum")])
        return summed.select([*columns, "rows_sum"]).rename_columns([*columns, "rows"])

    def _dataset(
        self, shown: Sequence[DayFile], schema: pa.Schema, dictionaries: Sequence[str] = ()
    ) -> "ds.Dataset":
        """Files as one dataset with the column ``day``; texts of these columns as dictionaries."""
        import pyarrow.dataset as ds  # imports pandas, which costs a second

        encoded = {name for name in dictionaries if name != DAY and _is_text(schema.field(name))}
        parquet = ds.ParquetFileFormat(
            read_options=ds.ParquetReadOptions(dictionary_columns=encoded)
        )
        files = self._filesystem()
        fragments = [
            parquet.make_fragment(
                file.path, files, partition_expression=ds.field(DAY) == pa.scalar(file.day)
            )
            for file in shown
        ]
        kept = [
            field.with_type(pa.dictionary(pa.int32(), field.type))
            if field.name in encoded
            else field
            for field in schema
        ]
        return ds.FileSystemDataset(
            fragments, pa.schema([*kept, pa.field(DAY, pa.date32())]), parquet, files
        )

    def history(self, limit: int | None = None) -> list[Version]:
        """Commits, newest first."""
        opened = self._open()
        return [] if opened is None else [_version_of(entry) for entry in opened.history(limit)]

    def rollback(
        self,
        *,
        to: int | dt.datetime,
        days: tuple[dt.date, dt.date] | None = None,
        note: Mapping[str, str] | None = None,
    ) -> CommitResult:
        """Show days (first and last, both included; else all) as a version or moment did.

        The old files come back as one more commit, so a rollback can be rolled back. A day
        the old version did not have is removed. Raises VersionGone, with nothing changed,
        when the version is not in the log or vacuum has deleted a file of it.
        """
        then = self.snapshot(at=to) if isinstance(to, dt.datetime) else self.snapshot(version=to)
        now = self.snapshot()
        if now.schema is None or then.schema is None:
            raise VersionGone(f"{self.id} did not exist at {to}; there is nothing to go back to")
        schema = now.schema
        first, last = days or (dt.date.min, dt.date.max)
        back = [
            file
            for file in then.between(first, last)
            if file.day not in now.by_day or now.by_day[file.day].path != file.path
        ]
        with ThreadPoolExecutor(8) as pool:
            present = pool.map(lambda file: self.store.stat(f"{self.id.path}/{file.path}"), back)
            gone = [file for file, entry in zip(back, present, strict=True) if entry is None]
        if gone:
            raise VersionGone(
                f"{self.id}: {len(gone)} days of {to} were vacuumed, first {gone[0].day} "
                f"({gone[0].path}); go back to a later version or build these days again"
            )
        restored = [
            Staged(
                table=self.id,
                day=file.day,
                path=file.path,
                rows=file.rows,
                size=file.size,
                data_version=file.data_version,
                schema=schema,
                stats=_stats_json(file.rows, {}, file.bounds),
            )
            for file in back
        ]
        return self._publish(
            _Change(
                staged=restored,
                removed=[f.day for f in now.between(first, last) if f.day not in then.by_day],
                schema=schema,
                operation="rollback",
                note=note or {},
            )
        )

    def checkpoint(self) -> None:
        """Sum the log up in one file, so that opening the table needs none of the earlier ones."""
        opened = self._open()
        if opened is not None:
            opened.create_checkpoint()

    def vacuum(self, *, retention: dt.timedelta, dry_run: bool) -> list[str]:
        """Delete files that no version of the last ``retention`` shows; gives their paths.

        Also deleted: staged files and unfinished ones older than that, superseded checkpoints,
        and log entries past the table's own log retention. The retention must be longer than
        the longest run and the longest query, whose files it would otherwise take away.
        """
        before = dt.datetime.now(dt.UTC) - retention
        found = [*self.store.entries(self.id.path), *self.store.unfinished(self.id.path)]
        opened = self._open()
        needed: set[str] = set()
        if opened is not None:
            needed = {file.path for file in self._shown(opened).files}
            needed |= self._removed_since(before, opened.version())
        start = len(self.id.path) + 1
        old = [entry.path[start:] for entry in found if entry.modified_at <= before]
        doomed = [path for path in old if _DATA_FILE.fullmatch(path) and path not in needed]
        doomed = sorted(doomed + self._old_checkpoints(found, old))
        if not dry_run:
            failpoint("storage.vacuuming")
            self.store.delete(f"{self.id.path}/{path}" for path in doomed)
            if opened is not None:
                opened.cleanup_metadata()
        return doomed

    def _publish(self, change: "_Change") -> CommitResult:
        if len(change.days) != len(set(change.days)):
            raise StorageError(f"{self.id}: a day is given twice in one commit")
        failpoint("storage.committing")
        for attempt in range(COMMIT_ATTEMPTS):
            if attempt:
                time.sleep(_chance.uniform(0, min(SLOWEST_RETRY, 0.01 * 2**attempt)))
            try:
                done, spare = self._attempt(change, first=not attempt)
            except (CommitFailedError, _Overtaken):
                continue
            if not attempt and change.operation == "write":
                self.store.delete(f"{self.id.path}/{each.path}" for each in spare)
            return done
        raise StorageError(
            f"{self.id}: overtaken by other writers {COMMIT_ATTEMPTS} times; run again"
        )

    def _attempt(self, change: "_Change", *, first: bool) -> tuple[CommitResult, Sequence[Staged]]:
        """One try on the table as it is now; CommitFailedError or _Overtaken ask for another.

        Gives what was done, and the staged files that were not needed for it.

        An earlier try may have landed although it was reported as failed: its answer was lost
        on the way. Then the table shows the staged files and nothing is left to do.
        """
        opened = self._open()
        current = Snapshot(version=-1) if opened is None else self._shown(opened)
        landed = [each for each in change.staged if _path_at(current, each.day) == each.path]
        if not first and opened is not None and landed and len(landed) == len(change.staged):
            version = self._version_of(change, range(current.version, -1, -1))
            return _result(version, landed, change.removed, ()), ()
        self._reject_changed_days(change, current)
        same = [
            each
            for each in change.staged
            if _data_version_at(current, each.day) == each.data_version
        ]
        changed = [each for each in change.staged if each not in same]
        retired = [current.by_day[day] for day in change.removed if day in current.by_day]
        spare = [each for each in same if each not in landed]
        if not changed and not retired:
            return _result(current.version, (), (), same), spare
        if opened is not None and self._evolve(opened, change.schema):
            return self._attempt(change, first=first)
        removed = [file.day for file in retired]
        properties = change.properties(
            [*(each.day for each in changed), *removed], changed, current
        )
        failpoint("storage.publishing")
        if opened is None:
            self._create(changed, change.schema, properties)
            version = 0
        else:
            replaced = [current.by_day[e.day] for e in changed if e.day in current.by_day]
            _replace(opened, changed, [*replaced, *retired], properties)
            version = self._version_of(change, count(current.version + 1))
        failpoint("storage.published")
        return _result(version, changed, removed, same), spare

    def _version_of(self, change: "_Change", versions: Iterable[int]) -> int:
        """The version a change became; others may have committed before and after it."""
        for version in versions:
            try:
                log = self.store.read(f"{self.id.path}/_delta_log/{version:020}.json")
            except FileNotFoundError:
                break
            if change.commit.encode() in log:
                return version
        raise StorageError(f"{self.id}: the log does not show a commit it had taken; run again")

    def _create(
        self, staged: Sequence[Staged], schema: pa.Schema, properties: deltalake.CommitProperties
    ) -> None:
        try:
            create_table_with_add_actions(
                self.url,
                deltalake.Schema.from_arrow(schema.append(pa.field(DAY, pa.date32()))),
                [_add(each) for each in staged],
                mode="error",
                partition_by=[DAY],
                name=self.id.name,
                configuration=TABLE_PROPERTIES,
                storage_options=self._options(),
                commit_properties=properties,
            )
        except DeltaError as error:
            if self._open() is None:
                raise
            raise _Overtaken from error

    def _evolve(self, opened: deltalake.DeltaTable, wanted: pa.Schema) -> bool:
        """Add the columns that the table lacks; False when it has them all."""
        have = _schema_of(opened)
        hint = "give it back its old form, or move the table away and build its days again"
        for place, column in enumerate(have):
            if column.name not in wanted.names:
                raise SchemaConflict(
                    f"{self.id}: column {column.name!r} ({column.type}) is missing; {hint}"
                )
            given = wanted.field(column.name).type
            if given != column.type:
                raise SchemaConflict(
                    f"{self.id}: column {column.name!r} is {column.type} in the table and "
                    f"{given} in the commit; {hint}"
                )
            if wanted.names[place] != column.name:
                raise SchemaConflict(
                    f"{self.id}: column {wanted.names[place]!r} ({wanted.field(place).type}) "
                    f"stands where the table has {column.name!r} ({column.type}); "
                    "put columns that are added at the end"
                )
        added = [wanted.field(place) for place in range(len(have), len(wanted))]
        if added:
            try:
                opened.alter.add_columns([deltalake.Field.from_arrow(each) for each in added])
            except CommitFailedError as error:
                raise _Overtaken from error
            failpoint("storage.evolved")
        return bool(added)

    def _reject_changed_days(self, change: "_Change", current: Snapshot) -> None:
        if change.based_on is None:
            return
        own = {each.path for each in change.staged}
        for day in change.days:
            now = _path_at(current, day)
            if now != _path_at(change.based_on, day) and now not in own:
                raise DayConflict(self.id, day)

    def _open(self, version: int | None = None) -> deltalake.DeltaTable | None:
        """The Delta table, or None when it does not exist; a failed read is an error."""
        try:
            return deltalake.DeltaTable(self.url, version=version, storage_options=self._options())
        except TableNotFoundError:
            return None
        except DeltaError as error:
            if version is None:
                raise
            raise VersionGone(f"{self.id} has no version {version} in its log") from error

    def _options(self) -> dict[str, str] | None:
        return delta_storage_options() if isinstance(self.store, S3Store) else None

    def _filesystem(self) -> pafs.FileSystem:
        if isinstance(self.store, S3Store):
            return pafs.PyFileSystem(DeltaStorageHandler(self.url, self._options()))
        return pafs.SubTreeFileSystem(self.url, pafs.LocalFileSystem())

    def _version_at(self, at: dt.datetime) -> int:
        """The version a moment saw; -1 before the first commit."""
        if at.tzinfo is None:
            raise ValueError(f"{at} has no time zone; give an aware moment")
        history = self.history()
        for version in history:
            if version.at <= at:
                return version.version
        if history and history[-1].version > 0:
            raise VersionGone(f"{self.id}: the log begins after {at}")
        return -1

    def _shown(self, opened: deltalake.DeltaTable) -> Snapshot:
        stream = pa.RecordBatchReader.from_stream(opened.get_add_actions(flatten=False))
        actions = stream.read_all().combine_chunks()
        schema = _schema_of(opened)
        if not actions.num_rows:
            return Snapshot(version=opened.version(), schema=schema)
        smallest, largest = _structs(actions, "min"), _structs(actions, "max")
        files = [
            DayFile(
                day=day,
                path=path,
                url=f"{self.url}/{path}",
                rows=rows,
                size=size,
                data_version=path.rpartition("/")[2].partition("-")[0],
                bounds=_Bounds(smallest, largest, place),
            )
            for place, (day, path, rows, size) in enumerate(
                zip(
                    _structs(actions, "partition")[DAY].to_pylist(),
                    actions["path"].to_pylist(),
                    actions["num_records"].to_pylist(),
                    actions["size_bytes"].to_pylist(),
                    strict=True,
                )
            )
        ]
        files.sort(key=lambda file: file.day)
        for one, other in pairwise(files):
            if one.day == other.day:
                raise StorageError(
                    f"{self.id}: {one.day} has two files, so something else wrote to this table; "
                    "roll back to the version before"
                )
        return Snapshot(version=opened.version(), files=tuple(files), schema=schema)

    def _removed_since(self, moment: dt.datetime, newest: int) -> set[str]:
        """Files that commits after a moment retired: versions since then still showed them."""
        removed: set[str] = set()
        for version in range(newest, -1, -1):
            try:
                log = self.store.read(f"{self.id.path}/_delta_log/{version:020}.json")
            except FileNotFoundError:
                break
            actions = [json.loads(line) for line in log.splitlines() if line]
            stamps = [a["commitInfo"]["timestamp"] for a in actions if "commitInfo" in a]
            if stamps and _moment(stamps[0] + 1) <= moment:  # written cut to the millisecond
                break
            removed |= {action["remove"]["path"] for action in actions if "remove" in action}
        return removed

    def _old_checkpoints(self, found: Sequence[Entry], old: Sequence[str]) -> list[str]:
        """Checkpoints that only make opening an old version faster; the newest two stay.

        While the log reaches back to version 0 any version can be built without them; once it
        is shortened they all stay.
        """
        start = len(self.id.path) + len("/_delta_log/")
        log = [entry.path[start:] for entry in found if "/_delta_log/" in entry.path]
        versions = sorted({int(m[1]) for name in log if (m := _CHECKPOINT.fullmatch(name))})
        if f"{0:020}.json" not in log:
            return []
        superseded = set(versions[:-2])
        return [
            path
            for path in old
            if (m := _CHECKPOINT.fullmatch(path.rpartition("/")[2]))
            and path.startswith("_delta_log/")
            and int(m[1]) in superseded
        ]

    def _storable(self, schema: pa.Schema) -> pa.Schema:
        """The schema as Delta keeps it: without ``day``, every column nullable."""
        try:
            return _stored_as(schema)
        except StorageError as error:
            raise StorageError(f"{self.id}: {error}") from error.__cause__

    def _conform(
        self, batch: pa.RecordBatch | pa.Table, wanted: pa.Schema, day: dt.date
    ) -> pa.Table:
        given = [name for name in batch.schema.names if name != DAY]
        if sorted(given) != sorted(wanted.names):
            odd = sorted(set(given) ^ set(wanted.names)) or given
            raise StorageError(f"{self.id}: {day} does not have the schema's columns, see {odd}")
        columns = []
        for column in wanted:
            try:
                given_as = batch.column(column.name)
                columns.append(
                    given_as if given_as.type == column.type else given_as.cast(column.type)
                )
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise StorageError(
                    f"{self.id}: {day}, column {column.name!r} does not fit {column.type}: {error}"
                ) from error
        return pa.Table.from_arrays(columns, schema=wanted)


@dataclass(frozen=True, kw_only=True)
class _Change:
    """What one commit is to do, whatever the table looks like when its turn comes."""

    staged: Sequence[Staged]
    removed: Sequence[dt.date]
    schema: pa.Schema
    operation: str
    note: Mapping[str, str]
    based_on: Snapshot | None = None
    commit: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Finds the commit again in the log."""

    @property
    def days(self) -> list[dt.date]:
        return [*(each.day for each in self.staged), *self.removed]

    def properties(
        self, days: Sequence[dt.date], changed: Sequence[Staged], current: Snapshot
    ) -> deltalake.CommitProperties:
        """The commit's note, and a transaction per day that collides with any other on it."""
        return deltalake.CommitProperties(
            custom_metadata={
                "lakehouse": {
                    "commit": self.commit,
                    "operation": self.operation,
                    "days": [day.isoformat() for day in sorted(days)],
                    "rows": sum(each.rows for each in changed),
                    "note": dict(self.note),
                }
            },
            app_transactions=[
                deltalake.Transaction(f"day/{day}", current.version + 1) for day in days
            ],
        )


class _Overtaken(Exception):
    """Another writer committed first in a way that asks for a fresh start."""


class _Bounds(Mapping[str, tuple[Any, Any]]):
    """Bounds of one file, read from the columns of all files only when asked for."""

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


def _replace(
    opened: deltalake.DeltaTable,
    staged: Sequence[Staged],
    retired: Sequence[DayFile],
    properties: deltalake.CommitProperties,
) -> None:
    now = _milliseconds()
    remove = [
        RemoveAction(file.path, True, now, file.size, {DAY: file.day.isoformat()})
        for file in retired
    ]
    opened.create_write_transaction(
        [*map(_add, staged), *remove],
        "append",
        opened.schema(),
        [DAY],
        commit_properties=properties,
    )


def _add(staged: Staged) -> AddAction:
    return AddAction(
        path=staged.path,
        size=staged.size,
        partition_values={DAY: staged.day.isoformat()},
        modification_time=_milliseconds(),
        data_change=True,
        stats=staged.stats,
    )


def _result(
    version: int, changed: Sequence[Staged], removed: Sequence[dt.date], same: Sequence[Staged]
) -> CommitResult:
    return CommitResult(
        version=version,
        changed=tuple(sorted([*(each.day for each in changed), *removed])),
        unchanged=tuple(sorted(each.day for each in same)),
        rows=sum(each.rows for each in changed),
    )


def _path_at(snapshot: Snapshot, day: dt.date) -> str | None:
    return snapshot.by_day[day].path if day in snapshot.by_day else None


def _data_version_at(snapshot: Snapshot, day: dt.date) -> str | None:
    return snapshot.by_day[day].data_version if day in snapshot.by_day else None


def _schema_of(opened: deltalake.DeltaTable) -> pa.Schema:
    schema = pa.schema(opened.schema().to_arrow())
    return pa.schema([column for column in schema if column.name != DAY])


def _structs(actions: pa.Table, name: str) -> Columns:
    if name not in actions.column_names:
        return {}
    column = actions[name].combine_chunks()
    return {field.name: column.field(place) for place, field in enumerate(column.type)}


def _version_of(entry: Mapping[str, Any]) -> Version:
    own = entry.get("lakehouse", {})
    return Version(
        version=entry["version"],
        at=_moment(entry["timestamp"]),
        operation=own.get("operation", entry["operation"].lower()),
        days=tuple(dt.date.fromisoformat(day) for day in own.get("days", ())),
        rows=own.get("rows", 0),
        note=own.get("note", {}),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """What a day's file holds."""

    rows: int
    size: int
    digest: str
    stats: str


def _encode(tables: Iterable[pa.Table], schema: pa.Schema, sink: Any) -> pq.FileMetaData:
    """Write a Parquet file; gives its footer."""
    footers: list[pq.FileMetaData] = []
    with pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        store_schema=False,
        metadata_collector=footers,
    ) as writer:
        for group in row_groups(tables, schema):
            writer.write_table(group, row_group_size=group.num_rows)
    return footers[0]


def _encoded(table: pa.Table, schema: pa.Schema) -> tuple[pa.Buffer, _Written]:
    """A table as the bytes of its Parquet file."""
    sink = pa.BufferOutputStream()
    footer = _encode([table], schema, sink)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return content, _Written(footer.num_rows, content.size, digest, _stats_of(footer, schema))


@lru_cache(maxsize=256)
def _empty(schema: pa.Schema) -> tuple[pa.Buffer, _Written]:
    """The file of a day without rows: most days of most quarantines."""
    return _encoded(schema.empty_table(), schema)


def row_groups(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Cut rows into groups whose length depends on the schema only, never on the batches."""
    length = max(8_192, min(131_072, 8_000_000 // max(1, len(schema))))
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        start = 0
        while start < table.num_rows:
            part = table.slice(start, length - count)
            start += part.num_rows
            held.append(part)
            count += part.num_rows
            if count == length:
                yield pa.concat_tables(held).combine_chunks()
                held, count = [], 0
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _stats_of(written: pq.FileMetaData, schema: pa.Schema) -> str:
    """Rows, nulls and bounds of a file, from its own footer."""
    nulls: dict[str, int] = {}
    bounds: dict[str, tuple[Any, Any]] = {}
    groups = [written.row_group(place) for place in range(written.num_row_groups)]
    for place in range(written.num_columns):
        name = written.schema.column(place).path
        if not 0 <= schema.get_field_index(name) < STATS_COLUMNS:
            continue
        stats = [group.column(place).statistics for group in groups]
        if any(each is None or not each.has_null_count for each in stats):
            continue
        nulls[name] = sum(each.null_count for each in stats)
        valued = [each for each in stats if each.num_values]
        if valued and all(each.has_min_max for each in valued):
            bounds[name] = (min(e.min for e in valued), max(e.max for e in valued))
    return _stats_json(written.num_rows, nulls, bounds)


def _stats_json(rows: int, nulls: Mapping[str, int], bounds: Mapping[str, tuple[Any, Any]]) -> str:
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
    """A bound as the log writes it; None for one it could not hold exactly.

    Floats have none, because the footer does not tell whether NaN, which sorts last, occurs.
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
def _stored_as(schema: pa.Schema) -> pa.Schema:
    columns = []
    for column in schema:
        if column.name == DAY:
            continue
        try:
            kept = deltalake.Field.from_arrow(pa.field(column.name, _delta_type(column.type)))
        except Exception as error:
            raise StorageError(
                f"column {column.name!r} has type {column.type}, which Delta cannot store; cast it"
            ) from error
        columns.append(pa.field(kept.to_arrow()))
    names = [column.name for column in columns]
    if len({name.lower() for name in names}) != len(names):
        raise StorageError(f"two columns have the same name in {names}")
    return pa.schema(columns)


def _delta_type(kind: pa.DataType) -> pa.DataType:
    """The nearest type that every Delta reader knows; a lossy cast of values fails later."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_dictionary(kind):
        return _delta_type(kind.value_type)
    return kind


def _is_text(column: pa.Field) -> bool:
    return pa.types.is_string(column.type)


def _groups(files: Sequence[DayFile]) -> Iterator[list[DayFile]]:
    """Files in groups of about a million rows."""
    group: list[DayFile] = []
    rows = 0
    for file in files:
        group.append(file)
        rows += file.rows
        if rows >= COUNTED_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _is_part(name: str) -> bool:
    return bool(_PART.fullmatch(name)) and name not in _RESERVED


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _moment(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)

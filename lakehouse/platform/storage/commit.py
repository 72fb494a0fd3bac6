"""Commits: make staged days visible in one transaction, also while others write to the table."""

import datetime as dt
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

import deltalake
import pyarrow as pa
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.errors import DayConflict, SchemaConflict, StorageError
from lakehouse.platform.storage.intact import problem_with
from lakehouse.platform.storage.known_snapshots import known_snapshot
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.made_with import Definition, keep_definition
from lakehouse.platform.storage.outside_causes import may_have_lost_the_answer
from lakehouse.platform.storage.parquet import stats_json
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, schema_of, snapshot_of
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import DAY, TableId

COMMIT_ATTEMPTS = 60
"""A commit fails after this many attempts in which other writers committed first."""

LOST_ANSWERS = 5
"""A commit fails after this many attempts that the store did not answer."""

SLOWEST_RETRY = 2.0
"""Longest pause between two attempts, in seconds."""

COMPACTION = "compact"
"""Operation that stores the rows of days in other files; it changes no data."""

TABLE_PROPERTIES = {
    "delta.checkpointInterval": "100",
    "delta.logRetentionDuration": "interval 365 days",
    "delta.enableExpiredLogCleanup": "false",
}
"""The log keeps the versions of one year; only vacuum shortens it."""

_random = random.SystemRandom()


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitResult:
    """Result of a commit."""

    version: int
    """The version that the commit made; the current version when nothing changed."""
    changed: tuple[dt.date, ...]
    """Days added, replaced or removed."""
    unchanged: tuple[dt.date, ...]
    """Days whose bytes were in the table already."""
    rows: int
    """Rows in the days added or replaced."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A requested change, independent of the state that the table has when it is applied."""

    staged: Sequence[Staged]
    removed: Sequence[dt.date]
    schema: pa.Schema
    operation: str
    note: Mapping[str, str]
    description: str | None = None
    """Description of the table, stored when the change creates it."""
    definition: Definition | None = None
    """When given, the table gets the columns of the schema, whatever it had before."""
    based_on: Snapshot | None = None
    """When given, fail if a day of the change differs from this snapshot."""
    commit: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Identifies the commit in the log."""

    @property
    def days(self) -> list[dt.date]:
        """Days that the change adds, replaces or removes."""
        return [*(each.day for each in self.staged), *self.removed]


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The work that a change needs on one state of the table."""

    current: Snapshot
    added: Sequence[Staged]
    """Days whose bytes the table does not have."""
    unchanged: Sequence[Staged]
    """Days whose bytes the table has already."""
    removed: Sequence[DayFiles]
    """Files of the days to remove."""

    @property
    def days(self) -> list[dt.date]:
        return [*(each.day for each in self.added), *(file.day for file in self.removed)]

    @property
    def replaced(self) -> list[DayFiles]:
        by_day = self.current.by_day
        return [by_day[each.day] for each in self.added if each.day in by_day]

    @property
    def unused(self) -> list[Staged]:
        """Staged files that the change does not need: the table has their bytes in other files."""
        return [each for each in self.unchanged if not _is_visible(self.current, each)]

    def result(self, version: int) -> CommitResult:
        return CommitResult(
            version=version,
            changed=tuple(sorted(self.days)),
            unchanged=tuple(sorted(each.day for each in self.unchanged)),
            rows=sum(each.rows for each in self.added),
        )


class _Overtaken(Exception):
    """Another writer committed first, so the attempt has to start again."""


def publish(location: TableLocation, change: Change) -> CommitResult:
    """Apply a change, with as many attempts as other writers make necessary.

    Raises:
        DayConflict: a day is no longer as ``change.based_on`` showed it.
        SchemaConflict: the columns do not fit the table.
        StorageError: a day is given twice, or all attempts failed.
    """
    if len(change.days) != len(set(change.days)):
        raise StorageError(f"{location.id}: a day is given twice in one commit")
    failpoint("storage.committing")
    lost = 0
    for attempt in range(COMMIT_ATTEMPTS):
        if attempt:
            time.sleep(_random.uniform(0, min(SLOWEST_RETRY, 0.01 * 2**attempt)))
        try:
            done, unused = _attempt(location, change, first=not attempt)
        except (CommitFailedError, _Overtaken):
            continue
        except (DeltaError, OSError) as error:
            lost += 1
            if lost == LOST_ANSWERS or not may_have_lost_the_answer(error):
                raise
            continue
        if not attempt and change.operation == "write":
            location.store.delete(location.path(path) for each in unused for path in each.paths)
        return done
    raise StorageError(
        f"{location.id}: other writers committed first {COMMIT_ATTEMPTS} times; nothing was "
        "written. hint: run again"
    )


def _attempt(
    location: TableLocation, change: Change, *, first: bool
) -> tuple[CommitResult, Sequence[Staged]]:
    """Apply a change to the table as it is now; return the result and the unused staged files.

    Raises:
        CommitFailedError: another writer committed first.
        _Overtaken: likewise.
    """
    known = known_snapshot(location) if first else None
    if known is not None and (unchanged := _unchanged(location, change, known)):
        return unchanged
    opened = location.open()
    current = Snapshot(version=-1) if opened is None else snapshot_of(location, opened)
    if not first and (done := _result_of_lost_response(location, change, current)):
        return done, ()
    _require_unchanged_days(location.id, change, current)
    plan = _plan(location, change, current)
    if not plan.days:
        return plan.result(current.version), plan.unused
    if change.definition is not None:
        _keep_definition(location, change.definition, plan)
    elif opened is not None and _add_missing_columns(location.id, opened, change.schema):
        return _attempt(location, change, first=first)
    properties = _commit_properties(change, plan)
    failpoint("storage.publishing")
    if opened is None:
        _create_table(location, plan.added, change, properties)
        version = 0
    else:
        if change.definition is not None and not change.schema.equals(schema_of(opened)):
            _replace_columns(opened, plan, change.schema, properties)
        else:
            removed = [*plan.replaced, *plan.removed]
            _replace_files(opened, plan.added, removed, properties, change.operation)
        version = _version_of(location, change, count(current.version + 1))
    failpoint("storage.published")
    return plan.result(version), plan.unused


def _unchanged(
    location: TableLocation, change: Change, current: Snapshot
) -> tuple[CommitResult, Sequence[Staged]] | None:
    """Return the result of a change that changes nothing, without opening the log; else None."""
    if not all(_has_same_bytes(current, each) for each in change.staged):
        return None
    _require_unchanged_days(location.id, change, current)
    plan = _plan(location, change, current)
    return None if plan.days else (plan.result(current.version), plan.unused)


def _plan(location: TableLocation, change: Change, current: Snapshot) -> _Plan:
    same = [each for each in change.staged if _has_same_bytes(current, each)]
    with ThreadPoolExecutor(location.store.parallel_writes) as pool:
        intact = pool.map(lambda each: _is_intact(location, current, each), same)
        unchanged = [each for each, is_intact in zip(same, intact, strict=True) if is_intact]
    kept = {each.day for each in unchanged}
    return _Plan(
        current=current,
        added=[each for each in change.staged if each.day not in kept],
        unchanged=unchanged,
        removed=[current.by_day[day] for day in change.removed if day in current.by_day],
    )


def _result_of_lost_response(
    location: TableLocation, change: Change, current: Snapshot
) -> CommitResult | None:
    """Return the result of an earlier attempt that succeeded although it reported an error.

    This happens when the response is lost on the network. The table then shows all staged files.
    """
    if not change.staged or not all(_is_visible(current, each) for each in change.staged):
        return None
    return CommitResult(
        version=_version_of(location, change, range(current.version, -1, -1)),
        changed=tuple(sorted(change.days)),
        unchanged=(),
        rows=sum(each.rows for each in change.staged),
    )


def _version_of(location: TableLocation, change: Change, versions: Iterable[int]) -> int:
    """Return the version that a change made; others may have committed before and after it."""
    for version in versions:
        entry = location.read_log_entry(version)
        if entry is None:
            break
        if change.commit.encode() in entry:
            return version
    raise StorageError(
        f"{location.id}: the log does not contain a commit that was accepted. hint: run again"
    )


def _require_unchanged_days(table: TableId, change: Change, current: Snapshot) -> None:
    if change.based_on is None:
        return
    own = {each.paths for each in change.staged}
    for day in change.days:
        now = _paths_on(current, day)
        if now != _paths_on(change.based_on, day) and now not in own:
            raise DayConflict(table, day)


def _create_table(
    location: TableLocation,
    staged: Sequence[Staged],
    change: Change,
    properties: deltalake.CommitProperties,
) -> None:
    try:
        create_table_with_add_actions(
            location.url,
            deltalake.Schema.from_arrow(change.schema.append(pa.field(DAY, pa.date32()))),
            list(_add_actions(staged)),
            mode="error",
            partition_by=[DAY],
            name=location.id.name,
            description=change.description,
            configuration=TABLE_PROPERTIES,
            storage_options=location.store.delta_options(),
            commit_properties=properties,
        )
    except (DeltaError, OSError) as error:
        if location.open() is None:
            raise
        raise _Overtaken from error


def _add_missing_columns(table: TableId, opened: deltalake.DeltaTable, schema: pa.Schema) -> bool:
    """Add the columns that the schema has and the table lacks; return whether there were any.

    Raises:
        SchemaConflict: a column is missing, has another type or stands at another place.
    """
    existing = schema_of(opened)
    _require_compatible(table, existing, schema)
    added = [schema.field(place) for place in range(len(existing), len(schema))]
    if added:
        try:
            opened.alter.add_columns([deltalake.Field.from_arrow(each) for each in added])
        except CommitFailedError as error:
            raise _Overtaken from error
        failpoint("storage.evolved")
    return bool(added)


def _require_compatible(table: TableId, existing: pa.Schema, schema: pa.Schema) -> None:
    hint = "hint: restore the previous column definition, or rename the table and rebuild it"
    for place, column in enumerate(existing):
        if column.name not in schema.names:
            raise SchemaConflict(
                f"{table}: column {column.name!r} ({column.type}) is missing from the commit. "
                f"{hint}"
            )
        given = schema.field(column.name).type
        if given != column.type:
            raise SchemaConflict(
                f"{table}: column {column.name!r} is {column.type} in the table and "
                f"{given} in the commit. {hint}"
            )
        if schema.names[place] != column.name:
            raise SchemaConflict(
                f"{table}: column {schema.names[place]!r} ({schema.field(place).type}) "
                f"is at the place where the table has {column.name!r} ({column.type}). "
                "hint: add columns at the end"
            )


def _replace_files(
    opened: deltalake.DeltaTable,
    staged: Sequence[Staged],
    removed: Sequence[DayFiles],
    properties: deltalake.CommitProperties,
    operation: str,
) -> None:
    data_change = operation != COMPACTION
    now = _now_in_milliseconds()
    remove = [
        RemoveAction(part.path, data_change, now, part.size, {DAY: file.day.isoformat()})
        for file in removed
        for part in file.parts
    ]
    opened.create_write_transaction(
        [*_add_actions(staged, data_change=data_change), *remove],
        "append",
        opened.schema(),
        [DAY],
        commit_properties=properties,
    )


def _replace_columns(
    opened: deltalake.DeltaTable,
    plan: _Plan,
    schema: pa.Schema,
    properties: deltalake.CommitProperties,
) -> None:
    """Replace files and the columns of the table in one transaction.

    The files of other days stay. Their bounds are kept for columns that stay as they are; those of
    a column that had another type could not be read.

    Raises:
        _Overtaken: the table has been prepared for the columns, so the attempt has to start again.
    """
    existing = schema_of(opened)
    same = [
        column.name
        for column in schema
        if column.name in existing.names and existing.field(column.name).type == column.type
    ]
    changed = {*plan.days}
    kept = [file for file in plan.current.files if file.day not in changed]
    if _has_plain_timestamps(schema) and not _knows_timestamps(opened):
        _add_timestamps(opened)
        raise _Overtaken
    opened.create_write_transaction(
        [*_add_actions(plan.added), *_kept_actions(kept, same)],
        "overwrite",
        deltalake.Schema.from_arrow(schema.append(pa.field(DAY, pa.date32()))),
        [DAY],
        partition_filters=[(DAY, "in", [day.isoformat() for day in plan.days])],
        commit_properties=properties,
    )
    failpoint("storage.evolved")


def _kept_actions(files: Iterable[DayFiles], columns: Sequence[str]) -> Iterator[AddAction]:
    """Yield the actions that repeat files of the table with the bounds of some columns."""
    for file in files:
        for part in file.parts:
            bounds = {name: part.bounds[name] for name in columns if name in part.bounds}
            yield AddAction(
                path=part.path,
                size=part.size,
                partition_values={DAY: file.day.isoformat()},
                modification_time=_now_in_milliseconds(),
                data_change=False,
                stats=stats_json(part.rows, {}, bounds),
            )


def _has_plain_timestamps(schema: pa.Schema) -> bool:
    """Return whether a column has timestamps without a time zone, which not all readers know."""
    return any(pa.types.is_timestamp(column.type) and not column.type.tz for column in schema)


def _knows_timestamps(opened: deltalake.DeltaTable) -> bool:
    return "timestampNtz" in (opened.protocol().reader_features or ())


def _add_timestamps(opened: deltalake.DeltaTable) -> None:
    """Require of readers and writers to know timestamps without a time zone."""
    try:
        opened.alter.add_feature(
            deltalake.TableFeatures.TimestampWithoutTimezone,
            allow_protocol_versions_increase=True,
            commit_properties=deltalake.CommitProperties(
                custom_metadata={"lakehouse": {"operation": "evolve", "note": {"by": "evolve"}}}
            ),
        )
    except CommitFailedError as error:
        raise _Overtaken from error


def _keep_definition(location: TableLocation, definition: Definition, plan: _Plan) -> None:
    """Keep the definition beside the table before the first of its days is visible."""
    known = {file.made_with for file in plan.current.files}
    for version in sorted({each.made_with for each in plan.added} - known - {""}):
        keep_definition(location.store, location.id, version, definition.content)


def _commit_properties(change: Change, plan: _Plan) -> deltalake.CommitProperties:
    """Return the commit's note, and a transaction per day that conflicts with others on the day."""
    return deltalake.CommitProperties(
        custom_metadata={
            "lakehouse": {
                "commit": change.commit,
                "operation": change.operation,
                "days": [day.isoformat() for day in sorted(plan.days)],
                "rows": sum(each.rows for each in plan.added),
                "note": dict(change.note),
            }
        },
        app_transactions=[
            deltalake.Transaction(f"day/{day}", plan.current.version + 1) for day in plan.days
        ],
    )


def _add_actions(staged: Iterable[Staged], *, data_change: bool = True) -> Iterator[AddAction]:
    for each in staged:
        for file in each.files:
            yield AddAction(
                path=file.path,
                size=file.size,
                partition_values={DAY: each.day.isoformat()},
                modification_time=_now_in_milliseconds(),
                data_change=data_change,
                stats=file.stats,
            )


def _paths_on(snapshot: Snapshot, day: dt.date) -> tuple[str, ...]:
    return snapshot.by_day[day].paths if day in snapshot.by_day else ()


def _is_visible(snapshot: Snapshot, staged: Staged) -> bool:
    return _paths_on(snapshot, staged.day) == staged.paths


def _has_same_bytes(snapshot: Snapshot, staged: Staged) -> bool:
    file = snapshot.by_day.get(staged.day)
    return (
        file is not None
        and file.data_version == staged.data_version
        and file.made_with == staged.made_with
    )


def _is_intact(location: TableLocation, snapshot: Snapshot, staged: Staged) -> bool:
    """Return whether the table's own files of a staged day still have the bytes in their names."""
    if _is_visible(snapshot, staged):
        return True
    return all(
        problem_with(location.store, location.path(part.path), part.digest, part.size) is None
        for part in snapshot.by_day[staged.day].parts
    )


def _now_in_milliseconds() -> int:
    return time.time_ns() // 1_000_000

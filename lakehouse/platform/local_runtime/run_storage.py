"""Dagster's own records (runs, events, ticks) in SQLite, for a laptop or one machine.

The stock storage opens and closes a SQLite file, with a sync to disk, several times per event, and
writes every asset event twice; a year of a few assets is then mostly bookkeeping. Here one pool of
connections serves a process, and events that Dagster hands over together are one transaction.

Readers and writers of several processes (webserver, daemon, runs, command line) meet in SQLite's
write-ahead log. A transaction is in the file before the call returns, so the death of a process
(``kill -9``) loses nothing that was stored. The disk is synced at checkpoints only
(``synchronous=NORMAL``): a crash of the *machine* may lose the last seconds and never damages the
file (``OFF`` might, and measured no faster). What the lake holds does not depend on these records:
the lake is the truth, and a lost record is only a day that the Dagster UI shows as not materialized.

Nothing here knows a table or a business.
"""

import fcntl
import json
import os
import threading
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import DagsterEventType, Field, StringSource
from dagster import _check as check
from dagster._core.event_api import EventHandlerFn
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, AssetMaterializationPlannedData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.event_log.schema import (
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageMetadata,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite import consolidated_sqlite_event_log as consolidated
from dagster._core.storage.runs.sqlite import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sql import get_alembic_config, stamp_alembic_rev
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection, Engine

_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _forget_connections_of_the_parent() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections_of_the_parent)


def pooled_engine(url: str) -> Engine:
    """An engine that keeps its connections; a forked child never uses those of its parent."""
    engine = sa.create_engine(
        url,
        pool_size=4,
        max_overflow=-1,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    sa.event.listen(engine, "connect", _prepare)
    _engines.add(engine)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    """Settings of each connection to a SQLite file."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA journal_size_limit=67108864")
    cursor.close()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone among all processes: SQLite files are created one at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Pooled:
    """One pool of connections, joined by nested blocks of the same thread as one transaction."""

    def open_pool(self, url: str) -> None:
        self._engine = pooled_engine(url)
        self._joined = threading.local()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        outer = getattr(self._joined, "connection", None)
        if outer is not None:
            yield outer
            return
        with self._engine.begin() as connection:
            self._joined.connection = connection
            try:
                yield connection
            finally:
                self._joined.connection = None

    def dispose(self) -> None:
        self._engine.dispose()


class RunLog(_Pooled, SqliteRunStorage):
    """Runs, backfills and heartbeats of daemons."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(conn_string)
        super().__init__(conn_string, inst_data)


class TickLog(_Pooled, SqliteScheduleStorage):
    """Ticks of sensors and schedules, and their state."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(conn_string)
        super().__init__(conn_string, inst_data)


class EventLog(_Pooled, consolidated.ConsolidatedSqliteEventLogStorage):
    """Events of all runs in one file; every row equals the one that the stock storage writes."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(create_db_conn_string(base_dir, "event_log"))
        self._watcher: SqlPollingEventWatcher | None = None
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)
        if not self.has_table("alembic_version"):
            self._init_db()

    def _init_db(self) -> None:
        with self.connect() as connection:
            SqlEventLogStorageMetadata.create_all(connection)
            stamp_alembic_rev(get_alembic_config(consolidated.__file__), connection)
        self.reindex_events()
        self.reindex_assets()

    def _connect(self) -> Any:
        return self.connect()

    def has_table(self, table_name: str) -> bool:
        """Whether the table is there; a table once seen is not looked for again."""
        if table_name not in self._tables:
            with self.connect() as connection:
                if not sa.inspect(connection).has_table(table_name):
                    return False
            self._tables.add(table_name)
        return True

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        return column_name in AssetKeyTable.c

    @property
    def supports_partition_subset_in_asset_materialization_planned_events(self) -> bool:
        """Dagster hands a planned range over as one event; it is stored as one row per day."""
        return True

    def store_event(self, event: EventLogEntry) -> None:
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events, and what the asset tables say of them, in one transaction."""
        with self.connect() as connection:
            ids = self._insert([self._rows(event) for event in events], connection)
            newest: dict[tuple[str, DagsterEventType | None], tuple[EventLogEntry, int]] = {}
            tagged: list[tuple[EventLogEntry, int]] = []
            for event, event_id in zip(events, ids, strict=True):
                dagster_event = event.dagster_event
                if dagster_event is None:
                    continue
                kind = dagster_event.event_type
                if kind in ASSET_EVENTS and dagster_event.asset_key:
                    newest[dagster_event.asset_key.to_string(), kind] = event, event_id
                    tagged.append((event, event_id))
                elif kind in ASSET_CHECK_EVENTS:
                    self.store_asset_check_event(event, event_id)
            if tagged:
                self._store_asset_event_tags(connection, *zip(*tagged, strict=True))
            for event, event_id in newest.values():
                self._store_asset_event(connection, event, event_id)

    def _rows(self, event: EventLogEntry) -> list[dict[str, Any]]:
        """The rows of one event: a planned range becomes one row per partition.

        The payloads differ in the partition's name only, so one of them is written by Dagster's
        serializer and the others are made from its text.
        """
        dagster_event = event.dagster_event
        planned = dagster_event.event_specific_data if dagster_event else None
        if (
            dagster_event is None
            or not isinstance(planned, AssetMaterializationPlannedData)
            or not planned.partitions_subset
        ):
            return [self._event_to_row(event)]
        mark = uuid.uuid4().hex
        single = AssetMaterializationPlannedData(planned.asset_key, partition=mark)
        row = self._event_to_row(
            event._replace(dagster_event=dagster_event._replace(event_specific_data=single))
        )
        before, after = row["event"].split(f'"{mark}"')
        return [
            row | {"partition": key, "event": before + json.dumps(key) + after}
            for key in planned.partitions_subset.get_partition_keys()
        ]

    def _insert(self, groups: list[list[dict[str, Any]]], connection: Connection) -> list[int]:
        """Insert all rows and give the id of the last row of each group.

        The first row takes SQLite's write lock, so the ids after it are free until the commit.
        """
        rows = [row for group in groups for row in group]
        if not rows:
            return []
        first, others = rows[0], rows[1:]
        table = SqlEventLogStorageTable
        key = connection.execute(table.insert(), first).inserted_primary_key
        last = int(key[0]) if key else 0
        if others:
            numbered = [row | {"id": last + n} for n, row in enumerate(others, start=1)]
            connection.execute(table.insert(), numbered)
        ids, last = [], last - 1
        for group in groups:
            last += len(group)
            ids.append(last)
        return ids

    def _store_asset_event(self, conn: Connection, event: EventLogEntry, event_id: int) -> None:
        values = self._get_asset_entry_values(event, event_id, has_asset_key_index_cols=True)
        if values:
            key = check.not_none(event.get_dagster_event().asset_key)
            conn.execute(
                upsert(AssetKeyTable)
                .values(asset_key=key.to_string(), **values)
                .on_conflict_do_update(index_elements=[AssetKeyTable.c.asset_key], set_=values)
            )

    def delete_events_for_run(self, conn: Connection, run_id: str) -> None:
        """Delete the events of a run, but for the newest materialization of a partition.

        That a day is materialized stays true when the record of the run is thrown away.
        """
        event, newer = SqlEventLogStorageTable, SqlEventLogStorageTable.alias()
        materialized = DagsterEventType.ASSET_MATERIALIZATION.value
        superseded = sa.exists().where(
            newer.c.asset_key == event.c.asset_key,
            newer.c.dagster_event_type == materialized,
            newer.c.partition.is_not_distinct_from(event.c.partition),
            newer.c.id > event.c.id,
        )
        dropped = sa.and_(
            event.c.run_id == run_id,
            sa.or_(event.c.dagster_event_type.is_distinct_from(materialized), superseded),
        )
        tags = AssetEventTagsTable
        conn.execute(tags.delete().where(tags.c.event_id.in_(sa.select(event.c.id).where(dropped))))
        conn.execute(event.delete().where(dropped))

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Follow a run by polling: a file in write-ahead mode does not change with every event."""
        if self._watcher is None:
            self._watcher = SqlPollingEventWatcher(self)
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        if self._watcher:
            self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        if self._watcher:
            self._watcher.close()
            self._watcher = None
        super().dispose()


class Storage(DagsterStorage, ConfigurableClass):
    """The three records together, as ``storage: custom:`` of ``dagster.yaml``.

    ``base_dir`` is ``$DAGSTER_HOME``. ``event_batch`` is how many events of one output Dagster
    collects before it stores them; ``DAGSTER_EVENT_BATCH_SIZE`` of the environment wins.
    """

    def __init__(
        self,
        base_dir: str,
        event_batch: int = 1000,
        inst_data: ConfigurableClassData | None = None,
    ):
        home = Path(base_dir).absolute()
        with locked(home):
            self._run_storage = RunLog.from_local(str(home / "history"))
            self._event_log_storage = EventLog(str(home / "history"))
            self._schedule_storage = TickLog.from_local(str(home / "schedules"))
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(event_batch))
        self._inst_data = inst_data
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        return {
            "base_dir": StringSource,
            "event_batch": Field(int, default_value=1000),
        }

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "Storage":
        return cls(inst_data=inst_data, **config_value)

    def register_instance(self, instance: Any) -> None:
        super().register_instance(instance)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            if not part.has_instance:
                part.register_instance(instance)

    @property
    def event_log_storage(self) -> EventLog:
        return self._event_log_storage

    @property
    def run_storage(self) -> RunLog:
        return self._run_storage

    @property
    def schedule_storage(self) -> SqliteScheduleStorage:
        return self._schedule_storage

    def dispose(self) -> None:
        for part in (self._event_log_storage, self._run_storage, self._schedule_storage):
            part.dispose()

"""Dagster's events of the local runtime, in one SQLite file for all runs.

The stock storage opens and closes a SQLite file, with a sync to disk, several times per event and
writes every asset event twice; for a year of a few assets that takes longer than the work. Here one
pool of connections serves a process, and events that Dagster hands over together are stored in one
transaction.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from dagster import DagsterEventType
from dagster import _check as check
from dagster._core.event_api import EventHandlerFn
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, AssetMaterializationPlannedData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageMetadata,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite import consolidated_sqlite_event_log as consolidated
from dagster._core.storage.sql import get_alembic_config, stamp_alembic_rev
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from lakehouse.platform.local_runtime.check_executions import (
    check_executions,
    delete_superseded_results,
    store_evaluations,
)
from lakehouse.platform.local_runtime.sqlite import Pooled


class EventLog(Pooled, consolidated.ConsolidatedSqliteEventLogStorage):
    """Store the events of all runs in one file, in the same rows as the stock storage."""

    keeps_newest_materializations = True
    """Deleting a run keeps the newest materialization of every asset and partition."""

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
        """Return whether the table exists; a table that was seen once is not looked up again."""
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
        """Let Dagster pass a planned range as one event; it is stored as one row per partition."""
        return True

    def store_event(self, event: EventLogEntry) -> None:
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events, and their entries in the asset tables, in one transaction."""
        with self.connect() as connection:
            groups = [self._rows(event) for event in events]
            ids = self._insert(groups, connection)
            newest: dict[tuple[str, DagsterEventType | None], tuple[EventLogEntry, int]] = {}
            tagged: list[tuple[EventLogEntry, int]] = []
            evaluated: list[dict[str, Any]] = []
            for event, event_id, rows in zip(events, ids, groups, strict=True):
                dagster_event = event.dagster_event
                if dagster_event is None:
                    continue
                kind = dagster_event.event_type
                if kind in ASSET_EVENTS and dagster_event.asset_key:
                    newest[dagster_event.asset_key.to_string(), kind] = event, event_id
                    tagged.append((event, event_id))
                elif kind in ASSET_CHECK_EVENTS:
                    found = check_executions(event, event_id, rows[0]["event"])
                    if kind is DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                        connection.execute(AssetCheckExecutionsTable.insert(), found)
                    else:
                        evaluated += found
            store_evaluations(connection, evaluated)
            if tagged:
                self._store_asset_event_tags(connection, *zip(*tagged, strict=True))
            for event, event_id in newest.values():
                self._store_asset_event(connection, event, event_id)

    def _rows(self, event: EventLogEntry) -> list[dict[str, Any]]:
        """Return the rows of one event; a planned range becomes one row per partition.

        The payloads differ in the partition key only: Dagster serializes one of them with a mark in
        place of the key, and the text of the others follows by replacing the mark.
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
        """Insert all rows and return the id of the last row of each group.

        Inserting the first row takes SQLite's write lock, so no other process uses the ids after it
        before the commit.
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
        """Delete the events of a run, except the newest materialization of each partition.

        A day stays materialized, and its checks keep their newest results, when the record of its
        run is deleted.
        """
        delete_superseded_results(conn, run_id)
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
        """Follow a run by polling, because a file in write-ahead mode does not change per event."""
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

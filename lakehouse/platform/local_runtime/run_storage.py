"""Dagster's storage of the local runtime: runs, events and ticks in SQLite, on one machine.

The lake does not depend on these records: a lost one is only a day that the Dagster UI shows as not
materialized. Nothing here knows a table or a domain.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import Field, StringSource
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.runs.sqlite import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from lakehouse.platform.local_runtime.event_log import EventLog
from lakehouse.platform.local_runtime.locks import locked
from lakehouse.platform.local_runtime.sqlite import Pooled


class RunLog(Pooled, SqliteRunStorage):
    """Store runs, backfills and heartbeats of daemons."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(conn_string)
        super().__init__(conn_string, inst_data)


class TickLog(Pooled, SqliteScheduleStorage):
    """Store ticks of sensors and schedules, and their state."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(conn_string)
        super().__init__(conn_string, inst_data)


class Storage(DagsterStorage, ConfigurableClass):
    """Store runs, events and ticks; named under ``storage: custom:`` in ``dagster.yaml``.

    Args:
        base_dir: ``$DAGSTER_HOME``.
        event_batch: number of events of one output that Dagster collects before it stores them;
            the environment variable ``DAGSTER_EVENT_BATCH_SIZE`` overrides it.
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

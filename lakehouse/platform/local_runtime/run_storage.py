"""Dagster's storage of the local runtime: runs, events and ticks in SQLite, on one machine.

The lake does not depend on these records: a lost one is only a day that the Dagster UI shows as not
materialized. Nothing here knows a table or a domain.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from dagster import Field, StringSource
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.runs.sqlite import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from lakehouse.platform.local_runtime.event_log import EventLog
from lakehouse.platform.local_runtime.locks import locked
from lakehouse.platform.local_runtime.sqlite import Pooled, is_checked, remember_checked

Log = TypeVar("Log", "RunLog", "TickLog")


class RunLog(Pooled, SqliteRunStorage):
    """Store runs, backfills and heartbeats of daemons."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(conn_string)
        super().__init__(conn_string, inst_data)

    @classmethod
    def from_local(cls, base_dir: str, inst_data: ConfigurableClassData | None = None) -> "RunLog":
        return _opened(cls, super().from_local, base_dir, "runs", inst_data)


class TickLog(Pooled, SqliteScheduleStorage):
    """Store ticks of sensors and schedules, and their state."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None):
        self.open_pool(conn_string)
        super().__init__(conn_string, inst_data)

    @classmethod
    def from_local(cls, base_dir: str, inst_data: ConfigurableClassData | None = None) -> "TickLog":
        return _opened(cls, super().from_local, base_dir, "schedules", inst_data)


def _opened(
    kind: type[Log],
    created: Callable[[str, ConfigurableClassData | None], Any],
    base_dir: str,
    name: str,
    inst_data: ConfigurableClassData | None,
) -> Log:
    """Return a storage; only the first one of a file in this process compares its tables.

    The comparison reads every migration that Dagster ever had, which takes longer than a tick.
    """
    url = create_db_conn_string(base_dir, name)
    if is_checked(url):
        return kind(url, inst_data)
    made: Log = created(base_dir, inst_data)
    remember_checked(url)
    return made


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

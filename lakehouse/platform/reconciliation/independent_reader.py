"""Read tables without the platform's storage code: the log as JSON, the files with pyarrow.

The audit uses it, so that a fault in reading tables cannot hide in the check of that reading.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId

MOST_ROWS = 2_000_000
"""Rows of one relation that are compared in memory."""


class TooManyRows(Exception):
    """A relation has more rows than are compared in memory."""


@dataclass(frozen=True, kw_only=True)
class LoggedFile:
    """A file that a table's log lists."""

    path: str
    day: dt.date
    rows: int
    bounds: Mapping[str, tuple[str, str]]
    """Least and greatest value of columns, as the log writes them."""


@dataclass(kw_only=True)
class IndependentReader:
    """Tables of a lake as their logs list them now; each log is read once."""

    store: ObjectStore
    _files: dict[TableId, list[LoggedFile]] = field(default_factory=dict)

    def files(self, table: TableId) -> list[LoggedFile]:
        """Return the files of a table; none for a table that does not exist."""
        if table not in self._files:
            self._files[table] = self._replayed(table)
        return self._files[table]

    def days(self, table: TableId) -> list[dt.date]:
        """Return the days of a table, in order."""
        return sorted({file.day for file in self.files(table)})

    def rows(
        self,
        table: TableId,
        wanted: Callable[[LoggedFile], bool],
        columns: Callable[[str], bool] = lambda _: True,
    ) -> pa.Table | None:
        """Return the rows of some files with their ``day``; None when there is no such file.

        Raises:
            TooManyRows: they are more than `MOST_ROWS`.
        """
        files = [file for file in self.files(table) if wanted(file)]
        if sum(file.rows for file in files) > MOST_ROWS:
            raise TooManyRows
        parts = []
        for file in files:
            opened = pq.ParquetFile(pa.BufferReader(self.store.read(file.path)))
            names = [name for name in opened.schema_arrow.names if columns(name) and name != "day"]
            rows = opened.read(columns=names, use_threads=False)
            days = pa.repeat(pa.scalar(file.day, pa.date32()), opened.metadata.num_rows)
            parts.append(rows.append_column("day", days))
        if not parts:
            return None
        return pa.concat_tables(parts, promote_options="permissive")

    def _replayed(self, table: TableId) -> list[LoggedFile]:
        """Return what the actions of a log leave, from its newest checkpoint on."""
        live: dict[str, LoggedFile] = {}
        for action in self._actions(table):
            if removed := action.get("remove"):
                live.pop(unquote(removed["path"]), None)
            elif added := action.get("add"):
                path = unquote(added["path"])
                stats = json.loads(added.get("stats") or "{}")
                low, high = stats.get("minValues", {}), stats.get("maxValues", {})
                live[path] = LoggedFile(
                    path=f"{table.path}/{path}",
                    day=dt.date.fromisoformat(dict(added["partitionValues"])["day"]),
                    rows=stats.get("numRecords", 0),
                    bounds={name: (low[name], high[name]) for name in low if name in high},
                )
        return sorted(live.values(), key=lambda file: (file.day, file.path))

    def _actions(self, table: TableId) -> Iterator[dict[str, Any]]:
        log = f"{table.path}/_delta_log"
        names = sorted(entry.path for entry in self.store.entries(log))
        checkpoints = [name for name in names if name.endswith(".parquet")]
        newest = max((_version(name) for name in checkpoints), default=-1)
        for name in checkpoints:
            if _version(name) == newest:
                opened = pq.ParquetFile(pa.BufferReader(self.store.read(name)))
                yield from opened.read(columns=["add"], use_threads=False).to_pylist()
        for name in names:
            if name.endswith(".json") and _version(name) > newest:
                for line in self.store.read(name).splitlines():
                    yield json.loads(line)


def _version(path: str) -> int:
    return int(path.rpartition("/")[2].split(".")[0])

"""Old versions of a table that somebody is in are made unreadable, and its log forgets them.

The data files go. The log keeps every commit, but not the bounds of files that are gone: the
smallest and largest value of a column may be somebody's address.
"""

import json
import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.privacy.search import DATA_FILE
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId

_COMMIT = re.compile(r"_delta_log/\d{20}\.json")
_CHECKPOINT = re.compile(r"_delta_log/\d{20}\.checkpoint.*\.parquet")


def forget(lake: Lake, table: TableId, paths: Iterable[str]) -> None:
    """Delete these data files, which no current version shows, and clean the log of them.

    Doing it again finishes what a crash cut off.
    """
    store = lake.store
    store.delete(f"{table.path}/{path}" for path in paths)
    names = [entry.path[len(table.path) + 1 :] for entry in store.entries(table.path)]
    there = {name for name in names if DATA_FILE.fullmatch(name)}
    for name in filter(_COMMIT.fullmatch, names):
        log = store.read(f"{table.path}/{name}")
        cleaned = without_bounds(log, there)
        if cleaned != log:
            store.write(f"{table.path}/{name}", cleaned)
    stale = [
        name
        for name in filter(_CHECKPOINT.fullmatch, names)
        if not set(_listed(store.read(f"{table.path}/{name}"))) <= there
    ]
    if stale:
        lake.table(table).checkpoint()
        store.delete(f"{table.path}/{name}" for name in stale)


def without_bounds(log: bytes, there: set[str]) -> bytes:
    """A commit whose files have no bounds but for those that are there.

    >>> said = json.dumps({"numRecords": 1, "maxValues": {"email": "z@x.org"}})
    >>> log = json.dumps({"add": {"path": "day=2026-01-05/a.parquet", "stats": said}}).encode()
    >>> b"z@x.org" in without_bounds(log, set())
    False
    """
    lines = []
    for line in log.splitlines():
        action = json.loads(line) if line.strip() else {}
        added = action.get("add", {})
        stats = json.loads(added["stats"]) if added.get("stats") else {}
        if added.get("path") in there or not stats.keys() & {"minValues", "maxValues"}:
            lines.append(line)
            continue
        added["stats"] = json.dumps({"numRecords": stats.get("numRecords", 0)})
        lines.append(json.dumps(action, separators=(",", ":")).encode())
    return b"\n".join(lines) + (b"\n" if log.endswith(b"\n") else b"")


def _listed(checkpoint: bytes) -> list[str]:
    """Data files that a checkpoint says are there."""
    rows = pq.ParquetFile(pa.BufferReader(checkpoint)).read(columns=["add"])["add"].to_pylist()
    return [row["path"] for row in rows if row and row.get("path")]

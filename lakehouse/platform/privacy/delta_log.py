"""Delete data files of old table versions, and remove their statistics from the Delta log.

The log keeps every commit, but not the bounds of deleted files: the smallest or largest value of a
column may be a person's address.
"""

import json
import re
from collections.abc import Iterable

from lakehouse.platform.privacy.search_tables import DATA_FILE
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.parquet import decode
from lakehouse.platform.storage.table_id import TableId

_COMMIT = re.compile(r"_delta_log/\d{20}\.json")
_CHECKPOINT = re.compile(r"_delta_log/\d{20}\.checkpoint.*\.parquet")


def delete_files(lake: Lake, table: TableId, paths: Iterable[str]) -> None:
    """Delete data files that the current version does not show, and remove them from the log.

    After a crash the same call completes the work.
    """
    store = lake.store
    store.delete(f"{table.path}/{path}" for path in paths)
    names = [entry.path[len(table.path) + 1 :] for entry in store.entries(table.path)]
    existing = {name for name in names if DATA_FILE.fullmatch(name)}
    for name in filter(_COMMIT.fullmatch, names):
        log = store.read(f"{table.path}/{name}")
        cleaned = without_bounds(log, existing)
        if cleaned != log:
            store.write(f"{table.path}/{name}", cleaned)
    stale = [
        name
        for name in filter(_CHECKPOINT.fullmatch, names)
        if not set(_listed(store.read(f"{table.path}/{name}"))) <= existing
    ]
    if stale:
        lake.table(table).checkpoint()
        store.delete(f"{table.path}/{name}" for name in stale)


def without_bounds(log: bytes, existing: set[str]) -> bytes:
    """Return a commit of the log that has bounds only for existing files.

    >>> stats = json.dumps({"numRecords": 1, "maxValues": {"email": "z@x.org"}})
    >>> log = json.dumps({"add": {"path": "day=2026-01-05/a.parquet", "stats": stats}}).encode()
    >>> b"z@x.org" in without_bounds(log, set())
    False
    """
    lines = []
    for line in log.splitlines():
        action = json.loads(line) if line.strip() else {}
        added = action.get("add", {})
        stats = json.loads(added["stats"]) if added.get("stats") else {}
        if added.get("path") in existing or not stats.keys() & {"minValues", "maxValues"}:
            lines.append(line)
            continue
        added["stats"] = json.dumps({"numRecords": stats.get("numRecords", 0)})
        lines.append(json.dumps(action, separators=(",", ":")).encode())
    return b"\n".join(lines) + (b"\n" if log.endswith(b"\n") else b"")


def _listed(checkpoint: bytes) -> list[str]:
    """Return the data files that a checkpoint lists."""
    rows = decode(checkpoint, ["add"])["add"].to_pylist()
    return [row["path"] for row in rows if row and row.get("path")]

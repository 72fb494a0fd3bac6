"""Maintenance of a table: vacuum deletes unneeded files, a checkpoint speeds up opening."""

import datetime as dt
import json
import re
from collections.abc import Collection, Sequence

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.storage.snapshot import read_snapshot, snapshot_of

_DATA_FILE = re.compile(r"day=\d{4}-\d\d-\d\d/[^/]+")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")


def write_checkpoint(location: TableLocation) -> None:
    """Summarize the log in one file, so that opening the table needs no earlier entries."""
    opened = location.open()
    if opened is not None:
        opened.create_checkpoint()


def vacuum(
    location: TableLocation,
    *,
    retention: dt.timedelta,
    dry_run: bool,
    keep: Collection[int] = (),
) -> list[str]:
    """Delete files that no recent version shows; see `LakeTable.vacuum`."""
    before = dt.datetime.now(dt.UTC) - retention
    found = [
        *location.store.entries(location.id.path),
        *location.store.unfinished(location.id.path),
    ]
    opened = location.open()
    needed: set[str] = set()
    if opened is not None:
        needed = set(snapshot_of(location, opened).paths)
        needed |= _removed_since(location, before, opened.version())
        for version in set(keep) - {opened.version()}:
            needed |= set(read_snapshot(location, version).paths)
    start = len(location.path(""))
    old = [entry.path[start:] for entry in found if entry.modified_at <= before]
    unneeded = [path for path in old if _DATA_FILE.fullmatch(path) and path not in needed]
    unneeded = sorted(unneeded + _superseded_checkpoints(location, found, old))
    if not dry_run:
        failpoint("storage.vacuuming")
        location.store.delete(location.path(path) for path in unneeded)
        if opened is not None:
            opened.cleanup_metadata()
    return unneeded


def _removed_since(location: TableLocation, moment: dt.datetime, newest: int) -> set[str]:
    """Return the files that commits after a moment removed: some version since shows them."""
    removed: set[str] = set()
    for version in range(newest, -1, -1):
        entry = location.read_log_entry(version)
        if entry is None:
            break
        actions = [json.loads(line) for line in entry.splitlines() if line]
        stamps = [a["commitInfo"]["timestamp"] for a in actions if "commitInfo" in a]
        # Timestamps are cut to the millisecond: the commit may be up to 1 ms later.
        if stamps and dt.datetime.fromtimestamp((stamps[0] + 1) / 1000, dt.UTC) <= moment:
            break
        removed |= {action["remove"]["path"] for action in actions if "remove" in action}
    return removed


def _superseded_checkpoints(
    location: TableLocation, found: Sequence[Entry], old: Sequence[str]
) -> list[str]:
    """Return old checkpoints except the newest two.

    They only make opening an old version faster while the log reaches back to version 0. Once
    the log is shortened, all of them are kept.
    """
    start = len(location.path("_delta_log/"))
    log = [entry.path[start:] for entry in found if "/_delta_log/" in entry.path]
    versions = sorted({int(m[1]) for name in log if (m := _CHECKPOINT.fullmatch(name))})
    if f"{0:020}.json" not in log:
        return []
    superseded = set(versions[:-2])
    return [
        path
        for path in old
        if path.startswith("_delta_log/")
        and (m := _CHECKPOINT.fullmatch(path.rpartition("/")[2]))
        and int(m[1]) in superseded
    ]

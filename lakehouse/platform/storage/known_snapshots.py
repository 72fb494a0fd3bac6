"""Snapshots that this process has read: a version never changes, so its log is read once.

Whether a newer version exists is seen without opening the log: the next entry is missing, and the
folder of the log and the newest entry are as they were. This holds for tables on disk; elsewhere
nothing is remembered.
"""

import os
import threading
import time
from collections import OrderedDict

from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.snapshot import Snapshot, read_snapshot

MOST_FILES = 100_000
"""Day files of all remembered snapshots; the snapshots used least recently are forgotten first."""
SETTLED_NS = 50_000_000
"""Age of the last change of a log before it is remembered: two changes at once have one time."""

_State = tuple[int, ...]


class KnownSnapshots:
    """The newest snapshot of each table, as long as its log is unchanged."""

    def __init__(self, most_files: int = MOST_FILES) -> None:
        self._most_files = most_files
        self._files = 0
        self._known: OrderedDict[str, tuple[_State, Snapshot]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, location: TableLocation) -> Snapshot | None:
        """Return the newest snapshot if it is known; None when the log has to be read."""
        with self._lock:
            state, snapshot = self._known.get(location.url, (None, None))
        if snapshot is None or _log_state(location, snapshot.version) != state:
            return None
        with self._lock:
            if location.url in self._known:
                self._known.move_to_end(location.url)
        return snapshot

    def remember(self, location: TableLocation, snapshot: Snapshot) -> None:
        """Remember a snapshot that was just read, unless a newer version exists already."""
        state = _log_state(location, snapshot.version)
        with self._lock:
            _, old = self._known.pop(location.url, (None, None))
            self._files -= _weight(old)
            if state is None or time.time_ns() - max(state[1], state[4]) < SETTLED_NS:
                return
            self._known[location.url] = state, snapshot
            self._files += _weight(snapshot)
            while self._files > self._most_files:
                _, (_, oldest) = self._known.popitem(last=False)
                self._files -= _weight(oldest)


_KNOWN = KnownSnapshots()


def known_snapshot(location: TableLocation) -> Snapshot | None:
    """Return the newest version of a table if it is known without reading its log."""
    return _KNOWN.find(location)


def newest_snapshot(location: TableLocation) -> Snapshot:
    """Return the newest version of a table; its log is read only if it changed.

    Raises:
        StorageError: another program wrote into the table, so a day has files of several writes.
    """
    if (known := _KNOWN.find(location)) is not None:
        return known
    found = read_snapshot(location)
    _KNOWN.remember(location, found)
    return found


def _weight(snapshot: Snapshot | None) -> int:
    return 0 if snapshot is None else len(snapshot.files) + 1


def _log_state(location: TableLocation, version: int) -> _State | None:
    """Return what changes when a log does; None if the version is not known to be the newest."""
    if version < 0 or not isinstance(location.store, DiskStore):
        return None
    log = os.path.join(location.url, "_delta_log")
    try:
        folder = os.stat(log)
        entry = os.stat(os.path.join(log, f"{version:020}.json"))
    except OSError:
        return None
    if os.path.lexists(os.path.join(log, f"{version + 1:020}.json")):
        return None
    return (
        folder.st_ino,
        folder.st_mtime_ns,
        entry.st_ino,
        entry.st_size,
        entry.st_mtime_ns,
    )

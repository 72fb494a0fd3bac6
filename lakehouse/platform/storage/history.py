"""History of a table: its commits, the version of a moment, and rollback."""

import datetime as dt
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

from lakehouse.platform.storage.commit import Change, CommitResult, publish
from lakehouse.platform.storage.errors import VersionGone
from lakehouse.platform.storage.known_snapshots import known_snapshot, newest_snapshot
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, read_snapshot
from lakehouse.platform.storage.staging import staged_again
from lakehouse.platform.storage.table_id import DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One commit in a table's history."""

    version: int
    at: dt.datetime
    """UTC, to the millisecond."""
    operation: str
    days: tuple[dt.date, ...]
    """Days added, replaced or removed."""
    rows: int
    """Rows in the days added or replaced."""
    note: Mapping[str, str]

    @property
    def run_id(self) -> str | None:
        """Run that made the commit, where the note names it."""
        return self.note.get("run_id")


def read_history(location: TableLocation, limit: int | None = None) -> list[Version]:
    """Read the commits of a table, newest first; none when it does not exist."""
    if limit == 1 and known_snapshot(location) and (newest := _newest(location)) is not None:
        return [newest]
    opened = location.open()
    return [] if opened is None else [_version(entry) for entry in opened.history(limit)]


def _newest(location: TableLocation) -> Version | None:
    """Return the newest commit from its own entry in the log; None when it does not describe it."""
    version = newest_snapshot(location).version
    entry = location.read_log_entry(version) or b""
    for line in entry.splitlines():
        if line.startswith(b'{"commitInfo":'):
            return _version({**json.loads(line)["commitInfo"], "version": version})
    return None


def foreign_days(location: TableLocation, after: int) -> dict[dt.date, int]:
    """Return the days that commits after a version changed although no run wrote them.

    Every commit of the platform has a note that says who made it.
    """
    found: dict[dt.date, int] = {}
    for version in count(after + 1):
        entry = location.read_log_entry(version)
        if entry is None:
            return found
        actions = [json.loads(line) for line in entry.splitlines() if line.strip()]
        notes = [
            action["commitInfo"].get("lakehouse") for action in actions if "commitInfo" in action
        ]
        if any(note and note.get("note") for note in notes):
            continue
        for action in actions:
            changed = action.get("add") or action.get("remove")
            if changed and changed.get("dataChange", True):
                day = (changed.get("partitionValues") or {}).get(DAY)
                if day:
                    found[dt.date.fromisoformat(day)] = version
    return found


def snapshot_at(location: TableLocation, moment: dt.datetime) -> Snapshot:
    """Read the table as it was at a moment (with time zone).

    Raises:
        VersionGone: the log begins after the moment.
    """
    return read_snapshot(location, _version_at(location, moment))


def roll_back(
    location: TableLocation,
    *,
    to: int | dt.datetime,
    days: tuple[dt.date, dt.date] | None,
    note: Mapping[str, str],
) -> CommitResult:
    """Commit the old files of a version or moment again; see `LakeTable.rollback`."""
    then = snapshot_at(location, to) if isinstance(to, dt.datetime) else read_snapshot(location, to)
    now = newest_snapshot(location)
    if now.schema is None or then.schema is None:
        raise VersionGone(f"{location.id} did not exist at {to}; there is nothing to go back to")
    first, last = days or (dt.date.min, dt.date.max)
    restored = [file for file in then.between(first, last) if now.by_day.get(file.day) != file]
    _require_files(location, restored, to)
    change = Change(
        staged=[staged_again(location.id, file, now.schema) for file in restored],
        removed=[file.day for file in now.between(first, last) if file.day not in then.by_day],
        schema=now.schema,
        operation="rollback",
        note=note,
    )
    return publish(location, change)


def _require_files(
    location: TableLocation, files: list[DayFiles], version: int | dt.datetime
) -> None:
    """Raise VersionGone when vacuum has deleted one of the files."""
    parts = [(file.day, part.path) for file in files for part in file.parts]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda part: location.store.stat(location.path(part[1])), parts)
        gone = [part for part, entry in zip(parts, found, strict=True) if entry is None]
    if gone:
        days, (day, path) = len({day for day, _ in gone}), gone[0]
        raise VersionGone(
            f"{location.id}: {days} days of {version} were vacuumed, first {day} "
            f"({path}). hint: roll back to a later version or rebuild these days"
        )


def _version(entry: Mapping[str, Any]) -> Version:
    own = entry.get("lakehouse", {})
    return Version(
        version=entry["version"],
        at=dt.datetime.fromtimestamp(entry["timestamp"] / 1000, dt.UTC),
        operation=own.get("operation", entry["operation"].lower()),
        days=tuple(dt.date.fromisoformat(day) for day in own.get("days", ())),
        rows=own.get("rows", 0),
        note=own.get("note", {}),
    )


def _version_at(location: TableLocation, moment: dt.datetime) -> int:
    """Return the version that was the newest at a moment; -1 before the first commit."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; expected a moment with one")
    history = read_history(location)
    for version in history:
        if version.at <= moment:
            return version.version
    if history and history[-1].version > 0:
        raise VersionGone(f"{location.id}: the log begins after {moment}")
    return -1

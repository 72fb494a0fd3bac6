"""Evaluate the sensor of a landing zone less often while nothing that it looks at changes.

An evaluation costs 40 ms of processor time in two processes. The daemon therefore looks first at
names and times of recent files in the landing zone and of the logs of the lake, and does not ask
the code server while they stay the same. That look only decides whether to wait: what is due is
always decided by an evaluation, and there is one every `MOST_SECONDS` in any case.
"""

import datetime as dt
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lakehouse.platform.local_runtime.locks import RUN_LOCKS
from lakehouse.settings import Settings

LANDING_SENSOR = "_landing"
"""End of the name of a domain's sensor; what is before it is the domain."""
ACTIVE_SECONDS = 60.0
"""After a change, evaluations go on in their usual interval for this many seconds."""
MOST_SECONDS = 15.0
"""Longest time between two evaluations."""
MOST_ENTRIES = 5_000
"""Files and folders that are looked at; a landing zone with more is evaluated all the time."""
KEPT_FILES = "objects"
"""Folder of the bytes of delivered files, beside the tables of a domain."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

State = tuple[object, ...]


class TooMany(Exception):
    """There are more files and folders than a look may cost."""


class QuietSensors:
    """Decides for each sensor whether its evaluation may wait.

    Args:
        state_of: returns what changes when there may be work for a domain; None if that is not
            known.
        is_busy: returns whether a run is in progress.
        active_seconds: how long after a change nothing waits.
    """

    def __init__(
        self,
        state_of: Callable[[str], State | None],
        is_busy: Callable[[], bool],
        active_seconds: float = ACTIVE_SECONDS,
    ) -> None:
        self._state_of = state_of
        self._is_busy = is_busy
        self._active_seconds = active_seconds
        self._seen: dict[str, tuple[State | None, float]] = {}

    def may_wait(self, name: str, elapsed: float | None, now: float) -> bool:
        """Return whether the next evaluation of a sensor may wait.

        Args:
            name: of the sensor.
            elapsed: seconds since its last evaluation began; None if there was none.
            now: seconds of any clock that is never set.
        """
        if elapsed is None or elapsed >= MOST_SECONDS or not name.endswith(LANDING_SENSOR):
            return False
        state = self._state_of(name.removesuffix(LANDING_SENSOR))
        known, changed = self._seen.get(name, (None, now))
        if state is None or state != known:
            self._seen[name] = state, now
            return False
        return now - changed >= self._active_seconds and not self._is_busy()


def state_of(domain: str, settings: Settings, today: dt.date, now: float) -> State | None:
    """Return names, sizes and times of recent files of a domain and of its tables' logs.

    Args:
        domain: name of the domain.
        settings: places of the lake and the landing zone, and how many days are recent.
        today: in the time zone of the lake.
        now: seconds of the epoch.

    Returns:
        None on S3, where there is too much, or where something cannot be listed.
    """
    if "://" in settings.root or "://" in settings.landing:
        return None
    oldest = (today - dt.timedelta(days=settings.recent_days)).isoformat()
    try:
        landed = _landed(f"{settings.landing}/{domain}", oldest, now)
        return (*landed, *_logs(settings.root, domain))
    except (OSError, TooMany):
        return None


def _landed(root: str, oldest: str, now: float) -> State:
    """Return the state of a landing folder.

    Of a day before `oldest`, the files count only if its folder changed within ten minutes; the
    sensor lists older days in rotation.
    """
    found: list[object] = []
    pending = [root]
    while pending:
        for entry in _listed(pending.pop()):
            status = entry.stat(follow_symlinks=False)
            found.append((entry.path, status.st_mtime_ns, status.st_size, status.st_ino))
            if entry.is_dir(follow_symlinks=False):
                is_old = _DAY.fullmatch(entry.name) and entry.name < oldest
                if not is_old or now - status.st_mtime < 600:
                    pending.append(entry.path)
        if len(found) > MOST_ENTRIES:
            raise TooMany(root)
    return tuple(found)


def _logs(root: str, domain: str) -> Iterator[object]:
    """Yield the time of the newest commit of each table, and of other records of a domain."""
    for layer in _listed(root):
        folder = f"{layer.path}/{domain}"
        if layer.name.startswith("_"):
            yield _changed(folder)
            continue
        for table in _listed(folder) if layer.is_dir() else ():
            changed = _changed(f"{table.path}/_delta_log")
            yield table.path, changed
            if changed is None and table.name != KEPT_FILES and table.is_dir():  # of companions
                for each in _listed(table.path):
                    yield each.path, _changed(f"{each.path}/_delta_log")


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def _changed(place: str) -> int | None:
    try:
        return Path(place).stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return None


def has_running(home: str) -> bool:
    """Return whether a run of a Dagster home has a process, or had one that was killed."""
    return bool(_listed(f"{home}/{RUN_LOCKS}"))


def wait_while_quiet() -> None:
    """Let the daemon of this process skip evaluations that may wait."""
    from dagster._daemon import sensor

    is_under_interval = sensor.is_under_min_interval
    settings = Settings.from_env()
    home = str(settings.home)

    def state_now(domain: str) -> State | None:
        now = dt.datetime.now(settings.zone)
        return state_of(domain, settings, now.date(), now.timestamp())

    quiet = QuietSensors(
        state_now, lambda: has_running(home), max(ACTIVE_SECONDS, 2 * settings.quiet_seconds)
    )

    def waits(state: Any, remote_sensor: Any, *more: Any) -> bool:
        elapsed = sensor.get_elapsed(state)
        if elapsed is not None and elapsed < 0:  # the clock was set back
            return False
        if is_under_interval(state, remote_sensor, *more):
            return True
        return quiet.may_wait(remote_sensor.name, elapsed, time.monotonic())

    setattr(sensor, "is_under_min_interval", waits)  # noqa: B010

"""Who serves a Dagster home: the lock of `lakehouse up`, and the state that it writes.

``<home>/services`` holds the lock file of `lakehouse up`, one lock file for each service, the file
``state.json`` and the logs. Locks decide what runs; the state file only describes it.
"""

import datetime as dt
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lakehouse.platform.local_runtime.locks import worker_of

FOLDER = "services"
"""Folder of the services' files; a folder named ``logs`` is read by Dagster's telemetry."""
NAMES = ("code", "daemon", "webserver")
END_SECONDS = 6.0
"""How long the processes of a killed `lakehouse up` may take to end by themselves."""


class ServeError(RuntimeError):
    """A service cannot be started or stopped; the message names the cause and a hint."""


@dataclass(frozen=True, kw_only=True)
class ServiceState:
    """One service as `lakehouse services` shows it."""

    name: str
    state: str
    """``starting``, ``running`` or ``waiting`` for its next start."""
    pid: int | None
    port: int | None
    since: str
    """Time of the last start or end, ISO 8601 in UTC."""
    restarts: int
    last_error: str | None


@dataclass(frozen=True, kw_only=True)
class HomeState:
    """The services of one home."""

    pid: int
    """Process of `lakehouse up`."""
    url: str
    is_ready: bool
    """Whether every service runs and answered after its last start."""
    services: tuple[ServiceState, ...]


def lock_path(home: Path) -> Path:
    """Return the file that `lakehouse up` holds locked while it serves a home."""
    return home / FOLDER / "up.lock"


def service_path(home: Path, name: str) -> Path:
    """Return the file that a service holds locked while it runs."""
    return home / FOLDER / f"{name}.lock"


def now() -> str:
    """Return the present time as the state file shows it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


@contextmanager
def serving(home: Path) -> Iterator[Path]:
    """Hold the lock of a home for the length of the block; yield the path of the lock file.

    Raises:
        ServeError: another `lakehouse up` holds it, or services of a killed one still run.
    """
    path = lock_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        end = time.monotonic() + END_SECONDS
        while not _locks(lock.fileno(), fcntl.LOCK_EX):
            if is_served(home) or time.monotonic() > end:
                raise ServeError(_already_running(home))
            time.sleep(0.1)
        while left := left_behind(home):
            if time.monotonic() > end:
                raise ServeError(
                    f"Services of an earlier start still run on {home}: {named(left)}."
                    " hint: `lakehouse down` ends them; `lakehouse up --replace` ends them and"
                    " starts new ones"
                )
            time.sleep(0.1)
        (home / FOLDER / "state.json").unlink(missing_ok=True)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield path
        finally:
            with suppress(OSError):
                (home / FOLDER / "state.json").unlink(missing_ok=True)


@contextmanager
def working_on(lake: Path | None) -> Iterator[None]:
    """Hold the lock of a lake's folder for the length of the block; None holds nothing.

    A file system without locks on folders is not an error.

    Raises:
        ServeError: a `lakehouse up` with another home works on this lake.
    """
    if lake is None:
        yield
        return
    lake.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lake, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            if not _locks(descriptor, fcntl.LOCK_EX):
                raise ServeError(
                    f"Another `lakehouse up` with another DAGSTER_HOME works on the lake {lake}."
                    " hint: stop it with `lakehouse down` and its DAGSTER_HOME, or set"
                    " LAKEHOUSE_ROOT to another lake"
                )
        yield
    finally:
        os.close(descriptor)


def is_served(home: Path) -> bool:
    """Return whether a `lakehouse up` serves this home."""
    try:
        with lock_path(home).open() as lock:
            return not _locks(lock.fileno(), fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def server_of(home: Path) -> int | None:
    """Return the process id of the `lakehouse up` that serves this home; None when none does."""
    text = lock_path(home).read_text().strip() if is_served(home) else ""
    return int(text) if text.isdecimal() else None


def left_behind(home: Path) -> dict[str, int]:
    """Return the running services of a home with their process ids."""
    found = {name: worker_of(service_path(home, name)) for name in NAMES}
    return {name: pid for name, pid in found.items() if pid is not None}


def named(services: dict[str, int]) -> str:
    """Return services as a text for a message.

    >>> named({"code": 12, "daemon": 13})
    'code (pid 12), daemon (pid 13)'
    """
    return ", ".join(f"{name} (pid {pid})" for name, pid in services.items())


def write_state(home: Path, state: HomeState) -> None:
    """Replace the state file.

    Raises:
        OSError: the home cannot be written.
    """
    path = home / FOLDER / "state.json"
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(state), indent=1))
    draft.replace(path)


def read_state(home: Path) -> HomeState | None:
    """Return the state of the services; None when no `lakehouse up` serves this home."""
    if not is_served(home):
        return None
    try:
        found: dict[str, Any] = json.loads((home / FOLDER / "state.json").read_text())
        services = tuple(ServiceState(**each) for each in found.pop("services"))
        return HomeState(**found, services=services)
    except (OSError, ValueError, TypeError, KeyError):
        return HomeState(pid=server_of(home) or 0, url="", is_ready=False, services=())


def end_services(home: Path, seconds: float) -> dict[str, int]:
    """End `lakehouse up` of a home, or the services that a killed one left, and return them.

    Args:
        home: Dagster's home folder.
        seconds: how long they may take before they are killed.

    Raises:
        ServeError: a process could not be ended.
    """
    pid = server_of(home)
    ended = {"up": pid} if pid else left_behind(home)
    for each in ended.values():
        _signal(each, signal.SIGTERM, home)
    end = time.monotonic() + seconds
    while is_served(home) or left_behind(home):
        if time.monotonic() > end:
            rest = left_behind(home) | ({"up": pid} if pid and is_served(home) else {})
            for each in rest.values():
                _signal(each, signal.SIGKILL, home)
            end = time.monotonic() + END_SECONDS
            if not rest:
                break
        time.sleep(0.1)
    return ended


def _signal(pid: int, number: signal.Signals, home: Path) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise ServeError(
            f"Process {pid}, which serves {home}, belongs to another user. hint: run the command"
            " as this user"
        ) from error


def _already_running(home: Path) -> str:
    state = read_state(home)
    pid, url = (state.pid, state.url) if state else (0, "")
    return (
        f"lakehouse up is already running for {home}: pid {pid or 'unknown'},"
        f" {url or 'still starting'}."
        " hint: `lakehouse services` shows it, `lakehouse down` stops it"
    )


def _locks(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

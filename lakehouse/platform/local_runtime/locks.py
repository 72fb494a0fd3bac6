"""Locks on folders and files. They end with their process, so no process id has to be trusted."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUN_LOCKS = "workers"
"""Folder of a Dagster home with a lock file for each run in progress."""

_held: set[Path] = set()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock for the length of the block, and create the folder if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold a lock file for the length of the block; do nothing if this process holds it."""
    if path in _held:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()
        draft.rename(path)  # already locked: the file never appears without its lock
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            path.unlink(missing_ok=True)


def held_runs() -> list[str]:
    """Return the ids of the runs that this process executes."""
    return [path.name for path in _held]


def worker_of(path: Path) -> int | None:
    """Return the id of the process that holds a lock file; None when no process does."""
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
    except FileNotFoundError:
        pass
    return None

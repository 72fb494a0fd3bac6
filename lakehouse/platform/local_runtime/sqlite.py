"""Pooled connections to the SQLite files of a Dagster home.

Several processes (web server, daemon, runs, command line) read and write the same files through
SQLite's write-ahead log. A transaction is in the file before the call returns, so killing a process
(``kill -9``) loses nothing that was stored. The disk is synced at checkpoints only
(``synchronous=NORMAL``): a crash of the *machine* may lose the last seconds but never damages the
file (``OFF`` might, and measured no faster).

The pools belong to the process, not to a Dagster instance: a code server opens an instance at each
tick of a sensor, and finds the connections of the tick before.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.engine import Connection, Engine

UNUSED_ENGINES = 3
"""Engines that stay open while no instance uses them: those of the three files of one home."""

FileId = tuple[str, int, int]
"""Path, device and inode: a file that was deleted and created again is another one."""


class _Shared:
    """An engine of this process, and how many open instances use it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.users = 0


_engines: dict[FileId, _Shared] = {}
_checked: set[FileId] = set()
_lock = threading.RLock()


def _forget_connections_of_the_parent() -> None:
    """Open new connections after a fork; two processes must not share one."""
    for shared in _engines.values():
        shared.engine.dispose(close=False)
    _lock.release()


os.register_at_fork(
    before=_lock.acquire,
    after_in_parent=_lock.release,
    after_in_child=_forget_connections_of_the_parent,
)


def is_checked(url: str) -> bool:
    """Return whether this process knows that the tables of a database are those of its Dagster."""
    return _file_id(url) in _checked


def remember_checked(url: str) -> None:
    """Remember that the tables of a database are those of the installed Dagster."""
    _checked.add(_file_id(url))


def take_engine(url: str) -> Engine:
    """Return this process's engine of a database file, which is created empty if it is missing.

    Each call needs one of `leave_engine`.
    """
    path = _path(url)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with _lock:
        key = _file_id(url)
        shared = _engines.get(key) or _engines.setdefault(key, _Shared(pooled_engine(url)))
        shared.users += 1
        return shared.engine


def leave_engine(engine: Engine) -> None:
    """Give an engine back. The newest unused ones stay open for the next instance."""
    with _lock:
        for key, shared in list(_engines.items()):
            if shared.engine is engine:
                shared.users -= 1
                _engines[key] = _engines.pop(key)  # the newest unused one is the last
        unused = [key for key, shared in _engines.items() if not shared.users]
        for key in unused[:-UNUSED_ENGINES]:
            _engines.pop(key).engine.dispose()


def _path(url: str) -> Path:
    return Path(sa.make_url(url).database or "")


def _file_id(url: str) -> FileId:
    path = _path(url)
    try:
        found = path.stat()
    except FileNotFoundError:
        return str(path), 0, 0
    return str(path), found.st_dev, found.st_ino


def pooled_engine(url: str) -> Engine:
    """Return an engine that keeps its connections open; a forked child opens its own."""
    engine = sa.create_engine(
        url,
        pool_size=4,
        max_overflow=-1,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    """Set the pragmas of a connection when it is opened."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA journal_size_limit=67108864")
    cursor.close()


class Pooled:
    """A pool of connections to one SQLite file.

    Nested `connect` blocks of one thread share a connection and are one transaction.
    """

    def open_pool(self, url: str) -> None:
        """Take the process's pool of a file; it connects on first use."""
        self._engine = take_engine(url)
        self._leave = weakref.finalize(self, leave_engine, self._engine)
        self._joined = threading.local()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        outer = getattr(self._joined, "connection", None)
        if outer is not None:
            yield outer
            return
        with self._engine.begin() as connection:
            self._joined.connection = connection
            try:
                yield connection
            finally:
                self._joined.connection = None

    def dispose(self) -> None:
        """Give the pool back; doing so twice has no effect. Dagster does not call this always."""
        self._leave()

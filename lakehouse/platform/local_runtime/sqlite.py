"""Pooled connections to the SQLite files of a Dagster home.

Several processes (web server, daemon, runs, command line) read and write the same files through
SQLite's write-ahead log. A transaction is in the file before the call returns, so killing a process
(``kill -9``) loses nothing that was stored. The disk is synced at checkpoints only
(``synchronous=NORMAL``): a crash of the *machine* may lose the last seconds but never damages the
file (``OFF`` might, and measured no faster).
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.engine import Connection, Engine

_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def _forget_connections_of_the_parent() -> None:
    """Open new connections after a fork; two processes must not share one."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections_of_the_parent)


def pooled_engine(url: str) -> Engine:
    """Return an engine that keeps its connections open; a forked child opens its own."""
    engine = sa.create_engine(
        url,
        pool_size=4,
        max_overflow=-1,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _prepare)
    _engines.add(engine)
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
        """Create the pool; it connects on first use."""
        self._engine = pooled_engine(url)
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
        self._engine.dispose()

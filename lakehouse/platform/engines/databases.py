"""In-memory DuckDB databases that small sessions of a process use one after the other.

Opening and closing a database takes longer than computing a table of few rows. A session has a
database to itself, with a connection of its own: its relations, and the memory that they take, end
with the connection. One unused database stays open for the next session.
"""

import os
import tempfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from lakehouse.settings import Settings

SMALL_BYTES = 8 << 20
"""A database is closed after a session that read more: it would hold memory of the process."""
ONE_THREAD_BYTES = 1 << 20
"""A session that reads less has one thread: several would only wait for each other."""
SMALL_ROWS = 200_000
"""Rows that stand for `SMALL_BYTES` on S3, where asking for the size of a file is a request."""

_unused: "list[Database]" = []
_lock = threading.Lock()


@dataclass(eq=False)
class Database:
    """One in-memory database; it spills to disk above its memory limit."""

    memory: str
    threads: int
    s3: bool
    connection: "duckdb.DuckDBPyConnection" = field(init=False)

    def __post_init__(self) -> None:
        import duckdb

        self._spill = tempfile.TemporaryDirectory(prefix="lakehouse-spill-")
        self.connection = duckdb.connect(
            config={
                "memory_limit": self.memory,
                "threads": self.threads,
                "temp_directory": self._spill.name,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    @classmethod
    def opened(cls, settings: "Settings", *, new: bool, s3: bool) -> "Database":
        """Return a database with the limits of the settings, which nothing else uses.

        Args:
            settings: memory and threads.
            new: whether it must be one that no session has used.
            s3: whether it has the credentials of S3, or will have them.
        """
        made = (settings.memory, settings.threads or os.cpu_count() or 1, s3)
        with _lock:
            for each in () if new else _unused:
                if (each.memory, each.threads, each.s3) == made:
                    _unused.remove(each)
                    return each
        return cls(*made)

    def use_one_thread(self) -> None:
        """Compute in the thread that asks."""
        self.connection.execute("SET threads = 1")

    def use_all_threads(self) -> None:
        """Compute in as many threads as the settings allow."""
        self.connection.execute(f"SET threads = {self.threads}")

    def close(self) -> None:
        """Free the memory and delete the spilled files."""
        self.connection.close()
        self._spill.cleanup()

    def leave(self) -> None:
        """Keep the database for the next session instead of the one that was kept before.

        An internal error of DuckDB makes a database unusable; it is closed.
        """
        import duckdb

        try:
            self.connection.execute("SELECT 1")
        except duckdb.Error:
            self.close()
            return
        with _lock:
            close_unused()
            _unused.append(self)


def close_unused() -> None:
    """Close the database that no session uses. Other threads must not open one meanwhile."""
    for each in _unused:
        each.close()
    _unused.clear()


def _before_fork() -> None:
    """Leave no database to the child: its threads do not survive the fork."""
    _lock.acquire()
    close_unused()


os.register_at_fork(
    before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release
)

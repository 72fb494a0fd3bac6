"""Limits of one query: seconds, memory, rows and spilled bytes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from lakehouse.platform.serving.sql_statements import CatalogError
from lakehouse.settings import Settings

_SPILL = "max_temp_directory_size"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one query may use.

    Args:
        seconds: until its last row is read.
        rows: of its result.
        memory: of the engine, such as ``1GB``.
        spill: on disk for what does not fit into memory, such as ``10GB``.
    """

    seconds: float
    rows: int
    memory: str
    spill: str

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return the limits that the settings name."""
        return cls(
            seconds=settings.sql_seconds,
            rows=settings.sql_rows,
            memory=settings.memory,
            spill=settings.sql_spill,
        )

    def require_rows(self, rows: int) -> None:
        """Raise `CatalogError` when a result has more rows than allowed."""
        if rows > self.rows:
            raise CatalogError(
                f"the result has more than {self.rows:,} rows; hint: add a condition or a limit, or"
                " raise LAKEHOUSE_SQL_ROWS"
            )


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """Interrupt the query of a connection when its time is over, and explain its limits.

    Raises:
        CatalogError: the query needed more time, memory or disk than allowed.
    """
    over = threading.Event()

    def stop() -> None:
        over.set()
        connection.interrupt()

    timer = threading.Timer(limits.seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        if not over.is_set():
            raise
        raise CatalogError(
            f"the query was stopped after {limits.seconds:g} s; hint: read fewer days, or raise"
            " LAKEHOUSE_SQL_SECONDS"
        ) from error
    except duckdb.OutOfMemoryException as error:
        setting, limit = ("LAKEHOUSE_MEMORY", limits.memory)
        if _SPILL in str(error):
            setting, limit = ("LAKEHOUSE_SQL_SPILL", limits.spill)
        what = "disk for intermediate rows" if _SPILL in str(error) else "memory"
        raise CatalogError(
            f"the query needs more than {limit} of {what}; hint: read fewer days or columns, or"
            f" raise {setting}"
        ) from error
    finally:
        timer.cancel()

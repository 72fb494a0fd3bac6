"""Sessions with the legacy database that change nothing in it, and errors without secrets."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn, parse_dsn

from lakehouse.platform.connectors.postgres.connection import INVALID_ADDRESS, error_text
from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError
from lakehouse.platform.engines.postgres_address import verified

CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 3_600_000
LOCK_SECONDS = 30.0
"""How long to wait for another extraction of the table, or for the session of a dead one."""
FETCHED_ROWS = 20_000
OLDEST_VERSION = 130_000
"""PostgreSQL 13 is the first server version with 64-bit transaction numbers."""

_OPTIONS = (
    "-c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601 -c extra_float_digits=1"
    " -c bytea_output=hex -c default_transaction_read_only=on"
    f" -c statement_timeout={STATEMENT_MILLISECONDS} -c client_encoding=UTF8"
)
"""Make a value the same text whatever the settings of the server and the role are."""

Args = Sequence[Any] | Mapping[str, Any]
Query = str | sql.Composable


@dataclass(frozen=True)
class ReadTransaction:
    """A session inside one read-only transaction, which sees one moment."""

    connection: Any

    def value(self, query: Query, args: Args = ()) -> Any:
        """Return the only value of a result."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, args)
            return cursor.fetchone()[0]

    def stream(self, query: Query, args: Args = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a large result, fetched in blocks."""
        with self.connection.cursor(name="extraction") as cursor:
            cursor.itersize = FETCHED_ROWS
            cursor.execute(query, args)
            yield from cursor


@dataclass(frozen=True)
class LegacySession:
    """A session with the legacy database; the session of an extraction holds the table's lock."""

    connection: Any
    dsn: str = field(repr=False)
    extraction: Extraction

    def rows(self, query: Query, args: Args = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a small result."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, args)
            return list(cursor.fetchall()) if cursor.description else []

    def value(self, query: Query, args: Args = ()) -> Any:
        """Return the first value of a result; None when it has no row."""
        found = self.rows(query, args)
        return found[0][0] if found else None

    @contextlib.contextmanager
    def read_transaction(self, exported: str | None = None) -> Iterator[ReadTransaction]:
        """Open a second session that sees an exported snapshot, or the present moment."""
        connection = connect(self.dsn, self.extraction)
        try:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            if exported is not None:
                with connection.cursor() as cursor:
                    cursor.execute("set transaction snapshot %s", (exported,))
            yield ReadTransaction(connection)
        finally:
            connection.close()

    def identity(self) -> str:
        """Return the identity of cluster, database and table; a recreated table gets another.

        Raises:
            ExtractionError: the table or a declared column does not exist.
        """
        found = self.value(
            "select c.oid::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = %s and c.relname = %s",
            (self.extraction.namespace, self.extraction.table),
        )
        if found is None:
            raise ExtractionError(
                f"the database {self.value('select current_database()')} has no table"
                f" {self.extraction.name}; hint: set the DSN to the database that has it, or create"
                " a sample: `lakehouse legacy seed`"
            )
        existing = self._columns(found)
        missing = [name for name in self.extraction.columns if name not in existing]
        if missing:
            raise ExtractionError(
                f"{self.extraction.name} has no column {', '.join(missing)}, which domain"
                f" {self.extraction.domain} declares; hint: add it to the table, or remove it from"
                " the declaration"
            )
        cluster = self.value("select system_identifier from pg_control_system()")
        database = self.value("select oid from pg_database where datname = current_database()")
        return f"{cluster}/{database}/{found}"

    def _columns(self, table: int) -> set[str]:
        query = (
            "select attname from pg_attribute"
            " where attrelid = %s and attnum > 0 and not attisdropped"
        )
        return {str(name) for (name,) in self.rows(query, (table,))}

    def require_lock(self) -> None:
        """Raise when the session has ended, and with it the lock: another one may extract now."""
        self.rows("select 1")


@contextlib.contextmanager
def open_session(dsn: str, extraction: Extraction, *, exclusive: bool) -> Iterator[LegacySession]:
    """Open a session with the legacy database; an exclusive one excludes other extractions.

    Raises:
        ExtractionError: the database rejects a statement, or another extraction is running.
    """
    with safe_errors(dsn), contextlib.closing(connect(dsn, extraction)) as connection:
        connection.autocommit = True
        if connection.server_version < OLDEST_VERSION:
            raise ExtractionError(
                f"the server runs PostgreSQL {connection.server_version // 10_000}; expected 13 or"
                " newer"
            )
        session = LegacySession(connection, dsn, extraction)
        if exclusive:
            _lock(session)
        yield session


def database_of(dsn: str, extraction: Extraction) -> str | None:
    """Return the database that the address or PGDATABASE names, else that of the sample."""
    named: str | None = parse_dsn(dsn).get("dbname") or os.environ.get("PGDATABASE")
    return named or (extraction.legacy.database if extraction.legacy else None)


@contextlib.contextmanager
def safe_errors(dsn: str) -> Iterator[None]:
    """Raise errors of PostgreSQL as `ExtractionError`, without the secrets of the address."""
    try:
        yield
    except psycopg2.Error as error:
        text = error_text(error, dsn)
        if text != INVALID_ADDRESS:
            text = f"PostgreSQL failed ({type(error).__name__}: {text}); hint: {_hint(error)}"
        raise ExtractionError(text) from None


def _hint(error: psycopg2.Error) -> str:
    if isinstance(error, (psycopg2.DataError, psycopg2.IntegrityError)):
        return "correct that value, or the declaration of the table"
    return "check the DSN, the rights of the role and that the server runs"


def connect(dsn: str, extraction: Extraction, **more: Any) -> Any:
    """Connect to the legacy database; transactions are read-only by default."""
    return psycopg2.connect(
        verified(make_dsn(dsn, dbname=database_of(dsn, extraction))),
        connect_timeout=CONNECT_SECONDS,
        application_name="lakehouse extraction",
        options=_OPTIONS,
        **more,
    )


def _lock(session: LegacySession) -> None:
    """Take the lock of the table; it ends with the session."""
    extraction = session.extraction
    name = f"lakehouse extraction {extraction.domain} {extraction.dataset}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    deadline = time.monotonic() + LOCK_SECONDS
    while not session.value("select pg_try_advisory_lock(%s)", (number,)):
        if time.monotonic() > deadline:
            raise ExtractionError(
                f"another extraction of {extraction.domain} has been running for"
                f" {LOCK_SECONDS:.0f} seconds; hint: try again after it has ended"
            )
        time.sleep(0.2)

"""The legacy database: sessions that change nothing in it, and errors that show no secret."""

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

from lakehouse.platform.connectors.postgres.connection import NO_ADDRESS, words
from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError

CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 3_600_000
OTHERS_SECONDS = 30.0
"""How long an extraction waits for another of the same table, or for a dead one's session."""
FETCHED_ROWS = 20_000
OLDEST = 130_000
"""Server version that knows transactions by 64 bits (PostgreSQL 13)."""

_TEXT_OUTPUT = (
    "-c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601 -c extra_float_digits=1"
    " -c bytea_output=hex -c default_transaction_read_only=on"
    f" -c statement_timeout={STATEMENT_MILLISECONDS} -c client_encoding=UTF8"
)
"""Values read as one and the same text, whatever the server's and the role's settings."""

Args = Sequence[Any] | Mapping[str, Any]
Query = str | sql.Composable


@dataclass(frozen=True)
class Origin:
    """A session with the legacy database; that of an extraction holds the table's lock."""

    connection: Any
    dsn: str = field(repr=False)
    extraction: Extraction

    def rows(self, query: Query, args: Args = ()) -> list[tuple[Any, ...]]:
        """Rows of a small result."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, args)
            return list(cursor.fetchall()) if cursor.description else []

    def value(self, query: Query, args: Args = ()) -> Any:
        """The first value of a result; None when it has no row."""
        found = self.rows(query, args)
        return found[0][0] if found else None

    @contextlib.contextmanager
    def reading(self, exported: str | None = None) -> Iterator["Reading"]:
        """A read-only session that sees one moment: that of an exported snapshot, or now."""
        connection = connected(self.dsn, self.extraction)
        try:
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            if exported is not None:
                with connection.cursor() as cursor:
                    cursor.execute("set transaction snapshot %s", (exported,))
            yield Reading(connection)
        finally:
            connection.close()

    def identity(self) -> str:
        """Names the cluster, the database and the table; a table made anew is another one."""
        found = self.value(
            "select c.oid::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = %s and c.relname = %s",
            (self.extraction.namespace, self.extraction.table),
        )
        if found is None:
            raise ExtractionError(
                f"the database {self.value('select current_database()')} has no table"
                f" {self.extraction.name}; name the one that has it in the DSN, or make it for a"
                " try: `lakehouse legacy seed`"
            )
        missing = [name for name in self.extraction.columns if name not in self._columns(found)]
        if missing:
            raise ExtractionError(
                f"{self.extraction.name} has no column {', '.join(missing)}; the declaration of"
                f" {self.extraction.domain} names it, so mend one of the two"
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

    def still_locked(self) -> None:
        """Raise when the session, and with it the lock, is gone: somebody else may work now."""
        self.rows("select 1")


@dataclass(frozen=True)
class Reading:
    """A session inside one read-only transaction."""

    connection: Any

    def value(self, query: Query, args: Args = ()) -> Any:
        """The one value of a result."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, args)
            return cursor.fetchone()[0]

    def streamed(self, query: Query, args: Args = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a large result, some at a time."""
        with self.connection.cursor(name="extraction") as cursor:
            cursor.itersize = FETCHED_ROWS
            cursor.execute(query, args)
            yield from cursor


@contextlib.contextmanager
def origin(dsn: str, extraction: Extraction, *, alone: bool) -> Iterator[Origin]:
    """A session with the legacy database; one `alone` excludes every other extraction.

    Raises:
        ExtractionError: the database does not answer as asked, or somebody else is at work.
    """
    with plainly(dsn), contextlib.closing(connected(dsn, extraction)) as connection:
        connection.autocommit = True
        if connection.server_version < OLDEST:
            raise ExtractionError(
                f"PostgreSQL {connection.server_version // 10_000} is too old to extract from;"
                " 13 or newer is needed"
            )
        opened = Origin(connection, dsn, extraction)
        if alone:
            _locked(opened)
        yield opened


def database_of(dsn: str, extraction: Extraction) -> str:
    """The database that an address or PGDATABASE names, else the declared one."""
    named: str | None = parse_dsn(dsn).get("dbname") or os.environ.get("PGDATABASE")
    return named or extraction.legacy.database


@contextlib.contextmanager
def plainly(dsn: str) -> Iterator[None]:
    """Errors of PostgreSQL as ours, on one line and without the secret parts of the address."""
    try:
        yield
    except psycopg2.Error as error:
        said = words(error, dsn)
        if said != NO_ADDRESS:
            said = f"PostgreSQL rejected ({type(error).__name__}: {said}); {_hint(error)}"
        raise ExtractionError(said) from None


def _hint(error: psycopg2.Error) -> str:
    if isinstance(error, (psycopg2.DataError, psycopg2.IntegrityError)):
        return "mend that value, or the table's declaration"
    return "check the DSN, the role's rights and that the server runs"


def connected(dsn: str, extraction: Extraction, **more: Any) -> Any:
    """A connection with the legacy database that writes nothing unless told to."""
    return psycopg2.connect(
        make_dsn(dsn, dbname=database_of(dsn, extraction)),
        connect_timeout=CONNECT_SECONDS,
        application_name="lakehouse extraction",
        options=_TEXT_OUTPUT,
        **more,
    )


def _locked(opened: Origin) -> None:
    """Take the table's lock; it ends with the session, however that ends."""
    extraction = opened.extraction
    name = f"lakehouse extraction {extraction.domain} {extraction.dataset}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    deadline = time.monotonic() + OTHERS_SECONDS
    while not opened.value("select pg_try_advisory_lock(%s)", (number,)):
        if time.monotonic() > deadline:
            raise ExtractionError(
                f"another extraction of {extraction.domain} is under way; try again when it ended"
            )
        time.sleep(0.2)

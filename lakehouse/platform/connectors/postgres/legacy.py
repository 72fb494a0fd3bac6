"""A sample legacy database, created and filled once."""

import contextlib
import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn
from psycopg2.extras import execute_values

from lakehouse.platform.connectors.postgres.declaration import Extraction, ExtractionError, Row
from lakehouse.platform.connectors.postgres.session import (
    CONNECT_SECONDS,
    database_of,
    safe_errors,
)
from lakehouse.platform.engines.postgres_address import verified

MAINTENANCE = "postgres"
CHUNK_ROWS = 5_000


def seed(extraction: Extraction, dsn: str, rows: Iterable[Row]) -> tuple[str, int, bool]:
    """Create the database and the table if they are missing, and fill an empty table.

    All rows are inserted in one transaction: a killed call leaves none.

    Args:
        extraction: the table and how to create it.
        dsn: address with a role that may create databases. If it names no database, or
            ``postgres``, the declared legacy database is used.
        rows: rows to insert, in the order of the declared columns.

    Returns:
        Name of the database, number of rows of the table, and whether this call inserted them.

    Raises:
        ExtractionError: the server rejects a statement, or a row does not fit the table.
    """
    legacy = extraction.legacy
    if legacy is None:
        raise ExtractionError(
            f"domain {extraction.domain!r} declares no sample of {extraction.name}"
        )
    with safe_errors(dsn):
        named = database_of(dsn, extraction)
        database = named if named not in (None, MAINTENANCE) else legacy.database
        _create_database(make_dsn(dsn, dbname=MAINTENANCE), database)
        with _cursor(make_dsn(dsn, dbname=database)) as cursor:
            cursor.execute("set local datestyle to iso, dmy")  # reads 05/06/2023 as 5 June
            cursor.execute("select pg_advisory_xact_lock(hashtext('lakehouse legacy'))")
            for statement in legacy.ddl:
                cursor.execute(statement)
            table = sql.Identifier(extraction.namespace, extraction.table)
            cursor.execute(sql.SQL("select count(*) from {}").format(table))
            before = int(cursor.fetchone()[0])
            if not before:
                _fill(cursor, extraction, table, rows)
            cursor.execute(sql.SQL("select count(*) from {}").format(table))
            return database, int(cursor.fetchone()[0]), not before


def rows_of(extraction: Extraction, file: Path) -> Iterator[Row]:
    """Yield the rows of a UTF-8 CSV file that has the declared columns in any order.

    Raises:
        ExtractionError: a column is missing or repeated, a line has more or fewer values than the
            header, or the file is not UTF-8 text in CSV form.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream, strict=True)
        try:
            named = list(lines.fieldnames or ())
            if missing := [name for name in extraction.columns if name not in named]:
                raise ExtractionError(f"{file}: missing column {', '.join(missing)}")
            if len(set(named)) < len(named):
                raise ExtractionError(f"{file}: a column is repeated in {', '.join(named)}")
            for line in lines:
                if None in line or None in line.values():
                    raise ExtractionError(
                        f"{file}, line {lines.line_num}: expected {len(named)} values"
                    )
                yield [line[name] for name in extraction.columns]
        except csv.Error as error:
            raise ExtractionError(f"{file}, line {lines.reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise ExtractionError(f"{file} is not UTF-8 text; hint: save it as UTF-8") from error


def _fill(cursor: Any, extraction: Extraction, table: sql.Identifier, rows: Iterable[Row]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, extraction.columns))
    insert = sql.SQL("insert into {} ({}) values %s").format(table, columns)
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK_ROWS)):
        execute_values(cursor, insert, chunk, page_size=CHUNK_ROWS)
    cursor.execute(
        sql.SQL("select setval(pg_get_serial_sequence({}, {}), max({})) from {}").format(
            sql.Literal(f"{extraction.namespace}.{extraction.table}"),
            sql.Literal(extraction.key),
            sql.Identifier(extraction.key),
            table,
        )
    )


def _create_database(dsn: str, database: str) -> None:
    with contextlib.closing(
        psycopg2.connect(verified(dsn), connect_timeout=CONNECT_SECONDS)
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (database,))
            if cursor.fetchone() is None:
                with contextlib.suppress(psycopg2.errors.DuplicateDatabase):
                    cursor.execute(sql.SQL("create database {}").format(sql.Identifier(database)))


@contextlib.contextmanager
def _cursor(dsn: str) -> Iterator[Any]:
    """Open a cursor; commit its transaction at the end, or roll it back after an error."""
    connection = psycopg2.connect(verified(dsn), connect_timeout=CONNECT_SECONDS)
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        yield cursor

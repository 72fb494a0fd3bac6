"""A legacy database for a try: made once, filled once."""

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
from lakehouse.platform.connectors.postgres.origin import CONNECT_SECONDS, database_of, plainly

MAINTENANCE = "postgres"
CHUNK_ROWS = 5_000


def seed(extraction: Extraction, dsn: str, rows: Iterable[Row]) -> tuple[str, int, bool]:
    """Make the database and the table where they are missing, and fill the table if it is empty.

    All rows come in one transaction, so that a seed that is killed leaves none.

    Args:
        extraction: which table, and how it is made.
        dsn: a role that may create; when it names no database, or the server's own, the legacy one
            is taken.
        rows: what to fill in, in the order of the declared columns.

    Returns:
        The database, how many rows the table has, and whether they are from this call.

    Raises:
        ExtractionError: the server rejects, or a row does not fit.
    """
    with plainly(dsn):
        named = database_of(dsn, extraction)
        database = named if named != MAINTENANCE else extraction.legacy.database
        _create(make_dsn(dsn, dbname=MAINTENANCE), database)
        with _cursor(make_dsn(dsn, dbname=database)) as cursor:
            cursor.execute("set local datestyle to iso, dmy")  # in 05/06/2023 the day is first
            cursor.execute("select pg_advisory_xact_lock(hashtext('lakehouse legacy'))")
            for statement in extraction.legacy.ddl:
                cursor.execute(statement)
            table = sql.Identifier(extraction.namespace, extraction.table)
            cursor.execute(sql.SQL("select count(*) from {}").format(table))
            before = int(cursor.fetchone()[0])
            if not before:
                _fill(cursor, extraction, table, rows)
            cursor.execute(sql.SQL("select count(*) from {}").format(table))
            return database, int(cursor.fetchone()[0]), not before


def rows_of(extraction: Extraction, file: Path) -> Iterator[Row]:
    """Rows of a UTF-8 CSV file that has the declared columns, in any order.

    Raises:
        ExtractionError: a column is missing or there twice, a line has more or fewer of them, or
            the file cannot be read as what it should be.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream, strict=True)
        try:
            named = list(lines.fieldnames or ())
            if missing := [name for name in extraction.columns if name not in named]:
                raise ExtractionError(f"{file}: no column {', '.join(missing)}")
            if len(set(named)) < len(named):
                raise ExtractionError(f"{file}: a column comes twice in {', '.join(named)}")
            for line in lines:
                if None in line or None in line.values():
                    raise ExtractionError(
                        f"{file}, line {lines.line_num}: not as many values as names"
                    )
                yield [line[name] for name in extraction.columns]
        except csv.Error as error:
            raise ExtractionError(f"{file}, line {lines.reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise ExtractionError(f"{file} is not UTF-8 text; save it as such") from error


def _fill(cursor: Any, extraction: Extraction, table: sql.Identifier, rows: Iterable[Row]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, extraction.columns))
    insert = sql.SQL("insert into {} ({}) values %s").format(table, columns)
    left = iter(rows)
    while chunk := list(islice(left, CHUNK_ROWS)):
        execute_values(cursor, insert, chunk, page_size=CHUNK_ROWS)
    cursor.execute(
        sql.SQL("select setval(pg_get_serial_sequence({}, {}), max({})) from {}").format(
            sql.Literal(f"{extraction.namespace}.{extraction.table}"),
            sql.Literal(extraction.key),
            sql.Identifier(extraction.key),
            table,
        )
    )


def _create(dsn: str, database: str) -> None:
    with contextlib.closing(psycopg2.connect(dsn, connect_timeout=CONNECT_SECONDS)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (database,))
            if cursor.fetchone() is None:
                with contextlib.suppress(psycopg2.errors.DuplicateDatabase):
                    cursor.execute(sql.SQL("create database {}").format(sql.Identifier(database)))


@contextlib.contextmanager
def _cursor(dsn: str) -> Iterator[Any]:
    """A cursor whose transaction is committed at the end, unless it failed."""
    connection = psycopg2.connect(dsn, connect_timeout=CONNECT_SECONDS)
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        yield cursor

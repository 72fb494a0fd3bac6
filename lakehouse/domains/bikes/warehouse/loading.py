"""The tables are filled beside those that stand, judged, and put in their place in one transaction.

A load that fails leaves the warehouse as it was.
"""

import io
import re
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import psycopg2
from pyarrow import csv as columnar

from lakehouse.domains.bikes.exports import is_snapshot
from lakehouse.domains.bikes.warehouse.questions import VIEWS
from lakehouse.domains.bikes.warehouse.schema import (
    RELATIONS,
    Dialect,
    Relation,
    foreign_key,
    orphans,
    waves,
)
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

SCHEMA = "rox"
PARALLEL = 4
"""Tables of a wave that are filled at once."""
PATIENCE = "60s"
"""How long readers of the old tables are waited for before the load gives up."""
_BATCH_ROWS = 50_000


class LoadError(Exception):
    """A load that must not take the place of what stands; the message names the table."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One table of the warehouse after a load.

    Attributes:
        name: in the warehouse.
        landed: rows of the files it comes from, lines that are no record among them; None for a
            table of the star.
        rejected: of them in quarantine.
        repeated: of them said already, or replaced by newer ones.
        rows: in the warehouse.
        orphans: rows whose parent is missing, by the parent's table.
    """

    name: str
    landed: int | None
    rejected: int
    repeated: int
    rows: int
    orphans: dict[str, int]


def load(dsn: str, lake: Lake, settings: Settings, schema: str = SCHEMA) -> Generator[Loaded]:
    """Fill all tables and take the place of the old ones; gives each table when it is filled.

    Raises:
        LoadError: a table is empty, or its rows are not those of the lake and of the files; or
            another load of the schema is under way.
    """
    made = f"{_named(schema)}_loading"
    with _workshop(dsn, made):
        with ThreadPoolExecutor(PARALLEL) as workers:
            for wave in waves():
                jobs = [workers.submit(_filled, dsn, lake, settings, made, each) for each in wave]
                for job in jobs:
                    yield job.result()
        with closing(psycopg2.connect(dsn)) as connection, connection:
            _run(connection, f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            _drop(connection, schema)
            for relation in RELATIONS:
                table = f"{quoted(made)}.{quoted(relation.name)}"
                _run(connection, f"ALTER TABLE {table} SET SCHEMA {quoted(schema)}")
            for name, text in VIEWS.items():
                answer = text.format(schema=quoted(schema))
                _run(connection, f"CREATE VIEW {quoted(schema)}.{quoted(name)} AS {answer}")


@contextmanager
def _workshop(dsn: str, schema: str) -> Iterator[None]:
    """A schema to fill tables in, for one load at a time; gone at the end, however that comes.

    Raises:
        LoadError: another load fills it.
    """
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True  # the lock is the session's, not a transaction's
        if not _value(connection, f"SELECT pg_try_advisory_lock(hashtext('{schema}'))::int"):
            raise LoadError(f"another load fills {schema}; wait for its end, then load again")
        removed = f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE"
        _run(connection, removed)
        _run(connection, f"CREATE SCHEMA {quoted(schema)}")
        try:
            yield
        finally:
            _run(connection, removed)


def drop(dsn: str, schema: str = SCHEMA) -> None:
    """Remove the views and then the tables, each before those that it refers to."""
    with closing(psycopg2.connect(dsn)) as connection, connection:
        _drop(connection, _named(schema))


def _drop(connection: Any, schema: str) -> None:
    _run(connection, f"SET LOCAL lock_timeout = '{PATIENCE}'")
    for name in reversed(VIEWS):
        _run(connection, f"DROP VIEW IF EXISTS {quoted(schema)}.{quoted(name)}")
    for relation in reversed(RELATIONS):
        _run(connection, f"DROP TABLE IF EXISTS {quoted(schema)}.{quoted(relation.name)}")


def _named(schema: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", schema):
        raise LoadError(f"schema {schema!r}: lower-case letters, digits and _ only")
    return schema


def _filled(dsn: str, lake: Lake, settings: Settings, schema: str, relation: Relation) -> Loaded:
    names = catalog.names_in(relation.rows) or set()
    with (
        closing(psycopg2.connect(dsn)) as connection,
        connection,
        catalog.connect(lake, settings, names={*names, "ops.reconciliation"}) as rows,
    ):
        _run(connection, relation.create(Dialect.POSTGRESQL, schema))
        expected = _copied(connection, schema, relation, catalog.query(rows, relation.select))
        place = f"{quoted(schema)}.{quoted(relation.name)}"
        found = _value(connection, f"SELECT count(*) FROM {place}")  # noqa: S608  quoted
        landed = _landed(rows, relation)
        if not found:
            raise LoadError(f"{relation.name}: 0 rows; nothing of it is in the lake yet")
        if found != expected or (landed is not None and landed[0] - sum(landed[1:]) != found):
            raise LoadError(
                f"{relation.name}: {found} rows in the warehouse, {expected} in the lake, and of"
                f" files {landed}; run `lakehouse ingest --domain bikes`, then load again"
            )
        missing: dict[str, int] = {}
        for foreign in relation.foreign:
            _run(connection, foreign_key(schema, relation, foreign))
            missing[foreign.table] = _value(connection, orphans(schema, relation, foreign))
    return Loaded(
        name=relation.name,
        landed=landed[0] if landed else None,
        rejected=landed[1] if landed else 0,
        repeated=landed[2] if landed else 0,
        rows=found,
        orphans={table: count for table, count in missing.items() if count},
    )


def _copied(connection: Any, schema: str, relation: Relation, answer: Any) -> int:
    """Stream the lake's rows into a table; gives how many."""
    columns = ", ".join(map(quoted, relation.columns))
    target = f"{quoted(schema)}.{quoted(relation.name)} ({columns})"
    count = 0
    with connection.cursor() as cursor:
        for batch in answer.to_arrow_reader(_BATCH_ROWS):
            text = io.BytesIO()
            columnar.write_csv(batch, text, columnar.WriteOptions(include_header=False))
            text.seek(0)
            cursor.copy_expert(f"COPY {target} FROM STDIN WITH (FORMAT csv)", text)
            count += batch.num_rows
    return count


def _landed(rows: duckdb.DuckDBPyConnection, relation: Relation) -> tuple[int, int, int] | None:
    """Rows of the files, those rejected, and those repeated or replaced; of a snapshot the newest.

    Nothing for a table that comes from no file of its own.
    """
    table = relation.table
    if not table.judges_rows:
        return None
    days = catalog.query(rows, f"SELECT DISTINCT day FROM ({relation.rows})")  # noqa: S608  ours
    of_newest = [day for (day,) in days.fetchall()] if is_snapshot(table) else None
    found = rows.execute(
        "SELECT coalesce(sum(bronze_rows + unparsable_lines), 0),"
        " coalesce(sum(quarantined_rows + unparsable_lines), 0),"
        " coalesce(sum(duplicate_rows + superseded_rows), 0) FROM ops.reconciliation"
        ' WHERE domain = $system AND "table" = $dataset'
        " AND ($days IS NULL OR list_contains($days, day))",
        {"domain": table.id.domain, "dataset": table.id.table, "days": of_newest},
    ).fetchone()
    return (int(found[0]), int(found[1]), int(found[2])) if found else None


def _run(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _value(connection: Any, statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])

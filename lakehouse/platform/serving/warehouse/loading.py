"""Load a warehouse: fill the tables in a schema beside the live one, check them, then replace.

All tables are replaced in one transaction. A load that fails leaves the warehouse as it was.
"""

import io
import re
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import psycopg2
from pyarrow import csv as arrow_csv

from lakehouse.platform.engines.postgres_address import verified
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.serving.sql_catalog import quoted
from lakehouse.platform.serving.sql_statements import CatalogError
from lakehouse.platform.serving.warehouse import loaded
from lakehouse.platform.serving.warehouse.ddl import (
    Dialect,
    add_foreign_key,
    count_orphans,
    create_table,
    qualified,
)
from lakehouse.platform.serving.warehouse.declaration import Warehouse, WarehouseTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import ShownVersions
from lakehouse.settings import Settings

PARALLEL_TABLES = 4
"""Tables of one wave that are filled at the same time."""
LOCK_TIMEOUT = "60s"
"""How long the load waits for readers of the live tables before it gives up."""
_BATCH_ROWS = 50_000


class LoadError(Exception):
    """A load that cannot replace the warehouse; the message names the table and a hint."""


@dataclass(frozen=True, kw_only=True)
class SourceCounts:
    """Rows of the delivered files of one table, by what became of them."""

    delivered: int
    rejected: int
    repeated: int
    """Rows that are duplicates or were superseded by newer rows."""

    @property
    def accepted(self) -> int:
        """Rows that must be in the warehouse."""
        return self.delivered - self.rejected - self.repeated


@dataclass(frozen=True, kw_only=True)
class LoadedTable:
    """One table of the warehouse after a load.

    Attributes:
        name: its name in the warehouse.
        source: counts of the files it comes from; None for a table derived from other tables.
        rows: rows in the warehouse.
        orphans: name of a parent table → rows whose parent is missing there.
    """

    name: str
    source: SourceCounts | None
    rows: int
    orphans: dict[str, int]


def _ignore(_: str) -> None:
    """Take no notice of a warning."""


def load(
    warehouse: Warehouse,
    dsn: str,
    lake: Lake,
    settings: Settings,
    schema: str | None = None,
    on_warning: Callable[[str], None] = _ignore,
) -> Generator[LoadedTable]:
    """Fill all tables and replace the live ones; yield each table once it is filled.

    Roles keep their rights to the tables and views. What an earlier load made and the domain no
    longer declares is dropped.

    Args:
        warehouse: what the domain declares.
        dsn: address of the database.
        lake: where the rows come from.
        settings: memory and threads of the engine that reads them.
        schema: of the live tables; by default the one that the domain declares.
        on_warning: called with a text for days that an older contract made, dropped relations and
            rights that could not be kept.

    Raises:
        LoadError: a table is empty, its rows differ from those of the lake or of the delivered
            files, PostgreSQL rejects them, or another load of the schema is running.
        OlderDays: days that an older contract made have no value of a column.
    """
    live = _require_name(warehouse.schema if schema is None else schema)
    staging = f"{live}_loading"
    shown = ShownVersions(lake)
    shown.published(warehouse.tables[0].table.id.domain)  # before the tables are filled in parallel
    with _staging_schema(dsn, staging):
        with ThreadPoolExecutor(PARALLEL_TABLES) as workers:
            for wave in warehouse.waves():
                jobs = [
                    workers.submit(_fill, each, dsn, shown, settings, staging, on_warning)
                    for each in wave
                ]
                for job in jobs:
                    yield job.result()
        with closing(psycopg2.connect(verified(dsn))) as connection, connection:
            for warning in _replace(connection, warehouse, live, staging):
                on_warning(warning)


def _replace(connection: Any, warehouse: Warehouse, live: str, staging: str) -> Iterator[str]:
    """Replace the live tables and views by the filled ones; yield warnings."""
    names = [*(table.name for table in warehouse.tables), *warehouse.views]
    rights = loaded.rights(connection, live, names)
    _run(connection, f"CREATE SCHEMA IF NOT EXISTS {quoted(live)}")
    for dropped in _drop(connection, warehouse, live):
        if dropped.name not in names:
            yield f"{dropped.kind} {dropped.name} is no longer declared and was dropped"
    for table in warehouse.tables:
        filled = qualified(staging, table.name)
        _run(connection, f"ALTER TABLE {filled} SET SCHEMA {quoted(live)}")
        comment = f"'{loaded.MARK} from {table.table.id.name}'"
        _run(connection, f"COMMENT ON TABLE {qualified(live, table.name)} IS {comment}")
    for name, sql in warehouse.views.items():
        query = sql.format(schema=quoted(live))
        with _naming(f"view {name}"):
            _run(connection, f"CREATE VIEW {qualified(live, name)} AS {query}")
        _run(connection, f"COMMENT ON VIEW {qualified(live, name)} IS '{loaded.MARK}'")
    yield from loaded.grant_again(connection, live, rights)


def drop(warehouse: Warehouse, dsn: str, schema: str | None = None) -> None:
    """Drop the views and then the tables, each before those that it refers to."""
    live = _require_name(warehouse.schema if schema is None else schema)
    with closing(psycopg2.connect(verified(dsn))) as connection, connection:
        _drop(connection, warehouse, live)


@contextmanager
def _staging_schema(dsn: str, schema: str) -> Iterator[None]:
    """Create a schema for one load at a time and drop it when the load ends in any way.

    Raises:
        LoadError: another load uses it.
    """
    with closing(psycopg2.connect(verified(dsn))) as connection:
        connection.autocommit = True  # the lock belongs to the session, not to a transaction
        if not _value(connection, f"SELECT pg_try_advisory_lock(hashtext('{schema}'))::int"):
            raise LoadError(
                f"another load is filling schema {schema!r};"
                " hint: wait until it ends, then load again"
            )
        drop_schema = f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE"
        _run(connection, drop_schema)
        _run(connection, f"CREATE SCHEMA {quoted(schema)}")
        try:
            yield
        finally:
            _run(connection, drop_schema)


def _drop(connection: Any, warehouse: Warehouse, schema: str) -> list[loaded.Relation]:
    """Drop what earlier loads made, views first; return it."""
    _run(connection, f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    names = [*(table.name for table in warehouse.tables), *warehouse.views]
    found = loaded.relations(connection, schema, names)
    found.sort(key=lambda each: not each.is_view)
    for each in found:
        with _naming(f"{each.kind} {each.name}"):
            _run(connection, f"DROP {each.kind.upper()} {qualified(schema, each.name)}")
    return found


@contextmanager
def _naming(subject: str) -> Iterator[None]:
    """Name the table or view that PostgreSQL rejects, and what to do."""
    try:
        yield
    except psycopg2.errors.DependentObjectsStillExist as error:
        uses = "; ".join((error.diag.message_detail or "").splitlines())
        raise LoadError(
            f"{subject} cannot be replaced: {uses}. The warehouse stays as it was; hint: drop what"
            " depends on it, load again, and create it again"
        ) from error
    except (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.ProgrammingError) as error:
        found = (error.diag.message_primary, error.diag.message_detail)
        text = "; ".join(part for part in found if part) or str(error)
        raise LoadError(f"{subject}: {text}; the warehouse stays as it was") from error


def _require_name(schema: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", schema):
        raise LoadError(
            f"schema name {schema!r} is not allowed; use a lower-case letter followed by up to 40"
            " lower-case letters, digits and _"
        )
    return schema


def _fill(
    table: WarehouseTable,
    dsn: str,
    shown: ShownVersions,
    settings: Settings,
    schema: str,
    on_warning: Callable[[str], None],
) -> LoadedTable:
    """Create a table in `schema`, copy its rows from the lake and check the counts."""
    names = {*(catalog.names_in(table.current_rows) or ()), "ops.reconciliation"}
    with (
        closing(psycopg2.connect(verified(dsn))) as connection,
        connection,
        catalog.connect(
            shown.lake, settings, names=names, shown=shown, on_older=on_warning
        ) as lake_sql,
        _naming(f"table {table.name}"),
    ):
        _run(connection, create_table(table, Dialect.POSTGRESQL, schema))
        try:
            copied = _copy_rows(table, lake_sql, connection, schema)
        except (duckdb.Error, CatalogError) as error:
            raise catalog.cause_of(lake_sql, shown.lake, error) or error from error
        stored = _value(connection, f"SELECT count(*) FROM {qualified(schema, table.name)}")  # noqa: S608  quoted
        source = _source_counts(table, lake_sql)
        _require_equal_counts(table, stored=stored, copied=copied, source=source)
        orphans: dict[str, int] = {}
        for foreign in table.foreign_keys:
            _run(connection, add_foreign_key(table, foreign, schema))
            if count := _value(connection, count_orphans(table, foreign, schema)):
                orphans[foreign.table] = count
    return LoadedTable(name=table.name, source=source, rows=stored, orphans=orphans)


def _require_equal_counts(
    table: WarehouseTable, *, stored: int, copied: int, source: SourceCounts | None
) -> None:
    hint = f"hint: lakehouse ingest --domain {table.table.id.domain}, then load again"
    if not stored:
        raise LoadError(f"table {table.name}: 0 rows; the lake holds none yet; {hint}")
    accepted = copied if source is None else source.accepted
    if not stored == copied == accepted:
        raise LoadError(
            f"table {table.name}: {stored:,} rows in the warehouse, {copied:,} in the lake and"
            f" {accepted:,} accepted from the delivered files; the three must be equal; {hint}"
        )


def _copy_rows(
    table: WarehouseTable, lake_sql: duckdb.DuckDBPyConnection, connection: Any, schema: str
) -> int:
    """Stream the rows of the lake into the table, each value as text; return their number."""
    values = ", ".join(
        f"CAST({quoted(column)} AS VARCHAR) AS {quoted(name)}"
        for name, column in table.columns.items()
    )
    rows = catalog.query(lake_sql, f"SELECT {values} FROM ({table.current_rows})")  # noqa: S608  quoted
    target = f"{qualified(schema, table.name)} ({', '.join(map(quoted, table.columns))})"
    count = 0
    with connection.cursor() as cursor:
        for batch in rows.to_arrow_reader(_BATCH_ROWS):
            text = io.BytesIO()
            arrow_csv.write_csv(batch, text, arrow_csv.WriteOptions(include_header=False))
            text.seek(0)
            cursor.copy_expert(f"COPY {target} FROM STDIN WITH (FORMAT csv)", text)
            count += batch.num_rows
    return count


def _source_counts(
    table: WarehouseTable, lake_sql: duckdb.DuckDBPyConnection
) -> SourceCounts | None:
    """Read the counts of the delivered files from the reconciliation.

    Of a snapshot only the newest day counts. None for a table without files of its own.
    """
    if table.source is None:
        return None
    days = None
    if table.is_snapshot:
        rows = catalog.query(lake_sql, f"SELECT DISTINCT day FROM ({table.current_rows})")  # noqa: S608  declared names
        days = [day for (day,) in rows.fetchall()]
    counts = lake_sql.execute(
        "SELECT coalesce(sum(bronze_rows + unparsable_lines), 0)::BIGINT,"
        " coalesce(sum(quarantined_rows + unparsable_lines), 0)::BIGINT,"
        " coalesce(sum(duplicate_rows + superseded_rows), 0)::BIGINT FROM ops.reconciliation"
        ' WHERE domain = $domain AND "table" = $dataset'
        " AND ($days IS NULL OR list_contains($days, day))",
        {"domain": table.table.id.domain, "dataset": table.table.id.table, "days": days},
    ).fetchall()
    ((delivered, rejected, repeated),) = counts
    return SourceCounts(delivered=delivered, rejected=rejected, repeated=repeated)


def _run(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _value(connection: Any, statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])

"""Query the lake with read-only SQL: each table is named ``<layer>.<domain>_<table>``.

Stored tables are described by their Delta log; the code of a domain is imported only for tables
that have not been built yet. Of an as-of table the name shows the newest day, and
``history.<domain>_<table>`` shows every day. The ops tables of all domains are combined under
``ops``. A query reaches the defined names and nothing else: no other file, no network, no setting.
"""

import datetime as dt
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from lakehouse.platform.engines.day_files import rows_of_days, rows_of_files, without_wildcards
from lakehouse.platform.engines.older_days import Expected, error_of, tables_of
from lakehouse.platform.serving.sql_statements import CatalogError, reading_statements
from lakehouse.platform.storage.errors import OlderDays, StorageError, TableDamaged
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import MIXED, by_definition
from lakehouse.platform.storage.published import ShownVersions
from lakehouse.platform.storage.snapshot import ON_REQUEST, DayFiles, urls_of
from lakehouse.platform.storage.table_id import DAY, TableId
from lakehouse.platform.tables.catalogue import read_catalogue
from lakehouse.platform.tables.ops_tables import OPS_TABLES
from lakehouse.platform.tables.upgrade import (
    OLD_SQL_NAMES,
    current_id,
    readable_table,
    readable_tables,
    sql_value,
)
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.platform.tables.table import Table

LAYERS = ("raw", "bronze", "silver", "gold", "ops")
HISTORY = "history"
"""Schema with every day of the as-of tables."""
QUARANTINE, OUTCOMES = "quarantine", "outcomes"
_NAME = re.compile(
    rf'"?\b({"|".join((*LAYERS, HISTORY))})"?\s*\.\s*"?([a-z][a-z0-9_]*)', re.IGNORECASE
)
_LISTS_TABLES = re.compile(
    r"\b(?:information_schema|pg_catalog|sqlite_master|duckdb_\w+|pragma\w*|show)\b", re.IGNORECASE
)
_MISSING_COLUMN = re.compile(r'column (?:named )?"([^"]+)"', re.IGNORECASE)
_SHOW_TABLES = re.compile(r"\s*show\s+(?:all\s+)?tables\s*;?\s*", re.IGNORECASE)


def lists_all_tables(sql: str) -> bool:
    """Return whether a statement asks for the names of all tables.

    >>> lists_all_tables("SHOW ALL TABLES;"), lists_all_tables("show gold.shop_unit_day")
    (True, False)
    """
    return _SHOW_TABLES.fullmatch(sql) is not None


def _ignore(_: str) -> None:
    """Do nothing; the default for remarks."""


def names_in(sql: str) -> set[str] | None:
    """Return the lake tables that an SQL text may name; None when it lists tables or columns.

    >>> sorted(names_in('select * from gold.shop_unit_day join "ops"."deliveries" using (day)'))
    ['gold.shop_unit_day', 'ops.deliveries']
    """
    if _LISTS_TABLES.search(sql):
        return None
    return {f"{layer}.{name}".lower() for layer, name in _NAME.findall(sql)}


def connect(
    lake: Lake,
    settings: Settings,
    *,
    names: Collection[str] | None = None,
    shown: ShownVersions | None = None,
    as_of: dt.date | None = None,
    spill_limit: str | None = None,
    caches_files: bool = True,
    on_older: Callable[[str], None] = _ignore,
) -> duckdb.DuckDBPyConnection:
    """Open a database that shows the published versions of the lake, and nothing else.

    Args:
        lake: the lake that holds the tables.
        settings: memory and threads of the engine.
        names: names to define, such as those of `names_in`; unknown names are ignored. None
            defines all.
        shown: the versions that are shown, to use the same for many databases; by default those
            that are published now.
        as_of: show as-of tables as they were at the end of this day; None shows their newest day.
        spill_limit: most bytes on disk for what does not fit into memory, such as ``10GB``. They
            are in a private folder, which is removed with the connection.
        caches_files: keep what was read of files in memory, up to the limit of the engine.
        on_older: called with a text for each table of which an older contract made some days.

    Raises:
        TableDamaged: a table that was published, or that must exist, cannot be read.
        CatalogError: a name was changed.
    """
    spill = tempfile.mkdtemp(prefix="lakehouse-sql-")
    connection = duckdb.connect(
        config={
            "memory_limit": settings.memory,
            "threads": settings.threads or os.cpu_count() or 1,
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    weakref.finalize(connection, shutil.rmtree, spill, ignore_errors=True)
    if spill_limit is not None:
        connection.execute(f"SET max_temp_directory_size = {_text(spill_limit)}")
    if not caches_files:
        connection.execute("SET enable_external_file_cache = false")
    if lake.root.startswith("s3://"):
        from lakehouse.platform.storage.s3_access import duckdb_s3_setup

        duckdb_s3_setup(connection)
    for schema in (*LAYERS, HISTORY):
        connection.execute(f"CREATE SCHEMA {schema}")
    shown = shown or ShownVersions(lake)
    definitions = _Definitions(connection, lake, shown, as_of, on_older=on_older)
    for name in sorted(_every_name(lake) if names is None else names):
        definitions.define(name)
    allowed = {*definitions.urls, *map(without_wildcards, definitions.urls)}
    connection.execute(f"SET allowed_paths = [{_texts(sorted(allowed))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Run one SELECT or EXPLAIN statement; fetch its rows from the returned connection.

    Raises:
        CatalogError: the text is another statement, or not exactly one.
        duckdb.Error: the statement is invalid or fails.
    """
    for statement in reading_statements(connection, sql):
        connection.execute(statement)
    return connection


def cause_of(
    connection: duckdb.DuckDBPyConnection, lake: Lake, error: Exception
) -> StorageError | None:
    """Return the error that names what a failed query met; None if its SQL is the cause.

    That is a damaged file, which errors of DuckDB do not name, or days of an older contract.
    """
    if older := error_of(error):
        return older
    row = connection.execute("SELECT current_setting('allowed_paths')").fetchone()
    urls = row[0] if row else ()
    return _column_to_come(urls, error) or first_damage(lake.store, urls)


def _column_to_come(urls: Iterable[str], error: Exception) -> OlderDays | None:
    """Return the error for a column that the contract has and no stored day has yet."""
    found = _MISSING_COLUMN.search(str(error))
    if found is None or not isinstance(error, duckdb.BinderException):
        return None
    for table in tables_of(urls):
        declared = _declared_table(table)
        if declared is not None and found[1] in declared.contract.schema:
            return OlderDays(
                f"{table.name}: every stored day was made with an older contract, which has no"
                f" column {found[1]}. hint: lakehouse migrate"
            )
    return None


@dataclass(kw_only=True)
class _StoredFiles:
    """The columns of a stored table and those of its files that have rows."""

    urls: list[str]
    schema: pa.Schema
    on_request: bool = False
    """Whether they are not kept up to date, so that a query computes the table."""


@dataclass
class _Definitions:
    """The names that are defined in a database, and the files that they read."""

    connection: duckdb.DuckDBPyConnection
    lake: Lake
    shown: ShownVersions
    as_of: dt.date | None = None
    on_older: Callable[[str], None] = _ignore
    urls: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def define(self, name: str) -> None:
        """Define a name as a relation; ignore it when no table has that name."""
        if name in self.done:
            return
        self.done.add(name)
        if name in OLD_SQL_NAMES:
            current = OLD_SQL_NAMES[name]
            raise CatalogError(f"table {name} is now {current}; hint: query {current}")
        layer, _, table = name.partition(".")
        if layer == HISTORY:
            self._history(name)
            return
        if layer == "ops" and table in OPS_TABLES:
            self._ops_table(table)
            return
        try:
            place = TableId.from_name(name)
        except ValueError:
            return
        if place.companion or place.layer not in LAYERS:
            return
        files = self._files(place)
        if files is not None and not files.on_request:
            self._stored(place.name, place, files)
        else:
            self._declared(place, files)

    def _history(self, name: str) -> None:
        """Define every day of an as-of table; ignore the name of another table."""
        try:
            place = TableId.from_name(f"gold.{name.partition('.')[2]}")
        except ValueError:
            return
        files = self._files(place, every_day=True)
        if files is not None:
            if self.shown.snapshot(place).as_of:
                self._stored(name, place, files)
        elif (declared := _declared_table(place)) is not None and declared.as_of:
            self._unbuilt(name, declared)

    def _files(self, table: TableId, *, every_day: bool = False) -> _StoredFiles | None:
        """Return the files that a name shows: of an as-of table those of one day."""
        snapshot = self.shown.snapshot(table)
        if snapshot.schema is None:
            return None
        shown: Sequence[DayFiles] = snapshot.files
        if snapshot.as_of and not every_day:
            shown = [f for f in shown if self.as_of is None or f.day <= self.as_of][-1:]
        urls = urls_of(file for file in shown if file.rows)
        self.urls += urls
        on_request = snapshot.description == ON_REQUEST
        return _StoredFiles(urls=urls, schema=snapshot.schema, on_request=on_request)

    def _stored(self, name: str, table: TableId, files: _StoredFiles) -> None:
        if files.urls:
            names = ["day", *files.schema.names]
            values = {name: quoted(name) for name in names}
            if table.layer == "raw" and (status := sql_value("status", names)):
                values["status"] = status
            columns = ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())
            rows = self._rows(table, files)
            self._view(name, f"SELECT {columns} FROM {rows}")  # noqa: S608  quoted
        else:
            self._empty(name, files.schema)

    def _rows(self, table: TableId, files: _StoredFiles) -> str:
        """Return the SQL of the rows of a table, whatever contracts made its days."""
        versions = by_definition(files.urls)
        if len(versions) < 2 and not any(version.endswith(MIXED) for version in versions):
            return rows_of_files(files.urls, files.schema.names)
        from ibis.backends.sql.datatypes import DuckDBType
        from ibis.expr.schema import Schema

        types = {
            name: DuckDBType.to_string(kind)
            for name, kind in Schema.from_pyarrow(files.schema).items()
        } | {DAY: "DATE"}
        declared = _declared_table(table)
        contract = declared.contract if declared is not None else None
        if declared is not None:
            self._report_older(declared, files)
        return rows_of_days(self.connection, files.urls, Expected.of(types, contract))

    def _report_older(self, declared: "Table", files: _StoredFiles) -> None:
        """Say which of the shown days an older contract or expression made."""
        from lakehouse.platform.migration.older import older_days, spans

        older = older_days(declared, self.lake, self.shown.snapshot(declared.id))
        read = {url.rpartition(f"/{DAY}=")[2][:10] for url in files.urls}
        days = [day for day in older.days if day.isoformat() in read] if older else []
        if older is not None and days:
            self.on_older(
                f"{declared.id.name}: {spans(days)} made with an older contract or expression:"
                f" {'; '.join(older.changes)}. hint: lakehouse migrate"
            )

    def _declared(self, table: TableId, stored: _StoredFiles | None) -> None:
        """Define a table that is not stored: it is computed on request, or it was never built."""
        declared = _declared_table(table)
        if declared is None:
            if stored is not None:
                self._stored(table.name, table, stored)
            return
        if declared.options.on_request:
            self._computed(declared)
            return
        self._unbuilt(table.name, declared)

    def _unbuilt(self, name: str, declared: "Table") -> None:
        """Define a name of a table that has never been built: no rows, and its declared columns."""
        from lakehouse.platform.engines.session import arrow_schema

        self._require_unbuilt(declared)
        schema = arrow_schema(declared.contract.schema)
        self._empty(name, schema.remove(schema.get_field_index("day")))

    def _computed(self, table: "Table") -> None:
        """Define an as-of table by its expression, as of the newest day of its upstream tables."""
        from lakehouse.platform.engines.session import typed_sql
        from lakehouse.platform.tables import code_facts

        sql = code_facts.of_table(
            table, "sql", lambda: typed_sql(table.contracted_expression, "duckdb")
        )
        days: list[str] = []
        for read in table.reads:
            name = _sql_name(read.table.id.name)
            self.define(read.table.id.name)
            sql = sql.replace(quoted(read.name), name)
            days.append(f"SELECT max(day) AS day FROM {name}")  # noqa: S608  quoted
        newest = f"(SELECT max(day) AS day FROM ({' UNION ALL '.join(days)}))"  # noqa: S608  quoted
        if self.as_of is not None:
            newest = f"(SELECT DATE '{self.as_of}' AS day)"
        try:
            self._view(table.id.name, sql.replace(quoted("partitions"), newest))
        except duckdb.BinderException as error:
            raise CatalogError(
                f"table {table.id.name} does not match the stored columns of"
                f" {', '.join(read.table.id.name for read in table.reads)}"
                f" ({str(error).splitlines()[0]}); hint: lakehouse migrate"
            ) from error

    def _require_unbuilt(self, declared: "Table") -> None:
        """Check that a table which is not stored has never been built.

        Raises:
            TableDamaged: its days were reconciled, so that it must have been deleted.
        """
        domain = declared.id.domain
        if self.shown.published(domain) is not None or not declared.transform:
            return
        if declared.options.reference_dates or declared.reads[0].scope == "all_days":
            return
        balances = readable_table(self.lake, TableId("ops", domain, "reconciliation")).snapshot()
        days = [file.day for file in balances.files if file.rows]
        if days:
            raise TableDamaged(
                declared.id,
                f"the table does not exist, although {len(days)} days from {days[0]} to {days[-1]}"
                " were computed",
            )

    def _ops_table(self, name: str) -> None:
        parts: list[str] = []
        columns = OPS_TABLES[name].sql_types
        for table in stored_parts(self.lake, name):
            files = self._files(table)
            if files is None or not files.urls:
                continue
            current = current_id(table)
            given = {"domain": table.domain, "table": current.table, "layer": table.layer}
            selected = []
            for column, kind in columns.items():
                value = sql_value(column, files.schema.names)
                if value is None:
                    value = _text(given[column]) if column in given else "NULL"
                selected.append(f"CAST({value} AS {kind}) AS {quoted(column)}")
            parts.append(
                f"SELECT {', '.join(selected)} FROM {rows_of_files(files.urls, files.schema.names)}"  # noqa: S608  quoted
            )
        if not parts:
            nothing = ", ".join(f"CAST(NULL AS {k}) AS {quoted(c)}" for c, k in columns.items())
            parts.append(f"SELECT {nothing} WHERE false")
        self._view(f"ops.{name}", " UNION ALL ".join(parts))

    def _view(self, name: str, sql: str) -> None:
        try:
            self.connection.execute(f"CREATE VIEW {_sql_name(name)} AS {sql}")
        except duckdb.BinderException:
            raise
        except duckdb.Error as error:
            if damage := first_damage(self.lake.store, self.urls):
                raise damage from error
            raise

    def _empty(self, name: str, schema: pa.Schema) -> None:
        nothing = schema.insert(0, pa.field("day", pa.date32())).empty_table()
        self.connection.register("nothing", nothing)
        copied = "AS SELECT * FROM nothing"
        self.connection.execute(f"CREATE TABLE {_sql_name(name)} {copied}")
        self.connection.unregister("nothing")


def _declared_table(table: TableId) -> "Table | None":
    """Return a table by the code of its domain; None when no code declares it."""
    from lakehouse.platform.tables.domains import domain_names
    from lakehouse.platform.tables.registry import load_domain

    if table.domain not in domain_names():
        return None
    try:
        return load_domain(table.domain).table(table.layer, table.table)
    except KeyError:
        return None


def stored_parts(lake: Lake, name: str) -> Iterator[TableId]:
    """Yield the stored tables that an ops table combines."""
    if name == "deliveries":
        yield from readable_tables(lake, "raw")
    elif name in (QUARANTINE, OUTCOMES):
        layers = ("bronze", "silver", "gold") if name == QUARANTINE else ("silver",)
        yield from (t for layer in layers for t in lake.tables(layer) if t.companion == name)
    else:
        yield from (t for t in readable_tables(lake, "ops") if current_id(t).table == name)


def described_names(lake: Lake) -> list[tuple[str, str]]:
    """Return every name that a query may use, sorted, with the description of its table."""
    found = {table.name: "" for table in lake.tables() if not table.companion}
    found |= {table.name: table.description for table in read_catalogue().tables}
    found |= {f"ops.{name}": model.description for name, model in OPS_TABLES.items()}
    return [(name, " ".join(text.split("\n\n")[0].split())) for name, text in sorted(found.items())]


def _every_name(lake: Lake) -> set[str]:
    return {name for name, _ in described_names(lake)}


def _sql_name(name: str) -> str:
    return ".".join(quoted(part) for part in name.split("."))


def quoted(name: str) -> str:
    """Return a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(map(_text, texts))

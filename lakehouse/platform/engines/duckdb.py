"""The embedded DuckDB engine. Importing this module does not import duckdb."""

import contextlib
import datetime as dt
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from lakehouse.platform.engines.databases import ONE_THREAD_BYTES, SMALL_BYTES, Database
from lakehouse.platform.engines.day_files import rows_of_days
from lakehouse.platform.engines.older_days import Expected, error_of
from lakehouse.platform.engines.session import Session, arrow_schema, named_relation
from lakehouse.platform.engines.spark_files import Convert
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.tables.code_facts import CodeFacts
from lakehouse.platform.tables.contract import Contract
from lakehouse.settings import Settings

BATCH_ROWS = 32_768
"""Rows of a result that are in memory at a time."""


class DuckDBSession(Session):
    """One in-memory DuckDB database; it spills to disk above its memory limit."""

    dialect = "duckdb"

    def __init__(self, settings: Settings, *, s3: bool, shared: bool = False) -> None:
        """Open a database, or take one that an earlier session of this process left.

        Args:
            settings: limits of the engine, and the lake.
            s3: whether files on S3 are read.
            shared: whether the database may be one that other sessions use before and after, which
                only see its limits. On S3 the caller knows that little is read.
        """
        self.texts = CodeFacts(settings.home)
        self._store = ObjectStore.at(settings.root)
        self._urls: dict[str, None] = {}
        self._kept: set[str] = set()
        self._read_bytes = 0
        self._is_shared = shared
        self._database = Database.opened(settings, new=not shared, s3=s3)
        self.connection = self._database.connection
        if shared:
            self.connection = self.connection.cursor()
        if shared and not s3:
            self._database.use_one_thread()
        if s3:  # with the credentials of this moment
            from lakehouse.platform.storage.s3_access import duckdb_s3_setup

            duckdb_s3_setup(self.connection)

    def close(self) -> None:
        """Free the memory and delete the spilled files."""
        self.connection.close()
        if self._is_shared and self._read_bytes <= SMALL_BYTES:
            self._database.leave()
        else:
            self._database.close()

    def fail(self) -> None:
        """Never use the database again after this session: an error may have damaged it."""
        self._is_shared = False

    def _note_files(self, urls: Sequence[str]) -> None:
        """Note files that are read, and their size while it decides about the database."""
        added = [url for url in urls if url not in self._urls]
        self._urls |= dict.fromkeys(added)
        for url in added if self._is_shared else ():
            if self._read_bytes > SMALL_BYTES:
                break
            with contextlib.suppress(OSError):
                self._note_bytes(Path(url).stat().st_size)

    def _note_bytes(self, size: int) -> None:
        """Add to the size of what is read; above a limit, take every thread of the settings."""
        before = self._read_bytes
        self._read_bytes += size
        if self._is_shared and before <= ONE_THREAD_BYTES < self._read_bytes:
            self._database.use_all_threads()

    def files(
        self,
        name: str,
        urls: Sequence[str],
        schema: sch.Schema,
        where: str = "",
        *,
        contract: Contract | None = None,
        version: str = "",
    ) -> None:
        types = _types_of(schema)
        columns = ", ".join(
            f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in types.items()
        )
        if urls:
            with self._naming_damage():
                rows = rows_of_days(self.connection, urls, Expected.of(types, contract, version))
        else:
            nulls = ", ".join(f'NULL AS "{column}"' for column in schema)
            rows, where = f"(SELECT {nulls})", "false"
        condition = f" WHERE {where}" if where else ""
        query = f"SELECT {columns} FROM {rows}{condition}"  # noqa: S608  names from our contracts
        self._note_files(urls)
        with self._naming_damage():
            self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {query}')

    @contextlib.contextmanager
    def _naming_damage(self) -> Iterator[None]:
        """Turn an error of reading into one that names the damaged file.

        Raises:
            TableDamaged: a file that the session reads is missing or has other bytes.
            OlderDays: a day that an older contract made lacks what is read.
        """
        import duckdb

        try:
            yield
        except (duckdb.ConversionException, duckdb.OutOfRangeException):
            raise
        except duckdb.Error as error:
            if older := error_of(error):
                raise older from error
            if damage := first_damage(self._store, self._urls):
                raise damage from error
            raise

    def arrow(self, name: str, table: pa.Table) -> None:
        self._note_bytes(table.nbytes)
        self.connection.register(name, table)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        if name in self._kept:
            self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        self._kept.add(name)
        with self._naming_damage():
            self.connection.execute(f'CREATE TEMP TABLE "{name}" AS {self.sql(expression)}')
        return named_relation(name, expression.schema())

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        schema = arrow_schema(expression.schema())
        with self._naming_damage():
            reader = self.connection.execute(self.sql(expression)).to_arrow_reader(BATCH_ROWS)
            for batch in reader:
                yield batch.cast(schema)

    def stage_days(
        self,
        ordered: ir.Table,
        days: Sequence[dt.date],
        table: LakeTable,
        schema: pa.Schema,
        *,
        definition: str = "",
        convert: Convert | None = None,
        read_rows: int | None = None,
    ) -> list[Staged]:
        batches = self.batches(ordered)
        rows = batches if convert is None else map(convert, batches)
        return table.stage_sorted(rows, days, schema, definition=definition)


@functools.lru_cache(maxsize=1024)
def _types_of(schema: sch.Schema) -> Mapping[str, str]:
    """Return the SQL type of each column; writing it takes as long as a small statement."""
    return {column: DuckDBType.to_string(kind) for column, kind in schema.items()}

"""Engines that run a finished expression: embedded DuckDB, or Spark, chosen by one setting.

An expression names its upstream relations; a session binds those names to Parquet files of the
lake. Ibis' types are not always the engine's, so every result is cast to the promised types in SQL
text.
"""

import contextlib
import functools
import importlib.metadata
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType, PySparkType

from lakehouse.settings import Settings

BATCH_ROWS = 131_072


class EngineError(Exception):
    """An engine cannot be had; the message says why and what to do."""


class Session(ABC):
    """Relations by name for the length of one computation."""

    dialect: str

    @abstractmethod
    def files(self, name: str, urls: Sequence[str], schema: sch.Schema, where: str = "") -> None:
        """Let `name` mean the rows of Parquet files of one lake table, `day` from their folders.

        `where` is SQL text of our own that both engines understand, for rows to leave out.
        """

    @abstractmethod
    def arrow(self, name: str, table: pa.Table) -> None:
        """Let `name` mean these rows."""

    @abstractmethod
    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute an expression once; the result can be read many times under `name`.

        What was kept under the name before is given up first, so two never take memory.
        """

    @abstractmethod
    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Run an expression; rows in its order, in the Arrow types of its schema."""

    def table(self, expression: ir.Table) -> pa.Table:
        """Run an expression whose result is small."""
        schema = arrow_schema(expression.schema())
        return pa.Table.from_batches(self.batches(expression), schema=schema)

    def value(self, expression: ir.Scalar) -> Any:
        """Run an expression of one value."""
        return self.table(expression.as_table()).column(0)[0].as_py()

    def sql(self, expression: ir.Table) -> str:
        """The SQL of an expression in this engine's dialect, with the promised types applied."""
        return typed_sql(expression, self.dialect)


def arrow_schema(schema: sch.Schema) -> pa.Schema:
    """Arrow types of an Ibis schema, nullable as files are."""
    return pa.schema([pa.field(name, kind.to_pyarrow()) for name, kind in schema.items()])


_BLANKS_OF_IBIS = r"' \t\n\r\v\f'"
_BLANKS_OF_SPARK = r"' \t\n\r\u000B\u000C'"
"""Spark knows no \\v and \\f: with them, `strip` would take the letters v and f off a text."""


def typed_sql(expression: ir.Table, dialect: str) -> str:
    """SQL of an expression whose columns have exactly the types its schema says."""
    return _typed_sql(expression.op(), dialect)


@functools.lru_cache(maxsize=256)
def _typed_sql(relation: ops.Relation, dialect: str) -> str:
    """Kept, because each window of days and each run of a process asks for the same text."""
    expression = relation.to_expr()
    types, quote = (DuckDBType, '"') if dialect == "duckdb" else (PySparkType, "`")
    body = str(ibis.to_sql(expression, dialect=dialect))
    if dialect == "pyspark":
        body = body.replace(_BLANKS_OF_IBIS, _BLANKS_OF_SPARK)
    columns = ", ".join(
        f"CAST({quote}{name}{quote} AS {types.to_string(kind)}) AS {quote}{name}{quote}"
        for name, kind in expression.schema().items()
    )
    return f"SELECT {columns} FROM (\n{body}\n) AS typed"  # noqa: S608  names of our contracts


def renamed(name: str, schema: sch.Schema) -> ir.Table:
    """The relation called `name`, to build further expressions on."""
    return ibis.table(schema, name=name)


class DuckDBSession(Session):
    """One in-memory DuckDB database; spills to disk past its memory limit."""

    dialect = "duckdb"

    def __init__(self, settings: Settings, *, s3: bool) -> None:
        import duckdb

        self._spill = tempfile.TemporaryDirectory(prefix="lakehouse-spill-")
        self.connection = duckdb.connect(
            config={
                "memory_limit": settings.memory_limit,
                "threads": settings.threads or os.cpu_count() or 1,
                "temp_directory": self._spill.name,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        if s3:
            from lakehouse.platform.storage.s3_access import duckdb_s3_setup

            duckdb_s3_setup(self.connection)

    def close(self) -> None:
        """Give memory and spilled files back."""
        self.connection.close()
        self._spill.cleanup()

    def files(self, name: str, urls: Sequence[str], schema: sch.Schema, where: str = "") -> None:
        columns = ", ".join(
            f'CAST("{column}" AS {DuckDBType.to_string(kind)}) AS "{column}"'
            for column, kind in schema.items()
        )
        if urls:
            listed = ", ".join("'" + url.replace("'", "''") + "'" for url in urls)
            rows = (
                f"read_parquet([{listed}], hive_partitioning = true,"
                " hive_types = {'day': DATE}, union_by_name = true)"
            )
            if len(urls) == 1:  # DuckDB 1.5 fails on max(day) over one file
                day = 'CAST(date_trunc(\'day\', "day") AS DATE) AS "day"'
                rows = f"(SELECT * REPLACE ({day}) FROM {rows})"  # noqa: S608  ours
        else:
            nothing = ", ".join(f'NULL AS "{column}"' for column in schema)
            rows, where = f"(SELECT {nothing})", "false"
        chosen = f" WHERE {where}" if where else ""
        made = f"SELECT {columns} FROM {rows}{chosen}"  # noqa: S608  names of our contracts
        self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {made}')

    def arrow(self, name: str, table: pa.Table) -> None:
        self.connection.register(name, table)

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        self.connection.execute(f'CREATE TEMP TABLE "{name}" AS {self.sql(expression)}')
        return renamed(name, expression.schema())

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        schema = arrow_schema(expression.schema())
        reader = self.connection.execute(self.sql(expression)).to_arrow_reader(BATCH_ROWS)
        for batch in reader:
            yield batch.cast(schema)


class SparkSession(Session):
    """Temporary views of one Spark session; `keep` caches."""

    dialect = "pyspark"

    def __init__(self, spark: Any) -> None:
        self.spark = spark
        self._names: list[str] = []

    def close(self) -> None:
        """Forget the views and what was cached."""
        for name in self._names:
            self.spark.catalog.uncacheTable(name)
            self.spark.catalog.dropTempView(name)

    def _view(self, name: str, frame: Any) -> None:
        if name in self._names:
            self.spark.catalog.uncacheTable(name)
        else:
            self._names.append(name)
        frame.createOrReplaceTempView(name)

    def files(self, name: str, urls: Sequence[str], schema: sch.Schema, where: str = "") -> None:
        from ibis.backends.pyspark.datatypes import PySparkSchema

        wanted = PySparkSchema.from_ibis(schema)
        if urls:
            root = urls[0].rsplit("/day=", 1)[0]
            frame = self.spark.read.schema(wanted).option("basePath", root).parquet(*urls)
            frame = frame.select(*schema.names)
        else:
            frame = self.spark.createDataFrame([], wanted)
        self._view(name, frame.where(where) if where and urls else frame)

    def arrow(self, name: str, table: pa.Table) -> None:
        self._view(name, self.spark.createDataFrame(table))

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        frame = self.spark.sql(self.sql(expression)).cache()
        self._view(name, frame)
        return renamed(name, expression.schema())

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        schema = arrow_schema(expression.schema())
        yield from self.spark.sql(self.sql(expression)).toArrow().cast(schema).to_batches()


def _spark(settings: Settings) -> Any:
    """The process' Spark session, set so that it computes what DuckDB computes."""
    try:
        import pyspark.sql
    except ImportError as error:
        raise EngineError(
            "LAKEHOUSE_ENGINE=spark needs PySpark: pip install 'lakehouse[spark]'"
        ) from error
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return (
        pyspark.sql.SparkSession.builder.master(settings.spark_master)
        .appName("lakehouse")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.caseSensitive", "true")
        .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )


@contextlib.contextmanager
def session(settings: Settings) -> Iterator[Session]:
    """A session of the engine that the settings name.

    Raises:
        EngineError: the engine's package or runtime is missing.
    """
    opened: DuckDBSession | SparkSession
    if settings.engine == "spark":
        opened = SparkSession(_spark(settings))
    else:
        opened = DuckDBSession(settings, s3=settings.uses_s3)
    try:
        yield opened
    finally:
        opened.close()


def engine_version(settings: Settings) -> str:
    """Name and version of the engine, for a table's metadata."""
    package = "pyspark" if settings.engine == "spark" else "duckdb"
    return f"{settings.engine} {importlib.metadata.version(package)}"

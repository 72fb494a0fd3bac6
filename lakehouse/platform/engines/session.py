"""Engines that run a finished expression: embedded DuckDB, or Spark, chosen by one setting.

An expression names its upstream relations; a session binds those names to Parquet files of the
lake. Types that Ibis infers are not always those of the engine, so the SQL casts every result to
the types of its schema.
"""

import contextlib
import datetime as dt
import functools
import importlib.metadata
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType, PySparkType

from lakehouse.platform.engines.databases import SMALL_ROWS
from lakehouse.platform.engines.spark_files import Convert
from lakehouse.platform.engines.sql_texts import kept_sql
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.tables.code_facts import CodeFacts
from lakehouse.platform.tables.contract import Contract
from lakehouse.settings import Settings


class EngineError(Exception):
    """An engine is not available; the message says why and how to install it."""


class Session(ABC):
    """Named relations for the duration of one computation."""

    dialect: str
    texts: CodeFacts | None = None
    """Where SQL texts are kept between processes."""

    @abstractmethod
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
        """Bind a name to the rows of Parquet files of one table.

        The folder ``day=…`` of each file in its table gives ``day``; no folder above is read.

        Args:
            name: of the relation.
            urls: of the files.
            schema: columns to bind.
            where: an SQL condition that both engines understand; only rows that fulfil it are read.
                It must not contain text from data.
            contract: of the table, to read days that an older contract made; see `older_days`.
                Without it, a column that they lack is null.
            version: of the current definition of the table, if it is known.
        """

    @abstractmethod
    def arrow(self, name: str, table: pa.Table) -> None:
        """Bind a name to these rows."""

    @abstractmethod
    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute an expression once and bind a name to its rows, to read them many times.

        Rows kept earlier under the same name are dropped first, so both never need memory at the
        same time.
        """

    @abstractmethod
    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Run an expression; yield rows in its order, in the Arrow types of its schema."""

    @abstractmethod
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
        """Compute rows and write the files of their days where they are computed.

        The files are not visible before a commit. The same rows give the same bytes on every
        engine, and no more than a few days, or a part of a large one, are in memory at once.

        Args:
            ordered: an expression that ends in ``order_by``, by ``day`` first; together the columns
                of the order are unique.
            days: days to write, also those without rows; there are no rows of other days.
            table: gets the files.
            schema: columns of the table.
            definition: version of the definition that made the rows, for the names of the files.
            convert: turns computed rows into those that are stored; it must be a function of a
                module, or a `functools.partial` of one, because it is sent to other processes, and
                return a row for each row.
            read_rows: about how many rows the expression reads. A cluster looks for large days, to
                write each by several tasks, only if they are many.
        """

    @abstractmethod
    def close(self) -> None:
        """Free all resources of the session."""

    def fail(self) -> None:  # noqa: B027  most sessions have nothing to do
        """Take notice of an error that ends the session."""

    def named(self, error: Exception) -> Exception:
        """Return the error, or one that names its cause where the session itself is the cause."""
        return error

    def table(self, expression: ir.Table) -> pa.Table:
        """Run an expression whose result is small."""
        schema = arrow_schema(expression.schema())
        return pa.Table.from_batches(self.batches(expression), schema=schema)

    def value(self, expression: ir.Scalar) -> Any:
        """Run an expression that returns one value."""
        return self.table(expression.as_table()).column(0)[0].as_py()

    def sql(self, expression: ir.Table) -> str:
        """Return the SQL of an expression in this engine's dialect; see `typed_sql`."""
        return typed_sql(expression, self.dialect, self.texts)


@contextlib.contextmanager
def session(settings: Settings, rows: int | None = None) -> Iterator[Session]:
    """Open a session of the engine that the settings name.

    Args:
        settings: engine, its limits, and the cluster.
        rows: upstream rows that are read, if they are known; a cluster distributes them by it, and
            few rows on S3 need no database of their own.

    Raises:
        EngineError: the engine's package or runtime is missing.
        DriverLost: the Java process of Spark ended while the session was open.
    """
    opened: Session
    if settings.engine == "spark":
        from lakehouse.platform.engines.spark import SparkSession, spark_session

        store = ObjectStore.at(settings.root)
        texts = CodeFacts(settings.home)
        opened = SparkSession(spark_session(settings), store, rows=rows or 0, texts=texts)
    else:
        from lakehouse.platform.engines.duckdb import DuckDBSession

        is_small = rows is not None and rows <= SMALL_ROWS
        opened = DuckDBSession(
            settings, s3=settings.uses_s3, shared=is_small or not settings.uses_s3
        )
    try:
        yield opened
    except BaseException as error:
        opened.fail()
        if isinstance(error, Exception) and (named := opened.named(error)) is not error:
            raise named from error
        raise
    finally:
        opened.close()


def engine_settings(settings: Settings, *, embedded: bool, rows: int | None = None) -> Settings:
    """Return the settings with the engine of a table.

    Args:
        settings: the engine for large work, and from how many rows work is large.
        embedded: whether DuckDB always computes the table.
        rows: upstream rows that are read; None if they are not known, which counts as many.
    """
    small = rows is not None and rows < settings.spark_min_rows
    return replace(settings, engine="duckdb") if embedded or small else settings


def engine_version(settings: Settings) -> str:
    """Return name and version of the engine, for a table's metadata."""
    package = "pyspark" if settings.engine == "spark" else "duckdb"
    return f"{settings.engine} {importlib.metadata.version(package)}"


@functools.lru_cache(maxsize=1024)
def arrow_schema(schema: sch.Schema) -> pa.Schema:
    """Return the Arrow types of an Ibis schema; every column is nullable, as in files."""
    return pa.schema([pa.field(name, kind.to_pyarrow()) for name, kind in schema.items()])


@functools.lru_cache(maxsize=1024)
def named_relation(name: str, schema: sch.Schema) -> ir.Table:
    """Return the relation called ``name``, to build further expressions on.

    It is the same object each time, so an expression on it can be built once for a process.
    """
    return ibis.table(schema, name=name)


def typed_sql(expression: ir.Table, dialect: str, texts: CodeFacts | None = None) -> str:
    """Return the SQL of an expression; its columns have exactly the types of its schema.

    Args:
        expression: what the SQL computes.
        dialect: ``duckdb`` or ``pyspark``.
        texts: where the texts of large expressions are kept; by default they are not.
    """
    relation = expression.op()
    if (relation, dialect) not in _TEXTS:
        while len(_TEXTS) >= MOST_TEXTS:
            del _TEXTS[next(iter(_TEXTS))]
        _TEXTS[relation, dialect] = _sql_of(relation, dialect, texts)
    return _TEXTS[relation, dialect]


_BLANKS_OF_IBIS = r"' \t\n\r\v\f'"
_BLANKS_OF_SPARK = r"' \t\n\r\u000B\u000C'"
"""Spark does not know \\v and \\f: with them, `strip` would remove the letters v and f."""


_NAME = r"""(?:"[^"]+"|`[^`]+`)"""
_LEFT_OUT = re.compile(rf"(?<=EXC)(LUDE|EPT)( \(\s*)({_NAME}(?:,\s*{_NAME})+)(?=\s*\))")
"""Columns that a ``SELECT *`` leaves out; Ibis keeps them in a set without a fixed order."""

MOST_TEXTS = 512
_TEXTS: dict[tuple[ops.Relation, str], str] = {}
"""Texts of this process: each window of days and each run asks for the same ones."""


def _sql_of(relation: ops.Relation, dialect: str, texts: CodeFacts | None) -> str:
    if texts is not None:
        return kept_sql(texts, relation, dialect, lambda: _ordered_sql(relation, dialect))
    return _ordered_sql(relation, dialect)


def _ordered_sql(relation: ops.Relation, dialect: str) -> str:
    """Return the SQL that every process writes for an expression."""

    def ordered(found: re.Match[str]) -> str:
        names = iter(sorted(re.findall(_NAME, found[3])))
        return found[1] + found[2] + re.sub(_NAME, lambda _: next(names), found[3])

    return _LEFT_OUT.sub(ordered, _written_sql(relation, dialect))


def _written_sql(relation: ops.Relation, dialect: str) -> str:
    expression = relation.to_expr()
    types, quote = (DuckDBType, '"') if dialect == "duckdb" else (PySparkType, "`")
    if dialect == "pyspark":
        _ = ibis.pyspark  # registers options that Ibis reads when it writes a float
    body = str(ibis.to_sql(expression, dialect=dialect))
    if dialect == "pyspark":
        body = body.replace(_BLANKS_OF_IBIS, _BLANKS_OF_SPARK)
    columns = ", ".join(
        f"CAST({quote}{name}{quote} AS {types.to_string(kind)}) AS {quote}{name}{quote}"
        for name, kind in expression.schema().items()
    )
    return f"SELECT {columns} FROM (\n{body}\n) AS typed"  # noqa: S608  names from our contracts

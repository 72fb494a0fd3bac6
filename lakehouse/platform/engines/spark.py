"""The Spark engine. Importing this module does not import pyspark."""

import contextlib
import datetime as dt
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import PySparkType

from lakehouse.platform.engines.day_files import day_position
from lakehouse.platform.engines.older_days import SPARK, Expected, columns_of_group
from lakehouse.platform.engines.session import EngineError, Session, arrow_schema, named_relation
from lakehouse.platform.engines.spark_causes import (
    DRIVER_LOST,
    DriverLost,
    connection_errors,
    forget_lost_driver,
    has_lost_driver,
    naming_causes,
)
from lakehouse.platform.engines.spark_files import ORDER, Convert, RowWriter, stage_on_executors
from lakehouse.platform.engines.spark_s3 import knows_s3, rows_from_s3
from lakehouse.platform.engines.spark_sections import SortKey
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.made_with import by_definition
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.s3_access import current_identity
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.tables.code_facts import CodeFacts
from lakehouse.platform.tables.contract import Contract
from lakehouse.settings import Settings

PARTITIONS = "spark.sql.shuffle.partitions"
"""Spark's setting: tasks that join or group rows; each has all rows of some keys."""

ROWS_A_TASK = 500_000
"""Upstream rows for each task that joins or groups; more tasks than that only cost time."""

COMPRESSION = "10"
"""Bytes of rows in a byte of a Parquet file, about. Spark sends a table that it takes for small
through the driver; rows of a file that compresses well would be too many for its memory."""

ROWS_WORTH_A_TASK = 50_000
"""Upstream rows from which one more task is worth its start, up to the usual number of tasks."""


class SparkSession(Session):
    """Temporary views of one Spark session; `keep` caches rows in Spark."""

    dialect = "pyspark"

    def __init__(
        self, spark: Any, store: ObjectStore, *, rows: int = 0, texts: CodeFacts | None = None
    ) -> None:
        """Open a session over a Spark session for a lake.

        Args:
            spark: the session of Spark.
            store: of the lake.
            rows: about how many upstream rows are read; 0 when it is not known.
            texts: where SQL texts are kept between processes.
        """
        self.spark = spark
        self.texts = texts
        self._store = store
        self._names: list[str] = []
        self._urls: dict[str, None] = {}
        self._partitions = int(spark.conf.get(PARTITIONS))
        spark.conf.set(PARTITIONS, tasks_for(rows, self._partitions))

    def close(self) -> None:
        """Drop the views and the cached rows; a driver that has ended has none."""
        with contextlib.suppress(*connection_errors()):
            self.spark.conf.set(PARTITIONS, self._partitions)
            for name in self._names:
                self.spark.catalog.uncacheTable(name)
                self.spark.catalog.dropTempView(name)

    def named(self, error: Exception) -> Exception:
        is_named = isinstance(error, StorageError)
        return DriverLost(DRIVER_LOST) if not is_named and has_lost_driver() else error

    def _view(self, name: str, frame: Any) -> None:
        if name in self._names:
            self.spark.catalog.uncacheTable(name)
        else:
            self._names.append(name)
        frame.createOrReplaceTempView(name)

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
        from ibis.backends.pyspark.datatypes import PySparkSchema

        wanted = PySparkSchema.from_ibis(schema)
        groups = by_definition(urls)
        self._urls |= dict.fromkeys(urls)
        if not urls:
            frame = self.spark.createDataFrame([], wanted)
        elif len(groups) == 1 and groups.keys() <= {"", version or next(iter(groups))}:
            with naming_causes(self._store, self._urls):
                frame = self._rows(urls, wanted).select(*schema.names)
        else:
            types = {column: PySparkType.to_string(kind) for column, kind in schema.items()}
            expected = Expected.of(types, contract, version)
            with naming_causes(self._store, self._urls):
                frames = [self._older_rows(files, expected) for files in groups.values()]
            frame = functools.reduce(lambda one, other: one.unionAll(other), frames)
        self._view(name, frame.where(where) if where and urls else frame)

    @functools.cached_property
    def _knows_s3(self) -> bool:
        return knows_s3(self.spark)

    def _rows(self, urls: Sequence[str], schema: Any | None = None) -> Any:
        """Return the rows of files of one table, with the columns of a schema or with their own."""
        start = day_position(urls)
        if urls[0].startswith("s3://") and not self._knows_s3:
            return rows_from_s3(self.spark, urls, start, schema)
        table = urls[0][:start].rpartition("/")[0]
        reader = self.spark.read if schema is None else self.spark.read.schema(schema)
        reader = reader.option("basePath", table).option("mergeSchema", "true")
        return reader.option("__globPaths__", "false").parquet(*urls)  # a path has no wildcards

    def _older_rows(self, urls: Sequence[str], expected: Expected) -> Any:
        """Return the rows of files that one definition made, with the expected columns."""
        rows = self._rows(urls)
        present = {field.name: field.dataType.simpleString() for field in rows.schema.fields}
        return rows.selectExpr(*columns_of_group(urls, present, expected, SPARK))

    def arrow(self, name: str, table: pa.Table) -> None:
        self._view(name, self.spark.createDataFrame(table))

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        frame = self.spark.sql(self.sql(expression)).cache()
        self._view(name, frame)
        return named_relation(name, expression.schema())

    def batches(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        schema = arrow_schema(expression.schema())
        with naming_causes(self._store, self._urls):
            rows = self.spark.sql(self.sql(expression)).toArrow()
        yield from rows.cast(schema).to_batches()

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
        rows, keys = _unordered(ordered)
        writer = RowWriter(
            table=table,
            schema=schema,
            definition=definition,
            convert=convert,
            s3=current_identity() if table.url.startswith("s3://") else None,
        )
        with naming_causes(self._store, self._urls):
            return stage_on_executors(self.spark.sql(self.sql(rows)), keys, days, writer, read_rows)


def _unordered(ordered: ir.Table) -> tuple[ir.Table, list[SortKey]]:
    """Return the rows of an ordered expression, and the keys of its order.

    A sort key that is not a column becomes a further column.

    Raises:
        EngineError: the expression does not end in `order_by`.
    """
    sort = ordered.op()
    if not isinstance(sort, ops.Sort):
        raise EngineError("rows to write have no order. hint: end the expression in order_by")
    rows = sort.parent.to_expr()
    columns: dict[str, ir.Value] = {}
    keys = []
    for place, key in enumerate(sort.keys):
        name = key.arg.name if isinstance(key.arg, ops.Field) else f"{ORDER}{place}"
        if name not in rows.columns:
            columns[name] = key.arg.to_expr()
        keys.append(SortKey(name=name, ascending=key.ascending, nulls_first=key.nulls_first))
    return rows.mutate(**columns) if columns else rows, keys


def tasks_for(rows: int, usual: int) -> int:
    """Return how many tasks join or group so many upstream rows.

    >>> [tasks_for(rows, 4) for rows in (0, 1_000, 120_000, 1_000_000, 40_000_000)]
    [4, 1, 3, 4, 80]
    """
    if not rows:
        return usual
    return max(min(usual, 1 + rows // ROWS_WORTH_A_TASK), rows // ROWS_A_TASK)


def spark_session(settings: Settings) -> Any:
    """Return this process' Spark session, configured to compute the same results as DuckDB.

    Raises:
        EngineError: PySpark is not installed.
    """
    try:
        import pyspark.sql
    except ImportError as error:
        raise EngineError(
            "LAKEHOUSE_ENGINE=spark needs PySpark. hint: pip install 'lakehouse[spark]'"
        ) from error
    if settings.spark_master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    forget_lost_driver()
    return (
        pyspark.sql.SparkSession.builder.master(settings.spark_master)
        .appName("lakehouse")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.caseSensitive", "true")
        .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
        .config(PARTITIONS, "4")
        .config("spark.sql.sources.fileCompressionFactor", COMPRESSION)
        .config("spark.sql.autoBroadcastJoinThreshold", "1m")
        .config("spark.sql.adaptive.autoBroadcastJoinThreshold", "10m")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )

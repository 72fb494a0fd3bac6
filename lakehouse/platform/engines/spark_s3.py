"""Executors read the files of days from S3 themselves, on clusters without an S3 connector.

A cluster that knows the scheme ``s3`` itself, such as EMR, reads natively; see `knows_s3`.
Otherwise tasks read the files with the platform's own client and the credentials of the driver.
All bytes of one file are in memory while its rows are read.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.s3_access import S3Identity, current_identity, use_identity
from lakehouse.platform.storage.table_id import DAY

FILES_A_TASK = 4
"""Tasks are made as if each core of the cluster took so many of them, one after the other."""


@dataclass(frozen=True, kw_only=True)
class FileReader:
    """What a task needs to read files. It is sent to the executors, so its text has no secrets."""

    schema: pa.Schema
    """Columns to return; one that a file lacks is null."""
    s3: S3Identity = field(repr=False)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the files that are listed with their days."""
        use_identity(self.s3)
        for batch in batches:
            for url, day in zip(batch["url"].to_pylist(), batch[DAY].to_pylist(), strict=True):
                for rows in _opened(url).iter_batches(use_threads=False):
                    yield self._with_columns(rows, day)

    def _with_columns(self, rows: pa.RecordBatch, day: dt.date) -> pa.RecordBatch:
        given = set(rows.schema.names)
        columns = []
        for column in self.schema:
            if column.name == DAY:
                columns.append(pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows))
            elif column.name in given:
                columns.append(rows.column(column.name).cast(column.type))
            else:
                columns.append(pa.nulls(rows.num_rows, column.type))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def knows_s3(spark: Any) -> bool:
    """Return whether the cluster's Hadoop opens addresses that begin with ``s3://``."""
    from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]

    java = spark.sparkContext._jvm
    settings = spark.sparkContext._jsc.hadoopConfiguration()
    try:
        java.org.apache.hadoop.fs.FileSystem.getFileSystemClass("s3", settings)
    except Py4JJavaError:  # no file system for the scheme
        return False
    return True


def rows_from_s3(
    spark: Any, urls: Sequence[str], day_position: int, schema: Any | None = None
) -> Any:
    """Return the rows of files of one table, with the columns of a schema or with their own.

    Args:
        spark: the session.
        urls: s3:// addresses of files.
        day_position: where the day begins in each of them.
        schema: of Spark, with ``day``; by default the columns of the first and the last file.
    """
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    wanted = _own_columns(urls) if schema is None else to_arrow_schema(schema, timezone="UTC")
    files = pa.table(
        {
            "task": pa.array(range(len(urls)), pa.int32()),
            "url": list(urls),
            DAY: [dt.date.fromisoformat(url[day_position:][:10]) for url in urls],
        }
    )
    most = FILES_A_TASK * max(1, spark.sparkContext.defaultParallelism)
    listed = _of_unknown_size(spark, files).repartitionById(min(len(urls), most), "task")
    reader = FileReader(schema=wanted, s3=current_identity())
    shown = schema or from_arrow_schema(wanted, prefer_timestamp_ntz=True)
    return listed.mapInArrow(reader, shown)


def _of_unknown_size(spark: Any, listed: pa.Table) -> Any:
    """Return a DataFrame from which Spark does not conclude how many rows the files have.

    Otherwise it takes a table for as small as the list of its files, and sends all its rows through
    the driver to join them.
    """
    name = "spark.sql.execution.arrow.localRelationThreshold"
    before = spark.conf.get(name)
    spark.conf.set(name, "0")
    try:
        return spark.createDataFrame(listed)
    finally:
        spark.conf.set(name, before)


def _opened(url: str) -> pq.ParquetFile:
    folder, _, name = url.rpartition("/")
    return pq.ParquetFile(pa.BufferReader(ObjectStore.at(folder).read(name)))


def _own_columns(urls: Sequence[str]) -> pa.Schema:
    found = [_opened(url).schema_arrow for url in dict.fromkeys((urls[0], urls[-1]))]
    return pa.unify_schemas(found).append(pa.field(DAY, pa.date32()))

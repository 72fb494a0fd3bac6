"""Spark for tests: skipped with the reason where it cannot run, a failure there in CI."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lakehouse.platform.engines.spark import spark_session
from lakehouse.settings import Settings


def require_spark() -> None:
    """Skip the test where there is no Java or no PySpark; in CI that is a failure."""
    reason = ""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        reason = "no Java on this machine, so no Spark"
    else:
        try:
            import pyspark  # noqa: F401
        except ImportError:
            reason = "pip install 'lakehouse[spark]'"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def local_spark(master: str, settings: Settings | None = None) -> Iterator[Settings]:
    """Yield settings of a Spark session, which is stopped afterwards."""
    require_spark()
    by_spark = replace(
        settings or Settings(), engine="spark", spark_master=master, spark_min_rows=0
    )
    spark = spark_session(by_spark)
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    yield by_spark
    spark.stop()

"""Spark for tests: skipped with the reason where it cannot run, a failure there in CI."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import lakehouse_tests
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


@contextmanager
def spark_cluster(settings: Settings) -> Iterator[Settings]:
    """Yield settings with a cluster of two workers, whose executors are processes of their own."""
    require_spark()
    import pyspark

    with (
        tempfile.TemporaryDirectory(prefix="spark-") as home,
        pytest.MonkeyPatch.context() as patch,
    ):
        for part in Path(pyspark.__file__).parent.iterdir():  # workers keep their files in the home
            Path(home, part.name).symlink_to(part)
        patch.setenv("SPARK_HOME", home)
        patch.setenv("PYTHONPATH", str(Path(lakehouse_tests.__file__).parent.parent))
        end_java()
        try:
            yield from local_spark("local-cluster[2,1,1024]", settings)
        finally:
            end_java()


def end_java() -> None:
    """End the Java process of earlier sessions; executors have the environment that it began with.

    A session that another test has left open is stopped. The next session starts another process.
    """
    from pyspark import SparkContext

    stop_session()
    if (gateway := SparkContext._gateway) is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(60)
        SparkContext._gateway = SparkContext._jvm = None


def executors(process: int) -> list[int]:
    """Return the Java processes of the executors of a driver."""
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            words = Path(f"/proc/{child}/cmdline").read_bytes()
            found += [child] if b"CoarseGrainedExecutorBackend" in words else executors(child)
    return found


def stop_session() -> None:
    """Stop the Spark session of this process, if there is one."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if SparkContext._active_spark_context is not None:
        SparkSession.builder.getOrCreate().stop()


def local_spark(master: str, settings: Settings | None = None) -> Iterator[Settings]:
    """Yield settings of a Spark session, which is stopped afterwards."""
    require_spark()
    by_spark = replace(
        settings or Settings(), engine="spark", spark_master=master, spark_min_rows=0
    )
    spark = spark_session(by_spark)
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    yield by_spark
    stop_session()


def executor_of(process: int) -> int:
    """Return the Java process above a Python worker."""
    while b"java" not in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]:
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return process

"""Spark for tests: skipped with the reason where it cannot run, a failure there in CI.

A test process has one Spark session, which is kept until the process ends: starting one takes
longer than most tests. Where a test needs a cluster, the session is replaced by one of a cluster,
which serves the later tests as well.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import lakehouse_tests
from lakehouse.platform.engines.spark import spark_session
from lakehouse.platform.engines.spark_causes import forget_lost_driver, has_lost_driver
from lakehouse.settings import Settings

CLUSTER = "local-cluster[2,1,1024]"
"""Two workers; their executors are processes of their own."""


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


def spark_settings(settings: Settings | None = None) -> Settings:
    """Return settings with which every table is computed by the Spark session of this process."""
    require_spark()
    return replace(settings or Settings(), engine="spark", spark_min_rows=0)


def spark_cluster(home: Path) -> Settings:
    """Return settings of the cluster of this process; start it if it does not run.

    Args:
        home: gets the files of the workers.
    """
    settings = replace(spark_settings(), spark_master=CLUSTER)
    if not _has_cluster():
        import pyspark

        end_java()
        for part in Path(pyspark.__file__).parent.iterdir():
            if not Path(home, part.name).exists():
                Path(home, part.name).symlink_to(part)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in cluster_environment(home).items():
                patch.setenv(name, value)
            spark_session(settings)
    return settings


def cluster_environment(home: Path) -> dict[str, str]:
    """Return the variables with which a driver starts; its executors have them, too."""
    root = Path(lakehouse_tests.__file__).parent.parent
    return {"SPARK_HOME": str(home), "PYTHONPATH": str(root)}


def _has_cluster() -> bool:
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    return context is not None and not has_lost_driver() and context.master == CLUSTER


def end_java() -> None:
    """Stop the Spark session of this process, if there is one, and end its Java process."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    forget_lost_driver()
    if SparkContext._active_spark_context is not None:
        SparkSession.builder.getOrCreate().stop()
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


def executor_of(process: int) -> int:
    """Return the Java process above a Python worker."""
    while b"java" not in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]:
        process = parent_of(process)
    return process


def parent_of(process: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])

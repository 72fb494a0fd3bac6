"""Errors of Spark in the words of the embedded engine, and sessions whose driver was lost."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lakehouse.platform.engines.older_days import error_of
from lakehouse.platform.plain_causes import plain_cause
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.outside_causes import is_outside_text

_OF_VALUES = re.compile(r"\[(?:CAST_|NUMERIC_VALUE_|ARITHMETIC_|DIVIDE_|DATETIME_)")
"""Errors of computed values; files have nothing to do with them."""

_OWN_ERROR = re.compile(r"^lakehouse\.[\w.]+\.\w+: (?P<message>\S.*)$", re.MULTILINE)
"""Last line of the trace of an error that the platform raised in a task."""

_LAST_OF_TRACE = re.compile(
    r"^(?P<message>[a-z_]\w*(?:\.\w+)*\.?\w*(?:Error|Exception): .+)$", re.MULTILINE
)
"""Last line of the trace of an error of a library in a task, with its class."""

_LOST_EXECUTOR = re.compile(r"ExecutorLostFailure|Could not recover from a failed barrier")
MEMORY = "raise spark.executor.memory in spark-defaults.conf if executors end for lack of memory"
DRIVER_LOST = (
    "the driver of Spark, the Java process of this run, has ended; nothing was committed by it."
    " hint: run again, and raise spark.driver.memory in spark-defaults.conf if it ends again"
)


class DriverLost(StorageError):
    """The Java process of a session has ended, or has stopped its work."""


@contextlib.contextmanager
def naming_causes(store: ObjectStore, urls: Iterable[str]) -> Iterator[None]:
    """Turn an error of Spark into one that names its cause and says how to continue.

    Args:
        store: of the lake.
        urls: files that the session reads; those that the error names are looked at first.

    Raises:
        TableDamaged: a file that the session reads is missing or has other bytes.
        OlderDays: a day that an older contract made lacks what is read.
        DriverLost: the driver or its connection to the cluster is lost.
        StorageError: a task raised it, its disk or its store of objects cannot be used, or its
            executors were lost.
    """
    from pyspark.errors import PySparkException

    raised: tuple[type[Exception], ...] = (PySparkException, *connection_errors())
    try:
        yield
    except raised as error:
        text = str(error)
        if older := error_of(error):
            raise older from error
        if _OF_VALUES.search(text):
            raise
        if has_lost_driver():
            raise DriverLost(DRIVER_LOST) from error
        if damage := first_damage(store, sorted(urls, key=lambda url: url not in text)):
            raise damage from error
        if cause := _cause(text):
            raise StorageError(cause) from error
        raise


def connection_errors() -> tuple[type[Exception], ...]:
    """Return the classes of errors that calls of the driver raise."""
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]

    return Py4JError, ConnectionError


def has_lost_driver() -> bool:
    """Return whether the Java process of this process's session has ended or stopped its work."""
    from pyspark import SparkContext

    context: Any = SparkContext._active_spark_context
    if context is None or context._jsc is None:
        return False
    try:
        return bool(context._jsc.sc().isStopped())
    except connection_errors():
        return True


def forget_lost_driver() -> None:
    """Let the next session start a driver of its own if that of this process is lost."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if not has_lost_driver():
        return
    context: Any = SparkContext
    context._active_spark_context._jsc = None
    context._active_spark_context.stop()
    gateway: Any = SparkContext._gateway
    with contextlib.suppress(*connection_errors()):
        gateway.shutdown()
    if process := getattr(gateway, "proc", None):
        process.stdin.close()
        process.wait()
    context._gateway = context._jvm = None
    sessions: Any = SparkSession
    sessions._instantiatedSession = None


def _cause(text: str) -> str | None:
    """Return what a task raised or which of its resources failed; None for any other error."""
    if found := _OWN_ERROR.search(text):
        return found["message"]
    messages = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("at "))
    if cause := plain_cause(messages):
        return f"a task of Spark failed: {cause}"
    if _LOST_EXECUTOR.search(text):
        return f"executors of Spark ended while they worked. hint: run again; {MEMORY}"
    if is_outside_text("", text):
        last = _LAST_OF_TRACE.findall(text)
        what = last[-1] if last else text.strip().splitlines()[0]
        return (
            f"a task of Spark failed: {what.strip()[:300]}. hint: run again when the store or the"
            " network answers; `lakehouse doctor` tries them"
        )
    return None

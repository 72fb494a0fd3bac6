"""Errors of Spark's tasks in the words of the embedded engine."""

import contextlib
import re
from collections.abc import Iterable, Iterator

from lakehouse.platform.engines.older_days import error_of
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.plain_causes import plain_cause

_OF_VALUES = re.compile(r"\[(?:CAST_|NUMERIC_VALUE_|ARITHMETIC_|DIVIDE_|DATETIME_)")
"""Errors of computed values; files have nothing to do with them."""

_OWN_ERROR = re.compile(r"^lakehouse\.[\w.]+\.\w+: (?P<message>\S.*)$", re.MULTILINE)
"""Last line of the trace of an error that the platform raised in a task."""


@contextlib.contextmanager
def naming_causes(store: ObjectStore, urls: Iterable[str]) -> Iterator[None]:
    """Turn an error of Spark into one that names its cause and says how to continue.

    Args:
        store: of the lake.
        urls: files that the session reads; those that the error names are looked at first.

    Raises:
        TableDamaged: a file that the session reads is missing or has other bytes.
        OlderDays: a day that an older contract made lacks what is read.
        StorageError: a task raised it, or its disk is full or cannot be used.
    """
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        if older := error_of(error):
            raise older from error
        if _OF_VALUES.search(text):
            raise
        if damage := first_damage(store, sorted(urls, key=lambda url: url not in text)):
            raise damage from error
        if found := _OWN_ERROR.search(text):
            raise StorageError(found["message"]) from error
        if cause := plain_cause(text):
            raise StorageError(f"a task of Spark failed: {cause}") from error
        raise

"""Work that is cut into parts for Spark's executors; only the parts' results reach the driver.

Each part is one task. When an executor is lost, another one does the part again, so a part that is
repeated must leave the same state. Errors that a part raises are named as those of other tasks.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lakehouse.platform.engines.spark_causes import naming_causes
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.s3_access import S3Identity, current_identity, use_identity

Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class _Task(Generic[Part, Result]):
    """What a task needs. It is sent to the executors, so its text has no secrets."""

    work: Callable[[Part], Result]
    s3: S3Identity | None = field(repr=False)
    """Credentials of the driver; None when nothing is on S3."""

    def __call__(self, part: Part) -> Result:
        if self.s3 is not None:
            use_identity(self.s3)
        return self.work(part)


@dataclass(frozen=True, kw_only=True)
class Executors:
    """The executors of a Spark session.

    Args:
        spark: the session.
        store: of the lake, to look for damage when a task fails.
        uses_s3: whether tasks read or write files on S3.
    """

    spark: Any
    store: ObjectStore
    uses_s3: bool

    def run(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """Call a function for each part in a task of its own; return the results in their order.

        Args:
            work: a function of a module, or an object with a class of a module, because it is sent
                to other processes.
            parts: what to call it with; it is sent as well.

        Raises:
            StorageError: a task raised it, or its disk is full or cannot be used.
        """
        if not parts:
            return []
        task = _Task(work=work, s3=current_identity() if self.uses_s3 else None)
        given = self.spark.sparkContext.parallelize(parts, len(parts))
        with naming_causes(self.store, ()):
            results: list[Result] = given.map(task).collect()
        return results

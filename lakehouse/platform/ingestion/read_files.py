"""Read new files of the landing zone and keep their bytes in the lake."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from lakehouse.platform.ingestion.errors import FileChanged, ReadRejected
from lakehouse.platform.ingestion.intake import ErasedPersons, Intake
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class FileReader:
    """Reads new files of one dataset.

    Args:
        bronze: the dataset's table.
        intake: where the files are.
        kept: where their bytes are kept.
    """

    bronze: Table
    intake: Intake
    kept: KeptFiles

    @cached_property
    def erased(self) -> ErasedPersons:
        """Persons who are removed from files before they are kept; loaded for the first file."""
        return self.intake.erased()

    def read_new(
        self, files: Sequence[RecognizedFile], known: Sequence[Delivery]
    ) -> tuple[list[Delivery], set[str]]:
        """Read and keep the files that are not known yet.

        Returns:
            A delivery for each file, not resolved yet, and the digests whose bytes were kept
            before. A file that changed since it was listed is left to the next listing.
        """
        seen = {(delivery.file, delivery.landed_at, delivery.size) for delivery in known}
        new = [file for file in files if (file.path, file.modified_at, file.size) not in seen]
        workers = 4 if isinstance(self.intake.lake.store, DiskStore) else 24
        deliveries: list[Delivery] = []
        repeated: set[str] = set()
        with ThreadPoolExecutor(workers) as pool:
            for result in in_order(pool, new, self._read, 64):
                if result is not None:
                    delivery, existed = result
                    deliveries.append(delivery)
                    if existed:
                        repeated.add(delivery.digest)
        return deliveries, repeated

    def capture_snapshot(
        self, source: Source, days: Sequence[dt.date], known: Sequence[Delivery]
    ) -> list[Delivery]:
        """Read today's snapshot of a reference table from the domain's database, if it has one.

        Returns:
            One delivery, or none if the content is already loaded or `days` does not include today.

        Raises:
            SnapshotError: the database cannot be read.
        """
        today = self.intake.now.astimezone(self.intake.settings.zone).date()
        if self.intake.snapshots is None or source.query is None or today not in days:
            return []
        data = self.intake.snapshots.capture(source)
        delivery, _ = self._keep(
            Delivery(
                day=today,
                unit=None,
                file=f"{self.intake.spec.name}/postgresql/{source.dataset}.csv",
                digest="",
                size=len(data),
                landed_at=self.intake.now.astimezone(dt.UTC),
            ),
            data,
        )
        loaded = {d.digest for d in known if d.day == today and d.status is Status.LOADED}
        return [] if delivery.digest in loaded else [delivery]

    def _read(self, file: RecognizedFile) -> tuple[Delivery, bool] | None:
        """Read and keep one file; return None if it changed since it was listed."""
        delivery = Delivery(
            day=file.day,
            unit=file.unit,
            file=file.path,
            digest="",
            size=file.size,
            landed_at=file.modified_at,
        )
        try:
            data = self.intake.landing.read(file, limit=self.intake.file_limit)
            return self._keep(delivery, data)
        except FileChanged:
            return None
        except ReadRejected as error:
            rejected = replace(
                delivery, status=Status.REJECTED, reason=error.reason, detail=str(error)
            )
            return rejected, False

    def _keep(self, delivery: Delivery, data: bytes) -> tuple[Delivery, bool]:
        """Keep the bytes; return the delivery with its digest, and whether they were there."""
        data = self.erased.without_erased(
            data, delivery.file, self.bronze, limit=self.intake.file_limit
        )
        digest, existed = self.kept.keep(data)
        return replace(delivery, digest=digest), existed


def in_order(
    pool: ThreadPoolExecutor, items: Iterable[T], work: Callable[[T], R], depth: int
) -> Iterator[R]:
    """Yield the results of `work` in the order of the items; compute at most `depth` ahead."""
    running: list[Future[R]] = []
    for item in items:
        running.append(pool.submit(work, item))
        if len(running) >= depth:
            yield running.pop(0).result()
    for each in running:
        yield each.result()

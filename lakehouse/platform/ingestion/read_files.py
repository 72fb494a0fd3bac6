"""Read new files of the landing zone and keep their bytes in the lake."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from lakehouse.platform.ingestion.errors import FileChanged, ReadRejected
from lakehouse.platform.ingestion.intake import ErasedPersons, Intake
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.versions import newest_by_path
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table

T = TypeVar("T")
R = TypeVar("R")


@dataclass(kw_only=True)
class ReadFiles:
    """The result of reading listed files."""

    deliveries: list[Delivery] = field(default_factory=list)
    """One for each file that is new or has other bytes, not resolved yet."""
    changed: list[str] = field(default_factory=list)
    """Messages about files that changed since they were listed; the next listing has them."""


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
        self, files: Sequence[RecognizedFile], known: Sequence[Delivery], *, reread: bool = False
    ) -> ReadFiles:
        """Read and keep the files that differ from what was seen last at their path.

        A file that cannot be read never stops the others.

        Args:
            files: listed files.
            known: deliveries of their days.
            reread: also read the files that look unchanged, and compare their bytes.
        """
        newest = newest_by_path(known)
        wanted = [file for file in files if reread or not _as_seen(file, newest.get(file.path))]
        workers = 4 if isinstance(self.intake.lake.store, DiskStore) else 24
        found = ReadFiles()
        with ThreadPoolExecutor(workers) as pool:
            for delivery in in_order(pool, wanted, self._read, 64):
                if isinstance(delivery, FileChanged):
                    found.changed.append(str(delivery))
                    continue
                seen = newest.get(delivery.file)
                state = (delivery.landed_at, delivery.digest)
                if seen is None or delivery.unread or (seen.landed_at, seen.digest) != state:
                    found.deliveries.append(delivery)
                elif seen.size != delivery.size:  # an erased person was in the file again
                    found.deliveries.append(replace(delivery, delivered_at=seen.moment))
        return found

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
        delivery = self._keep(
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

    def _read(self, file: RecognizedFile) -> Delivery | FileChanged:
        """Read and keep one file; one that cannot be read is rejected with the reason."""
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
        except FileChanged as changed:
            return changed
        except ReadRejected as error:
            return replace(delivery, status=Status.REJECTED, reason=error.reason, detail=str(error))
        try:
            return self._keep(delivery, data)
        except ReadRejected as error:
            return replace(delivery, status=Status.REJECTED, reason=error.reason, detail=str(error))

    def _keep(self, delivery: Delivery, data: bytes) -> Delivery:
        """Keep the bytes; return the delivery with its digest."""
        data = self.erased.without_erased(
            data, delivery.file, self.bronze, limit=self.intake.file_limit
        )
        digest, _ = self.kept.keep(data)
        return replace(delivery, digest=digest)


def _as_seen(file: RecognizedFile, seen: Delivery | None) -> bool:
    """Return whether a listed file looks like the one that was seen last at its path."""
    state = (file.modified_at, file.size)
    return seen is not None and not seen.unread and (seen.landed_at, seen.size) == state


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

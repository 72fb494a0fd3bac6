"""Read listed files of the landing zone and keep their bytes in the lake.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from lakehouse.platform.ingestion.errors import FileChanged, ReadRejected
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.portions import in_order
from lakehouse.platform.ingestion.read_listed import read_listed
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.deliveries_model import Delivery, Status

Redact = Callable[[bytes, str], bytes]
"""Turn the bytes of a file, with its name, into those that are kept; raise `ReadRejected`."""


def as_delivered(data: bytes, _name: str) -> bytes:
    """Return the same bytes: nobody was erased."""
    return data


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A listed file of which the bytes are kept, or which is rejected."""

    delivery: Delivery
    """Not resolved yet."""
    known: bool = False
    """Whether these bytes were kept before."""


@dataclass(frozen=True, kw_only=True)
class FileKeeper:
    """Reads and keeps files. It can be sent to other processes, and keeping again changes nothing.

    Args:
        landing: the landing root.
        kept: where bytes are kept.
        limit: largest file that is read, decompressed, in bytes.
        redact: removes erased persons.
    """

    landing: ObjectStore
    kept: KeptFiles
    limit: int
    redact: Redact = field(repr=False)

    def __call__(self, files: Sequence[RecognizedFile]) -> list[Kept | FileChanged]:
        """Read and keep files; a file that cannot be read never stops the others."""
        return list(self.each(files))

    def each(self, files: Sequence[RecognizedFile]) -> Iterator[Kept | FileChanged]:
        """Yield what `__call__` returns, file by file."""
        workers = 4 if isinstance(self.kept.store, DiskStore) else 24
        with ThreadPoolExecutor(workers) as pool:
            yield from in_order(pool, files, self._read, 64)

    def keep(self, delivery: Delivery, data: bytes) -> Kept:
        """Keep the bytes of a delivery; return it with their digest.

        Raises:
            ReadRejected: an erased person cannot be removed.
        """
        digest, known = self.kept.keep(self.redact(data, delivery.file))
        return Kept(delivery=replace(delivery, digest=digest), known=known)

    def _read(self, file: RecognizedFile) -> Kept | FileChanged:
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
            return self.keep(delivery, read_listed(self.landing, file, limit=self.limit))
        except FileChanged as changed:
            return changed
        except ReadRejected as error:
            return Kept(
                delivery=replace(
                    delivery, status=Status.REJECTED, reason=error.reason, detail=str(error)
                )
            )

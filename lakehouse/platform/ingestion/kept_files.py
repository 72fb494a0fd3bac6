"""The bytes of delivered files, kept in the lake unchanged under their SHA-256.

Bronze can be rebuilt from them at any time. A report is stored beside each rejected file.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.intact import problem_with
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.deliveries_model import Delivery

CACHE_BYTES = 256 * 1024 * 1024
"""Bytes of files kept during a run that are held in memory, because the run reads them again."""


FETCHES = 24
"""Files that are read at once from a store where each takes its time."""


class KeptFileDamaged(StorageError):
    """The kept bytes of a delivered file are missing or have changed."""

    def __init__(self, domain: str, problem: str) -> None:
        super().__init__(
            f"kept file {problem}. hint: `lakehouse repair --domain {domain}` restores it from the"
            " landing zone"
        )


class KeptFiles:
    """The kept files of one domain, with a cache of those that this run has added.

    In another process that it is sent to, it begins with an empty cache.
    """

    def __init__(self, store: ObjectStore, domain: str) -> None:
        self.store = store
        self.domain = domain
        self._cache: dict[str, bytes] = {}
        self._cached = 0

    def __reduce__(self) -> tuple[type["KeptFiles"], tuple[ObjectStore, str]]:
        return KeptFiles, (self.store, self.domain)

    def keep(self, data: bytes) -> tuple[str, bool]:
        """Write the bytes if they are new; return their digest and whether they were there."""
        digest = hashlib.sha256(data).hexdigest()
        path = object_path(self.domain, digest)
        existed = self.store.stat(path) is not None
        if not existed or problem_with(self.store, path, digest, len(data)):
            failpoint("ingest.storing")
            self.store.write(path, data)
            failpoint("ingest.stored")
        self._remember(digest, data)
        return digest, existed

    def fetch(self, digests: Collection[str]) -> None:
        """Read the bytes of several digests at once, so that `read` has them; forget all others.

        On disk nothing is read ahead, because reading file by file is as fast.

        Raises:
            KeptFileDamaged: bytes do not exist, or are not those that were kept.
        """
        if isinstance(self.store, DiskStore):
            return
        self._cache, self._cached = {}, 0
        wanted = sorted({*digests} - {""})
        with ThreadPoolExecutor(FETCHES) as pool:
            for digest, data in zip(wanted, pool.map(self.read, wanted), strict=True):
                self._remember(digest, data)

    def _remember(self, digest: str, data: bytes) -> None:
        if self._cached + len(data) <= CACHE_BYTES:
            self._cache[digest] = data
            self._cached += len(data)

    def read(self, digest: str) -> bytes:
        """Return the bytes with a digest.

        Raises:
            KeptFileDamaged: they do not exist, or are not those that were kept.
        """
        if (cached := self._cache.get(digest)) is not None:
            return cached
        path = object_path(self.domain, digest)
        try:
            data = self.store.read(path)
        except FileNotFoundError as error:
            raise KeptFileDamaged(self.domain, f"{path} does not exist") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise KeptFileDamaged(self.domain, f"{path} has other bytes than were kept")
        return data

    def write_reports(self, before: Iterable[Delivery], after: Iterable[Delivery]) -> None:
        """Write a report for each file rejected since `before`; delete those of readable files."""
        rejected = {(d.file, d.landed_at, d.digest): d.detail for d in before if not d.readable}
        for delivery in after:
            earlier = rejected.get((delivery.file, delivery.landed_at, delivery.digest))
            if delivery.readable and earlier is not None:
                self.store.delete([error_report(self.domain, delivery)[0]])
            elif not delivery.readable and delivery.detail != earlier:
                path, report = error_report(self.domain, delivery)
                self.store.write(path, json.dumps(report, ensure_ascii=False, indent=1).encode())


def object_path(domain: str, digest: str) -> str:
    """Return the path in the lake under which the bytes of a delivered file are kept."""
    return f"raw/{domain}/objects/{digest[:2]}/{digest}"


def error_report(domain: str, delivery: Delivery) -> tuple[str, dict[str, str]]:
    """Return path and content of the report that is stored beside the bytes of a rejected file.

    The same bytes may be rejected under several names, so the path contains a digest of the landed
    path. The landed path itself may be as long as a file name can be, or not be text.
    """
    kept = object_path(domain, delivery.digest or "unread")
    landed = hashlib.sha256(delivery.file.encode("utf-8", "surrogatepass")).hexdigest()
    return (
        f"{kept}_errors/{landed[:32]}_error.json",
        {
            "source_file": delivery.file,
            "error": delivery.detail or "",
            "timestamp": delivery.landed_at.astimezone(dt.UTC).isoformat(),
        },
    )

"""Check that a corrected file will replace the old version of its delivery, and land it.

All files of a replay are checked before the first one is written, so a rejected replay writes
nothing. How the content of a corrected file is made does not belong here; see `corrections`.
"""

import datetime as dt
import gzip
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import RecognizedFile, recognize
from lakehouse.platform.ingestion.versions import corrected_by, newest_by_path, scope_of
from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.versions import versions_of
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.domain_spec import REPLAY, DomainSpec
from lakehouse.platform.tables.source import Source

ONE_SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class CorrectedFile:
    """A corrected file that was checked; it is not written yet."""

    old: Delivery
    """The version that it corrects."""
    source: Source
    path: str
    """Path in the landing zone."""
    data: bytes
    edits: int
    """Records that were changed or removed; 0 when the whole file is replaced."""
    newest: dt.datetime
    """Modification time of the newest version of the delivery; on disk this one gets a later time,
    so that a lake built again from the landing zone orders them in the same way."""
    present: bool
    """Whether an earlier replay has landed it already, and no run has read it yet."""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content."""
        return sha256(self.data)


@dataclass(frozen=True, kw_only=True)
class CorrectionLanding:
    """The place where the corrected files of a domain land."""

    lake: Lake
    landing: LandingZone
    spec: DomainSpec
    now: dt.datetime

    def checked(
        self,
        old: Delivery,
        source: Source,
        data: bytes,
        deliveries: Sequence[Delivery],
        *,
        edits: int,
    ) -> CorrectedFile:
        """Return a corrected file after everything that could keep it from replacing the old one.

        Args:
            old: the version to correct.
            source: its source.
            data: the corrected content, compressed like the old file.
            deliveries: all deliveries of the day.
            edits: number of changed records.

        Raises:
            ReplayError: a later run would not read the file as the newest version of its delivery.
        """
        path = self._require_recognized(old, source, len(data))
        present = self._is_present(path, data)
        self._require_nothing_unread(old, source, deliveries, besides=path if present else "")
        return CorrectedFile(
            old=old,
            source=source,
            path=path,
            data=data,
            edits=edits,
            newest=max(each.landed_at for each in versions_of(old, deliveries, source)),
            present=present,
        )

    def land(self, files: Sequence[CorrectedFile]) -> None:
        """Write checked files into the landing zone; the next ingestion sees them as the newest."""
        for file in files:
            if not file.present:
                self._write(file)

    def _require_recognized(self, old: Delivery, source: Source, size: int) -> str:
        """Return the path of the corrected version, which belongs to the same delivery."""
        path = corrected_path(old, self.spec, source)
        entry = Entry(path=path, size=size, modified_at=self.now, etag=None)
        today = self.now.astimezone(self.landing.rules.zone).date()
        found = recognize(entry, self.landing.rules, today=today)
        if not isinstance(found, RecognizedFile):
            raise ReplayError(f"{path} would be an unrecognized file: {found.detail}")
        if (found.dataset, found.day, found.unit) != (source.dataset, old.day, old.unit):
            raise ReplayError(
                f"{path} would belong to {found.dataset}, {found.day}, unit {found.unit}; expected"
                f" the delivery of {old.file}: {source.dataset}, {old.day}, unit {old.unit}"
            )
        return path

    def _is_present(self, path: str, data: bytes) -> bool:
        found = self.landing.store.stat(path)
        same_size = found is not None and found.size == len(data)
        return same_size and self.landing.store.read(path) == data

    def _require_nothing_unread(
        self, old: Delivery, source: Source, deliveries: Sequence[Delivery], *, besides: str
    ) -> None:
        """Reject a correction while the landing zone has a file of the delivery not read yet."""
        newest = newest_by_path(deliveries)
        own = scope_of(old.file, old.unit, source)
        listing = self.landing.listing(
            days=[old.day], undated=False, now=self.now, quiet=dt.timedelta(0)
        )
        for file in listing.files:
            scope = scope_of(file.path, file.unit, source)
            same = (file.dataset, file.day, scope) == (source.dataset, old.day, own)
            seen = newest.get(file.path)
            state = (file.modified_at, file.size)
            unread = seen is None or (seen.landed_at, seen.size) != state
            if same and unread and file.path != besides:
                raise ReplayError(
                    f"{old.file}: {file.path} is in the landing zone and was not ingested yet;"
                    " hint: run `lakehouse ingest`, then export again"
                )

    def _write(self, file: CorrectedFile) -> None:
        store = self.landing.store
        if not isinstance(store, DiskStore):
            store.write(file.path, file.data)
            return
        modified_at = max(self.now, file.newest + ONE_SECOND)
        scratch = store.scratch(file.path.rpartition("/")[0])
        try:
            scratch.write_bytes(file.data)
            nanoseconds = int(modified_at.timestamp() * 1_000_000) * 1000
            os.utime(scratch, ns=(nanoseconds, nanoseconds))
            store.move_in(scratch, file.path)
        finally:
            scratch.unlink(missing_ok=True)


def corrected_path(old: Delivery, spec: DomainSpec, source: Source) -> str:
    """Return where the corrected version of a file lands, as a version of the same delivery."""
    folder = f"{spec.name}/{old.day}/"
    if source.per_file:
        original = corrected_by(old.file) or old.file
        return f"{folder}{REPLAY}/{original.partition('/')[2]}"
    unit = "" if old.unit is None else f"{spec.unit_folder(old.unit)}/"
    return f"{folder}{unit}{REPLAY}/{PurePosixPath(old.file).name}"


def compressed_like(name: str, plain: bytes) -> bytes:
    """Return content compressed as the name of a file says; equal content gives equal bytes."""
    return gzip.compress(plain, mtime=0) if name.lower().endswith(".gz") else plain


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()

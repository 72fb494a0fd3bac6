"""Check that a corrected file will replace the old version of its delivery, and land it.

All files of a replay are checked before the first one is written, so a rejected replay writes
nothing. How the content of a corrected file is made does not belong here; see `corrections`.
"""

import datetime as dt
import gzip
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lakehouse.platform.ingestion.deliveries import raw_table, read_deliveries
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.paths import RecognizedFile, recognize
from lakehouse.platform.ingestion.versions import corrected_by, scope_of
from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.versions import versions_of
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import Entry
from lakehouse.platform.tables.deliveries_model import Delivery
from lakehouse.platform.tables.domain_spec import REPLAY, DomainSpec
from lakehouse.platform.tables.source import Source

MOST_WAIT = dt.timedelta(seconds=5)
"""How long a replay waits until a file that is written now is the newest version."""
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
    """Modification time of the newest version of the delivery; this one must be later."""
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
        self._require_new_content(old, source, sha256(data), deliveries)
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
        """Write checked files into the landing zone, each newer than the version it corrects."""
        self._wait_until_newest(files)
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

    def _require_new_content(
        self, old: Delivery, source: Source, digest: str, deliveries: Sequence[Delivery]
    ) -> None:
        anywhere = source.self_identifying and not source.counts_copies
        others = deliveries if anywhere else versions_of(old, deliveries, source)
        same = next((each for each in others if each.readable and each.digest == digest), None)
        if same is None and anywhere and not source.snapshot:
            same = self._same_content_on_another_day(source, digest)
        if same is not None:
            raise ReplayError(
                f"{old.file}: the corrected content equals {same.file}, which was delivered"
                " before, so it would be a duplicate; hint: change other values, or remove the"
                " rows from the patch"
            )

    def _same_content_on_another_day(self, source: Source, digest: str) -> Delivery | None:
        """Return a readable delivery of any day with this content; reads all days if needed."""
        if self.lake.store.stat(object_path(self.spec.name, digest)) is None:
            return None
        snapshot = self.lake.table(raw_table(self.spec.name, source.dataset)).snapshot()
        for day in snapshot.days:
            for delivery in read_deliveries(
                self.lake, self.spec.name, source.dataset, [day], snapshot=snapshot
            ):
                if delivery.digest == digest and delivery.readable:
                    return delivery
        return None

    def _is_present(self, path: str, data: bytes) -> bool:
        found = self.landing.store.stat(path)
        same_size = found is not None and found.size == len(data)
        return same_size and self.landing.store.read(path) == data

    def _require_nothing_unread(
        self, old: Delivery, source: Source, deliveries: Sequence[Delivery], *, besides: str
    ) -> None:
        """Reject a correction while the landing zone has a file of the delivery not read yet."""
        read = {(each.file, each.landed_at, each.size) for each in deliveries}
        own = scope_of(old.file, old.unit, source)
        listing = self.landing.listing(
            days=[old.day], undated=False, now=self.now, quiet=dt.timedelta(0)
        )
        for file in listing.files:
            scope = scope_of(file.path, file.unit, source)
            same = (file.dataset, file.day, scope) == (source.dataset, old.day, own)
            unread = (file.path, file.modified_at, file.size) not in read
            if same and unread and file.path != besides:
                raise ReplayError(
                    f"{old.file}: {file.path} is in the landing zone and was not ingested yet;"
                    " hint: run `lakehouse ingest`, then export again"
                )

    def _wait_until_newest(self, files: Sequence[CorrectedFile]) -> None:
        """On S3, where the server sets the time of a file, wait until it is later than the newest.

        Raises:
            ReplayError: the newest version is dated too far in the future.
        """
        if isinstance(self.landing.store, DiskStore) or not files:
            return
        newest = max(files, key=lambda file: file.newest)
        ahead = newest.newest + ONE_SECOND - dt.datetime.now(dt.UTC)
        if ahead > MOST_WAIT:
            raise ReplayError(
                f"{newest.old.file} has the modification time {newest.newest}, which is in the"
                " future, so a corrected file written now would not be newer; hint: wait until"
                " then, and correct the time of the computer that wrote the file"
            )
        time.sleep(max(0.0, ahead.total_seconds()))

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

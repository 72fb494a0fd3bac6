"""Replay rejections: land corrected files, or find the days to rebuild.

A corrected file is a new version of its delivery. It is ingested like every other file, so it
passes the same checks, and its rows replace those of the old version.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.decode import as_utf8, like_original
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.csv.unpack import unpack
from lakehouse.platform.ingestion.deliveries import raw_table, read_deliveries
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.ingestion.landing_zone import LandingZone
from lakehouse.platform.ingestion.unrecognized_files import unrecognized_files_of
from lakehouse.platform.quarantine.corrected_file import (
    CorrectedFile,
    CorrectionLanding,
    compressed_like,
    sha256,
)
from lakehouse.platform.quarantine.corrections import CorrectionError, corrected
from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.listing import RejectionKind, list_rejections
from lakehouse.platform.quarantine.patch import PatchRow, read_patch, source_of_file
from lakehouse.platform.quarantine.selection import Selection
from lakehouse.platform.quarantine.versions import newer_version
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.tables.source import Source
from lakehouse.settings import Settings

_DAY = re.compile(r"(?:^|/)([0-9]{4}-[0-9]{2}-[0-9]{2})(?=/)")


@dataclass(frozen=True, kw_only=True)
class LandedCorrection:
    """One corrected file in the landing zone."""

    file: str
    """Path of the file that it corrects."""
    path: str
    dataset: str
    day: dt.date
    """Delivery day."""
    unit: int | None
    digest: str
    edits: int
    """Records that were changed or removed; 0 when the whole file is replaced."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The result of a replay: the files that landed and the days to run."""

    landed: tuple[LandedCorrection, ...] = ()
    unchanged: tuple[str, ...] = ()
    """Files that the patch does not change, or that an earlier replay has corrected already."""
    delivery_days: tuple[dt.date, ...] = ()
    business_days: tuple[dt.date, ...] = ()
    """Days of the rejected rows."""

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Return all days that a run has to rebuild."""
        return tuple(sorted({*self.delivery_days, *self.business_days}))


def replay_patch(
    lake: Lake,
    landing: LandingZone,
    settings: Settings,
    patch: Path,
    *,
    now: dt.datetime | None = None,
) -> Replay:
    """Land each delivered file that a patch changes again, with exactly these records corrected.

    The same patch again changes nothing.

    Args:
        lake: where the tables are.
        landing: where the domain's files land.
        settings: limit of a file's size.
        patch: an edited export, which is a file or a folder of files.
        now: modification time of the corrected files; default is the current time.

    Raises:
        ReplayError: the patch does not match what is in the lake. Nothing was written.
    """
    replayer = Replayer(lake, landing, settings, now or dt.datetime.now(dt.UTC))
    return replayer.replay_patch(read_patch(patch, replayer.domain))


def replace_file(
    lake: Lake,
    landing: LandingZone,
    settings: Settings,
    file: str,
    content: Path,
    *,
    now: dt.datetime | None = None,
) -> Replay:
    """Land a whole corrected file in place of a delivered one, which may be a rejected one.

    Raises:
        ReplayError: the file was never delivered, a newer version has replaced it, or the content
            is rejected as well. Nothing was written.
    """
    replayer = Replayer(lake, landing, settings, now or dt.datetime.now(dt.UTC))
    source = source_of_file(replayer.domain, file, "--file")
    plain = replayer.unpacked(content.read_bytes(), content.name, source)
    return replayer.replace_file(file, plain)


def release_file(
    lake: Lake,
    landing: LandingZone,
    settings: Settings,
    file: str,
    *,
    now: dt.datetime | None = None,
) -> Replay:
    """Accept a held file as complete: land it again with a line end after its last line.

    Raises:
        ReplayError: the file is not held, or is still incomplete with the line end.
    """
    replayer = Replayer(lake, landing, settings, now or dt.datetime.now(dt.UTC))
    return replayer.release_file(file)


def days_to_rebuild(lake: Lake, selection: Selection) -> Replay:
    """Return the days of the selected rejections of a domain; nothing is written.

    Rebuilding them is enough after rules or reference data were corrected.
    """
    delivery_days: set[dt.date] = set()
    business_days: set[dt.date] = set()
    for rejection in list_rejections(lake, selection):
        if rejection.table == unrecognized_files_of(rejection.domain).table:
            continue
        delivery_days.add(rejection.delivery_day)
        if rejection.kind is RejectionKind.ROW:
            business_days.add(rejection.day)
    return Replay(
        delivery_days=tuple(sorted(delivery_days)), business_days=tuple(sorted(business_days))
    )


@dataclass
class Replayer:
    """Corrects delivered files, checks all of them, and only then lands them.

    Args:
        lake: where the tables are.
        landing: where the domain's files land.
        settings: limit of a file's size.
        now: modification time of the corrected files.
    """

    lake: Lake
    landing: LandingZone
    settings: Settings
    now: dt.datetime
    domain: Domain = field(init=False)
    target: CorrectionLanding = field(init=False)

    def __post_init__(self) -> None:
        self.domain = load_domain(self.landing.domain)
        self.target = CorrectionLanding(
            lake=self.lake, landing=self.landing, spec=self.domain.spec, now=self.now
        )

    def replay_patch(self, rows: Sequence[PatchRow]) -> Replay:
        """Land the files that the rows of a patch change."""
        return self.land(*self.checked_patch(rows))

    def checked_patch(self, rows: Sequence[PatchRow]) -> tuple[list[CorrectedFile], list[str]]:
        """Return the checked files that a patch changes, and those that it leaves as they are."""
        by_file: dict[tuple[str, str], list[PatchRow]] = defaultdict(list)
        for row in rows:
            by_file[row.file, row.digest].append(row)
        files: list[CorrectedFile] = []
        unchanged: list[str] = []
        for (name, _), file_rows in sorted(by_file.items()):
            file = self._corrected(file_rows)
            if file is None:
                unchanged.append(name)
            else:
                files.append(file)
        return files, unchanged

    def checked_return(self, name: str, digest: str, earlier: str) -> CorrectedFile:
        """Return the checked file that gives a delivery the bytes of an earlier version again.

        Args:
            name: path of the current version.
            digest: its SHA-256, as the caller knows it.
            earlier: SHA-256 of the version to return to; its bytes are kept.

        Raises:
            ReplayError: the current version is another one by now, or nothing was kept.
        """
        source, old, deliveries = self._replaceable(name)
        if old.digest != digest:
            raise ReplayError(
                f"{name} has the SHA-256 {old.digest[:16]}…, expected {digest[:16]}…: it was"
                " changed again; hint: undo the newest correction of the file first"
            )
        data = self._kept(earlier, name)
        return self.target.checked(old, source, data, deliveries, edits=1)

    def replace_file(self, name: str, plain: bytes) -> Replay:
        """Land a whole file in place of a delivered one."""
        source, old, deliveries = self._replaceable(name)
        try:
            read_csv(plain, source.format, name=name)
        except FileRejected as error:
            raise ReplayError(
                f"the new content is rejected as well: {error}. Nothing was written"
            ) from error
        if old.readable and old.digest and self._content(old, source) == plain:
            return Replay(unchanged=(name,))
        data = compressed_like(name, plain)
        return self.land([self.target.checked(old, source, data, deliveries, edits=0)], [])

    def release_file(self, name: str) -> Replay:
        """Land a held file again with a line end after its last line."""
        source, old, _ = self._replaceable(name)
        if old.status is not Status.HELD:
            raise ReplayError(
                f"{name} is {old.status.value}, not held; hint: only a file that may be incomplete"
                " is held and can be released"
            )
        plain = self._content(old, source)
        text, _ = as_utf8(plain)
        ended = text + (b"\r\n" if b"\r\n" in text else b"\n")
        return self.replace_file(name, like_original(ended, plain))

    def unpacked(self, data: bytes, name: str, source: Source) -> bytes:
        """Return the CSV text of a file, which may be compressed or a workbook."""
        limit = self.settings.max_file_mb * 1024 * 1024
        try:
            return unpack(data, source.format, name=name, limit=limit)
        except FileRejected as error:
            raise ReplayError(f"{error}; hint: give the file as plain CSV") from error

    def _corrected(self, rows: Sequence[PatchRow]) -> CorrectedFile | None:
        """Return one file with the edits of a patch; None when they change nothing any more."""
        name, digest, place = rows[0].file, rows[0].digest, rows[0].place
        source = source_of_file(self.domain, name, place)
        deliveries = self._deliveries(source, name)
        old = _patched_version(deliveries, name, digest, place)
        plain = self._content(old, source)
        edits = [row.edit for row in rows]
        try:
            content = corrected(plain, source.format, edits, name=name)
        except (CorrectionError, FileRejected) as error:
            raise ReplayError(
                f"{place} and following rows: {error}. Nothing was written"
            ) from error
        data = compressed_like(name, content)
        newer = newer_version(old, deliveries, source)
        if content == plain or (newer and newer.digest == sha256(data)):
            return None
        if old.status is not Status.LOADED:
            by = (
                f"by {newer.file} (SHA-256 {newer.digest[:16]}…)" if newer else "by another version"
            )
            raise ReplayError(
                f"{place}: {name} with SHA-256 {digest[:16]}… was replaced {by}; hint: export again"
                " and edit the new rows"
            )
        return self.target.checked(old, source, data, deliveries, edits=len(edits))

    def _replaceable(self, name: str) -> tuple[Source, Delivery, list[Delivery]]:
        """Return the newest version of a delivered file that no other file has replaced."""
        source = source_of_file(self.domain, name, "--file")
        deliveries = self._deliveries(source, name)
        versions = [each for each in deliveries if each.file == name]
        if not versions:
            raise ReplayError(
                f"{name} was never delivered; hint: `lakehouse quarantine show` lists files"
            )
        old = max(versions, key=lambda each: each.order)
        newer = newer_version(old, deliveries, source)
        if newer is not None:
            raise ReplayError(f"{name} was replaced by {newer.file}; hint: correct that file")
        if old.status is Status.DUPLICATE:
            raise ReplayError(
                f"{name} is a duplicate of another file; hint: correct the file that was loaded"
            )
        return source, old, deliveries

    def _deliveries(self, source: Source, name: str) -> list[Delivery]:
        """Return all deliveries of the days to which a file may belong."""
        table = self.lake.table(raw_table(self.domain.name, source.dataset))
        snapshot = table.snapshot()
        if snapshot.schema is None:
            return []
        if named := _DAY.findall(name):
            days = [dt.date.fromisoformat(named[0])]
        else:
            files = table.read(snapshot=snapshot, columns=["day", "file"])
            days = sorted(set(files.filter(pc.equal(files["file"], name))["day"].to_pylist()))
        return read_deliveries(self.lake, self.domain.name, source.dataset, days, snapshot=snapshot)

    def _content(self, old: Delivery, source: Source) -> bytes:
        """Return the CSV text of a delivered file, from its kept bytes."""
        if not old.digest:
            raise ReplayError(
                f"{old.file} was never read ({old.reason}), so no content was kept; hint: replace"
                " the whole file with --with"
            )
        return self.unpacked(self._kept(old.digest, old.file), old.file, source)

    def _kept(self, digest: str, name: str) -> bytes:
        """Return the kept bytes of a version of a file."""
        try:
            data = self.lake.store.read(object_path(self.domain.name, digest))
        except FileNotFoundError as error:
            raise ReplayError(
                f"the version {digest[:16]}… of {name} is not kept any more, for example because a"
                " person in it was erased; hint: correct the row instead"
            ) from error
        if sha256(data) != digest:
            raise ReplayError(
                f"the kept content of {name} has the SHA-256 {sha256(data)}, expected"
                f" {digest}; hint: run `lakehouse reconcile --verify` and restore the object"
                " from a backup"
            )
        return data

    def land(self, files: Sequence[CorrectedFile], unchanged: Sequence[str]) -> Replay:
        """Write checked files into the landing zone; return them and the days to run."""
        self.target.land(files)
        business_days = {day for file in files for day in self._business_days(file)}
        return Replay(
            landed=tuple(
                LandedCorrection(
                    file=file.old.file,
                    path=file.path,
                    dataset=file.source.dataset,
                    day=file.old.day,
                    unit=file.old.unit,
                    digest=file.digest,
                    edits=file.edits,
                )
                for file in files
            ),
            unchanged=tuple(unchanged),
            delivery_days=tuple(sorted({file.old.day for file in files})),
            business_days=tuple(sorted(business_days)),
        )

    def _business_days(self, file: CorrectedFile) -> set[dt.date]:
        """Return the business days of the old version's rows that name one."""
        table = self.lake.table(TableId("bronze", self.domain.name, file.source.dataset))
        rows = table.read([file.old.day], columns=["_digest", "_business_day"])
        own = rows.filter(pc.equal(rows["_digest"], file.old.digest))
        return {day for day in own["_business_day"].unique().to_pylist() if day is not None}


def _patched_version(
    deliveries: Sequence[Delivery], name: str, digest: str, place: str
) -> Delivery:
    """Return the version of a file from which the rows of a patch were exported.

    Raises:
        ReplayError: there is no such version, or it has no rows.
    """
    versions = [each for each in deliveries if each.file == name]
    if not versions:
        raise ReplayError(
            f"{place}: {name} was never delivered; hint: keep '_file' as it was exported"
        )
    same = [each for each in versions if each.digest == digest]
    if not same:
        known = ", ".join(sorted({each.digest[:16] for each in versions}))
        raise ReplayError(
            f"{place}: {name} has the SHA-256 {known}…, found {digest[:16]!r} in '_digest'; hint:"
            " keep '_digest' as it was exported, or export again if the file was sent again"
        )
    old = max(same, key=lambda each: (each.has_rows, each.order))
    if not old.has_rows:
        raise ReplayError(
            f"{place}: the file {name} is {old.status.value} ({old.reason}), so it has no rows"
            " to correct; hint: replace the whole file with --file and --with"
        )
    return old

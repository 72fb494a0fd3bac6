"""Ingest the delivered files of one dataset: commit its raw table, bronze and bronze quarantine.

New files are read and their bytes kept under their SHA-256. Bronze is then built from the kept
bytes of all files of a delivery day, so it depends on the deliveries only. The deliveries are
committed last: after a crash the files still count as not ingested.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.bronze_rows import stored_schema
from lakehouse.platform.ingestion.conflicts import retry_conflicts
from lakehouse.platform.ingestion.deliveries import (
    DeliveredFiles,
    raw_table,
    read_deliveries,
    with_first_days,
)
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.read_day import DayReader, DayRows, source_of
from lakehouse.platform.ingestion.read_files import FileReader, in_order
from lakehouse.platform.ingestion.versions import as_old_as_first, merged, ordered_after
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, FileKey, Status
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of
from lakehouse.platform.transform.outcomes import quarantine_of


@dataclass(kw_only=True)
class Ingested:
    """Result of ingesting one dataset.

    Attributes:
        days: the delivery days that were written.
        files: number of files by status.
        rows: rows in bronze.
        unparsable: lines in the bronze quarantine.
        data_versions: data version of each day of raw and bronze.
        notes: how files depart from their format.
        problems: path of each rejected or held file, with the reason and a hint.
        unread: path of each file that could not be read and is tried again, with a hint.
        warnings: what a person should know about the files of this run, which are named.
    """

    days: tuple[dt.date, ...]
    files: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    unparsable: int = 0
    data_versions: dict[TableId, dict[dt.date, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, day: DayRows) -> None:
        """Count the files and rows of one day."""
        self.files.update(delivery.status.value for delivery in day.deliveries)
        self.rows += day.bronze.num_rows
        self.unparsable += day.unparsable.num_rows
        for delivery in day.deliveries:
            if not delivery.readable:
                self.problems[delivery.file] = (
                    f"{delivery.status}: {delivery.detail or delivery.reason}"
                )
                if delivery.unread:
                    self.unread[delivery.file] = delivery.detail or ""
            elif delivery.drift and delivery.has_rows:
                self.notes.append(f"{delivery.file}: {delivery.drift}")

    def add_warnings(
        self,
        new: Set[FileKey],
        deliveries: Sequence[Delivery],
        copies: Mapping[FileKey, Delivery],
    ) -> None:
        """Warn about new files that are rejected or outdated, or whose time is in the future."""
        for delivery in deliveries:
            if delivery.key not in new:
                continue
            first = copies.get(delivery.key)
            if first is not None and delivery.record_rows:
                self.warnings.append(
                    f"{delivery.file} has the same bytes as {first.file} of {first.day}; its rows"
                    " are as old as that file, so they replace no newer ones"
                )
            elif first is None and delivery.landed_at > delivery.moment:
                self.warnings.append(
                    f"{delivery.file} has the modification time"
                    f" {delivery.landed_at:%Y-%m-%d %H:%M:%S} UTC, which is in the future; it"
                    " counts as delivered now; hint: correct the clock of the writing computer"
                )
            if not delivery.readable and not delivery.unread:
                self.warnings.append(f"{delivery.status}: {delivery.detail or delivery.file}")
            if delivery.status is Status.DUPLICATE and "hint:" in (delivery.detail or ""):
                self.warnings.append(f"{delivery.file} is not loaded: {delivery.detail}")


def ingest(
    bronze: Table,
    days: Sequence[dt.date],
    intake: Intake,
    listing: Listing,
    *,
    note: dict[str, str],
    reread: bool = False,
) -> Ingested:
    """Ingest the listed files of one dataset for these delivery days; commit raw and bronze.

    For a snapshot source, the days of undated files are added; and today, if the lake has no
    snapshot yet and the domain's database has one: old days are computed from the nearest snapshot.

    Args:
        bronze: the dataset's table.
        days: delivery days to write.
        intake: the domain, its landing zone and lake.
        listing: files of the landing zone.
        note: stored with each commit.
        reread: also read files whose size and time look unchanged, and compare their bytes.

    Raises:
        DayConflict: other runs kept changing the same days.
        SnapshotError: the domain's database cannot be read.
    """
    ingestion = _Ingestion(bronze=bronze, intake=intake, note=note, reread=reread)
    return retry_conflicts(lambda: ingestion.run(days, listing))


@dataclass(frozen=True, kw_only=True)
class _Ingestion:
    bronze: Table
    intake: Intake
    note: dict[str, str]
    reread: bool

    @property
    def source(self) -> Source:
        return source_of(self.bronze)

    @property
    def domain(self) -> str:
        return self.intake.spec.name

    def run(self, days: Sequence[dt.date], listing: Listing) -> Ingested:
        """Ingest once, based on the deliveries as they are now."""
        lake = self.intake.lake
        before = lake.table(raw_table(self.domain, self.source.dataset)).snapshot()
        files, wanted = self._listed(days, listing)
        known = read_deliveries(lake, self.domain, self.source.dataset, wanted, snapshot=before)
        kept = KeptFiles(lake.store, self.domain)
        reader = FileReader(bronze=self.bronze, intake=self.intake, kept=kept)
        read = reader.read_new(files, known, reread=self.reread)
        new = read.deliveries + reader.capture_snapshot(self.source, wanted, known)
        new = ordered_after(known, new, self.intake.now)
        new, copies = self._as_old_as_first(before, known, new, kept.known)
        by_day: dict[dt.date, list[Delivery]] = {day: [] for day in wanted}
        for delivery in merged(known, new):
            by_day[delivery.day].append(delivery)
        day_reader = DayReader(
            bronze=self.bronze, spec=self.intake.spec, settings=self.intake.settings, kept=kept
        )
        result, staged, deliveries = self._stage(day_reader, by_day)
        result.warnings += read.changed
        result.add_warnings({delivery.key for delivery in new}, deliveries, copies)
        kept.write_reports(known, deliveries)
        failpoint("ingest.staged")
        self._commit(staged, before)
        if self.source.after_commit is not None:
            self.source.after_commit(lake, self.source.dataset, deliveries)
        return result

    def _listed(
        self, days: Sequence[dt.date], listing: Listing
    ) -> tuple[list[RecognizedFile], list[dt.date]]:
        """Return the files of this dataset to ingest, and the delivery days to write."""
        delivered = DeliveredFiles(self.intake.lake, self.domain)
        listing = with_first_days(listing, [self.source], delivered)
        files = [file for file in listing.files if file.dataset == self.source.dataset]
        wanted = set(days)
        if self.source.snapshot:
            wanted |= {file.day for file in files if not file.dated}
            if not files and self._needs_first_snapshot():
                wanted.add(self.intake.now.astimezone(self.intake.settings.zone).date())
        return [file for file in files if file.day in wanted], sorted(wanted)

    def _needs_first_snapshot(self) -> bool:
        """Whether the database has the table and the lake has no row yet, as for a backfill."""
        if self.intake.snapshots is None or self.source.query is None:
            return False
        return not any(f.rows for f in self.intake.lake.table(self.bronze.id).snapshot().files)

    def _as_old_as_first(
        self,
        before: Snapshot,
        known: Sequence[Delivery],
        new: Sequence[Delivery],
        kept_before: Set[str],
    ) -> tuple[list[Delivery], dict[FileKey, Delivery]]:
        """Date a copy of another day's file as that file, so that its old rows do not win.

        Only where the newest row of a key over all days wins. All deliveries are read only if a new
        file has content that the lake had before, so the price does not grow with the history.
        """
        source = self.source
        if not source.per_file or not source.key or source.counts_copies:
            return list(new), {}
        counts = Counter(delivery.digest for delivery in new if delivery.digest)
        digests = {digest for digest, n in counts.items() if n > 1 or digest in kept_before}
        others: list[Delivery] = []
        if digests & kept_before:
            domain, dataset = self.domain, source.dataset
            others = read_deliveries(self.intake.lake, domain, dataset, snapshot=before)
        paths = {delivery.file for delivery in known}
        return as_old_as_first(new, others, digests, replaced=paths)

    def _stage(
        self,
        reader: DayReader,
        by_day: Mapping[dt.date, Sequence[Delivery]],
    ) -> tuple[Ingested, dict[TableId, list[Staged]], list[Delivery]]:
        """Read each day and write the files of its tables; nothing is visible before the commit."""
        lake = self.intake.lake
        raw = lake.table(raw_table(self.domain, self.source.dataset))
        bronze, quarantine = lake.table(self.bronze.id), lake.table(quarantine_of(self.bronze.id))
        bronze_schema, definition = stored_schema(self.bronze), definition_of(self.bronze)
        result = Ingested(days=tuple(by_day))
        staged: dict[TableId, list[Staged]] = {raw.id: [], bronze.id: [], quarantine.id: []}
        deliveries: list[Delivery] = []

        def read(day: dt.date) -> DayRows:
            return reader.read(day, by_day[day])

        with ThreadPoolExecutor(2) as pool:
            for day in in_order(pool, by_day, read, 3):
                rows = DELIVERIES.to_arrow(day.deliveries)
                staged[raw.id].append(raw.stage(day.day, rows, DELIVERIES.stored))
                rows_of_day = bronze.stage(
                    day.day, day.bronze, bronze_schema, definition=definition.version
                )
                staged[bronze.id].append(rows_of_day)
                staged[quarantine.id].append(
                    quarantine.stage(day.day, day.unparsable, QUARANTINE.stored)
                )
                deliveries += day.deliveries
                result.add(day)
        for table in (raw.id, bronze.id):
            result.data_versions[table] = {each.day: each.data_version for each in staged[table]}
        return result, staged, deliveries

    def _commit(self, staged: Mapping[TableId, Sequence[Staged]], before: Snapshot) -> None:
        """Commit bronze and its quarantine, then the deliveries if they did not change since."""
        lake, bronze, quarantine = self.intake.lake, self.bronze.id, quarantine_of(self.bronze.id)
        lake.table(bronze).commit(
            staged[bronze],
            schema=stored_schema(self.bronze),
            note=self.note,
            definition=definition_of(self.bronze),
        )
        failpoint("ingest.bronze_committed")
        lake.table(quarantine).commit(staged[quarantine], schema=QUARANTINE.stored, note=self.note)
        failpoint("ingest.quarantine_committed")
        raw = raw_table(self.domain, self.source.dataset)
        lake.table(raw).commit(
            staged[raw], schema=DELIVERIES.stored, based_on=before, note=self.note
        )
        failpoint("ingest.deliveries_committed")

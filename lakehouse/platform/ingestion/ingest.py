"""Ingest the delivered files of one dataset: commit its raw table, bronze and bronze quarantine.

New files are read and their bytes kept under their SHA-256. Bronze is then built from the kept
bytes of all files of a delivery day, so it depends on the deliveries only. The deliveries are
committed last: after a crash the files still count as not ingested.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.bronze_tables import format_of, source_of
from lakehouse.platform.ingestion.conflicts import retry_conflicts
from lakehouse.platform.ingestion.deliveries import (
    DeliveredFiles,
    raw_table,
    read_deliveries,
    with_first_days,
)
from lakehouse.platform.ingestion.file_report import FileReport
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.keep_files import FileKeeper
from lakehouse.platform.ingestion.kept_files import KeptFiles
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.read_day import DayReader
from lakehouse.platform.ingestion.read_files import (
    ReadFiles,
    captured_snapshot,
    new_deliveries,
    unseen,
)
from lakehouse.platform.ingestion.versions import as_old_as_first, merged, ordered_after
from lakehouse.platform.ingestion.workers import Workers, workers_for
from lakehouse.platform.ingestion.write_day import DayWriter, WrittenTable
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.staged_tables import StagedTable, StagedTables
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import contract_of
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, FileKey
from lakehouse.platform.tables.ops_tables import QUARANTINE
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.stored_rows import rules_of
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of
from lakehouse.platform.transform.outcomes import quarantine_of


@dataclass(kw_only=True)
class Ingested:
    """Result of ingesting one dataset.

    Attributes:
        reports: what happened to the files of each delivery day that is written.
        staged: the written days of bronze, its quarantine and raw, in the order of their commits.
        rows: rows in bronze.
        unparsable: lines in the bronze quarantine.
        engine: what read the files, and how many.
    """

    reports: dict[dt.date, FileReport]
    staged: StagedTables
    engine: str
    rows: int = 0
    unparsable: int = 0

    @property
    def files(self) -> Counter[str]:
        """Return the number of files by status."""
        return sum((each.files for each in self.reports.values()), Counter())

    @property
    def problems(self) -> dict[str, str]:
        """Return the path of each rejected or held file, with the reason and a hint."""
        return {path: why for each in self.reports.values() for path, why in each.problems.items()}

    @property
    def unread(self) -> dict[str, str]:
        """Return the path of each file that could not be read and is tried again, with a hint."""
        return {path: why for each in self.reports.values() for path, why in each.unread.items()}

    @property
    def warnings(self) -> list[str]:
        """Return what a person should know about the files of this run, which are named."""
        return [text for each in self.reports.values() for text in each.warnings]

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Count the files of one day."""
        for delivery in deliveries:
            self.reports[delivery.day].add(delivery)


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

    def run() -> Ingested:
        done = stage_ingestion(bronze, days, intake, listing, reread=reread)
        done.staged.commit(note=note)
        return done

    return retry_conflicts(run)


def stage_ingestion(
    bronze: Table,
    days: Sequence[dt.date],
    intake: Intake,
    listing: Listing,
    *,
    reread: bool = False,
) -> Ingested:
    """Read the listed files of one dataset and write its days, based on the deliveries as now.

    Nothing is visible before ``staged`` of the result is committed; the arguments are those of
    `ingest`.
    """
    return _Ingestion(bronze=bronze, intake=intake, reread=reread).stage(days, listing)


@dataclass(frozen=True, kw_only=True)
class _Ingestion:
    bronze: Table
    intake: Intake
    reread: bool

    @property
    def source(self) -> Source:
        return source_of(self.bronze)

    @property
    def domain(self) -> str:
        return self.intake.spec.name

    @cached_property
    def kept(self) -> KeptFiles:
        """Where the bytes of files are kept."""
        return KeptFiles(self.intake.lake.store, self.domain)

    @cached_property
    def keeper(self) -> FileKeeper:
        """What reads and keeps files; the erased persons are loaded for the first file."""
        limit = self.intake.file_limit
        return FileKeeper(
            landing=self.intake.landing.store,
            kept=self.kept,
            limit=limit,
            redact=self.intake.erased().redaction(self.bronze, limit=limit),
        )

    def stage(self, days: Sequence[dt.date], listing: Listing) -> Ingested:
        """Read and write once, based on the deliveries as they are now."""
        lake = self.intake.lake
        before = lake.table(raw_table(self.domain, self.source.dataset)).snapshot()
        listed, wanted = self._listed(days, listing)
        known = read_deliveries(lake, self.domain, self.source.dataset, wanted, snapshot=before)
        files = unseen(listed, known, reread=self.reread)
        workers = workers_for(
            self.intake.settings, [f.size for f in files] + [d.size for d in known]
        )
        read = self._read(workers, files, wanted, known)
        new = ordered_after(known, read.deliveries, self.intake.now)
        new, copies = self._as_old_as_first(before, known, new, read.kept_before)
        by_day: dict[dt.date, list[Delivery]] = {day: [] for day in wanted}
        for delivery in merged(known, new):
            by_day[delivery.day].append(delivery)
        result, deliveries = self._stage(workers, by_day, before)
        result.reports[max(by_day)].warnings += read.changed
        seen_first = {delivery.key for delivery in new}
        for delivery in deliveries:
            if delivery.key in seen_first:
                result.reports[delivery.day].warn(delivery, copies.get(delivery.key))
        self.kept.write_reports(known, deliveries)
        failpoint("ingest.staged")
        return result

    def _read(
        self,
        workers: Workers,
        files: Sequence[RecognizedFile],
        days: Sequence[dt.date],
        known: Sequence[Delivery],
    ) -> ReadFiles:
        """Read and keep files, and today's snapshot of the domain's database if days include it."""
        kept = workers.keep(self.keeper, files) if files else ()
        found = new_deliveries(kept, known)
        if captured := captured_snapshot(self.source, self.intake, days):
            found.add_snapshot(self.keeper.keep(*captured), known)
        return found

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
        workers: Workers,
        by_day: Mapping[dt.date, Sequence[Delivery]],
        before: Snapshot,
    ) -> tuple[Ingested, list[Delivery]]:
        """Read each day, compare its rows with their contracts, write the files of its tables."""
        lake, writer = self.intake.lake, self._writer()
        staged: dict[TableId, list[Staged]] = {to.table.id: [] for to in writer.tables}
        problems: dict[TableId, dict[dt.date, str]] = {to.table.id: {} for to in writer.tables}
        deliveries: list[Delivery] = []

        def announce() -> None:
            if self.source.after_commit is not None:
                self.source.after_commit(lake, self.source.dataset, deliveries)

        def staged_table(to: WrittenTable, name: str, based_on: Snapshot | None) -> StagedTable:
            return StagedTable(
                table=to.table.id,
                schema=to.schema,
                staged=staged[to.table.id],
                problems=problems[to.table.id],
                based_on=based_on,
                definition=definition_of(self.bronze) if to.definition else None,
                failpoint=f"ingest.{name}_committed",
            )

        in_order_of_commit = [
            staged_table(writer.bronze, "bronze", None),
            staged_table(writer.quarantine, "quarantine", None),
            staged_table(writer.raw, "deliveries", before),
        ]
        result = Ingested(
            reports={day: FileReport() for day in by_day},
            staged=StagedTables(lake, in_order_of_commit, announce),
            engine=workers.engine,
        )
        for day in workers.write(writer, by_day):
            for table, written in day.staged.items():
                staged[table].append(written)
            for table, problem in day.problems.items():
                problems[table][day.day] = problem
            result.rows += day.staged[writer.bronze.table.id].rows
            result.unparsable += day.staged[writer.quarantine.table.id].rows
            result.add(day.deliveries)
            deliveries += day.deliveries
        return result, deliveries

    def _writer(self) -> DayWriter:
        """Return what writes the days of the dataset, here or in other processes."""
        lake, bronze = self.intake.lake, self.bronze
        dataset = format_of(bronze, self.intake.spec, self.intake.settings)
        return DayWriter(
            reader=DayReader(format=dataset, kept=self.kept),
            bronze=WrittenTable(
                table=lake.table(bronze.id),
                schema=dataset.schema,
                rules=rules_of(bronze.contract),
                definition=definition_of(bronze).version,
            ),
            quarantine=WrittenTable(
                table=lake.table(quarantine_of(bronze.id)), schema=QUARANTINE.stored
            ),
            raw=WrittenTable(
                table=lake.table(raw_table(self.domain, self.source.dataset)),
                schema=DELIVERIES.stored,
                rules=rules_of(contract_of(DELIVERIES.model)),
            ),
        )

"""Runs what is due without Dagster, in the order of the jobs: fast enough for many histories."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.unrecognized_files import stage_unrecognized_files
from lakehouse.platform.orchestration.facts import gather
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.orchestration.partitions import between
from lakehouse.platform.orchestration.planning import Batch, decide
from lakehouse.platform.orchestration.resources import intake_of
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.reconciliation.reconcile import reconcile, stage_reconciliation
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.ops_tables import Balance
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform import as_of, reference_dates
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings

ROUNDS = 8


@dataclass(frozen=True, kw_only=True)
class Driver:
    """Runs what is due for one domain, as `local_runs.ingest` does."""

    domain: Domain
    settings: Settings

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.root, self.settings.file_mb)

    def batches(self) -> list[Batch]:
        """Return the batches that are due now."""
        settings = replace(self.settings, quiet_seconds=0)
        decision = decide(gather(self.domain, settings, instance=None), settings)
        return [due.batch for due in decision.due]

    def run_pending(self) -> None:
        """Run batches until none is due; fail if batches are still due after `ROUNDS`."""
        for _ in range(ROUNDS):
            batches = self.batches()
            if not batches:
                return
            for batch in batches:
                if batch.work is Work.REFERENCE_DATES:
                    self.materialize_reference_dates(sorted(batch.reasons))
                elif batch.work is Work.AS_OF:
                    self.materialize_as_of(sorted(batch.reasons))
                else:
                    self.run(batch.work, between(batch.first, batch.last))
        raise AssertionError(f"still due after {ROUNDS} rounds: {self.batches()}")

    def run(self, work: Work, days: Sequence[dt.date]) -> None:
        """Run days: delivered files (unless it is a refresh), daily tables, reconciliation."""
        if work is Work.ARRIVALS:
            intake = self._intake()
            listing = intake.listing(days)
            for table in self._landed():
                ingest(table, days, intake, listing, note={})
            stage_unrecognized_files(listing, days, intake).commit(note={})
        for table in self.domain.tables:
            if table.transform is not None and table.daily:
                done = stage_days(table, days, self.lake, self.settings)
                assert not done.failed_days, done.failed_days
                commit(done, self.lake, note={})
        balances = reconcile(self.domain, self.lake, days)
        stage_reconciliation(self.domain, self.lake, balances).commit(note={})
        files = (file for files in balances.values() for file in files)
        unbalanced = [file for file in files if file.balance is Balance.UNBALANCED]
        assert not unbalanced, unbalanced

    def materialize_reference_dates(self, days: Sequence[dt.date]) -> None:
        """Run the tables with reference dates for these days."""
        inputs = reference_dates.digests(self.domain, self.lake, days)
        for table in reference_dates.reference_tables(self.domain):
            done = stage_days(table, days, self.lake, self.settings)
            assert not done.failed_days, done.failed_days
            commit(done, self.lake, note={})
        reference_dates.record_reference_dates(self.domain, self.lake, days, inputs)

    def materialize_as_of(self, days: Sequence[dt.date]) -> None:
        """Run the as-of tables for these days."""
        if not days:
            return
        inputs = as_of.digests(self.domain, self.lake, days)
        for table in as_of.as_of_tables(self.domain):
            done = stage_days(table, days, self.lake, self.settings)
            assert not done.failed_days, done.failed_days
            commit(done, self.lake, note={})
        record = as_of.stage_as_of_days(self.domain, self.lake, days, inputs)
        record.commit(note={"run_id": "driver"})  # a commit without a run looks like damage

    def _landed(self) -> Iterator[Table]:
        return (t for t in self.domain.tables if t.source is not None and t.layer == "bronze")

    def _intake(self) -> Intake:
        settings = replace(self.settings, quiet_seconds=0)
        return intake_of(self.domain, self.lake, settings, dt.datetime.now(dt.UTC))

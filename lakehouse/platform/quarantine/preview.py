"""Preview a correction: what would become of the row, and which days and sums would change.

The corrected file passes the same parsing, contracts and rules as every delivery, but in a scratch
copy of the tables that it touches. Nothing is written into the lake or the landing zone.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.deliveries import raw_table, read_deliveries
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import ErasedPersons, Intake
from lakehouse.platform.ingestion.kept_files import object_path
from lakehouse.platform.ingestion.landing_zone import LandingZone, landing_zone_of
from lakehouse.platform.quarantine.corrected_file import CorrectedFile, CorrectionLanding
from lakehouse.platform.quarantine.scratch import NOTE, ScratchLake
from lakehouse.platform.reconciliation.touched_days import reached_days, touched_days
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.as_of import as_of_tables
from lakehouse.platform.transform.outcomes import outcomes_of, quarantine_of
from lakehouse.settings import Settings

AS_OF_SECONDS = 20.0
"""Time after which no further table as of a day is begun; the run computes them all."""
KEPT, REJECTED, UNPARSABLE, REMOVED = "silver", "quarantine", "unparsable", "removed"


@dataclass(frozen=True, kw_only=True)
class RowResult:
    """What becomes of one delivered row."""

    outcome: str
    """An outcome of `ops.outcomes`; ``unparsable`` or ``removed``."""
    reasons: tuple[str, ...] = ()
    detail: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the row is in the tables or was removed on purpose."""
        return self.outcome in (KEPT, REMOVED)


@dataclass(frozen=True, kw_only=True)
class SumChange:
    """A sum over one day of a table that a correction would change."""

    table: str
    """SQL name."""
    day: dt.date
    column: str | None
    """An amount or number of the table; None is the number of rows."""
    before: Decimal
    after: Decimal


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a correction would do."""

    result: RowResult
    days: tuple[dt.date, ...]
    """Business days that would be computed again."""
    changes: tuple[SumChange, ...] = ()
    failed_days: tuple[tuple[str, dt.date, str], ...] = ()
    """Table, day and broken rules of days that would not be stored."""
    left_out: tuple[str, ...] = ()
    """Tables as of a day that depend on the row and were not computed: forecasts, and those that
    there was no time for."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """The lake and the landing zone of one domain, as corrections need them.

    Args:
        lake: where the tables are.
        domain: the domain.
        settings: places, engine and limits.
        erased: loads the persons erased so far; see `Intake`.
    """

    lake: Lake
    domain: Domain
    settings: Settings
    erased: Callable[[], ErasedPersons]

    @property
    def landing(self) -> LandingZone:
        """Landing zone of the domain."""
        return landing_zone_of(self.domain, self.settings)


def preview(
    workplace: Workplace, file: CorrectedFile, line: int, *, removes: bool, sums: bool = True
) -> Effect:
    """Return what a corrected file would do, computed outside of the lake.

    Args:
        workplace: the lake and the domain.
        file: the checked file; it is not landed.
        line: the line on which the corrected record starts.
        removes: whether the correction removes the record.
        sums: also compute the tables above silver and compare their sums.
    """
    with tempfile.TemporaryDirectory(prefix="lakehouse-preview-") as folder:
        scratch = ScratchLake(
            base=workplace.lake,
            lake=Lake(str(Path(folder) / "lake"), workplace.lake.file_mb),
            domain=workplace.domain,
            settings=replace(
                workplace.settings, landing=str(Path(folder) / "landing"), quiet_seconds=0
            ),
        )
        _ingest(scratch, workplace, file)
        days = _business_days(scratch, file)
        failed: list[tuple[str, dt.date, str]] = []
        computed: list[tuple[Table, Sequence[dt.date]]] = []
        for table in _dependent_tables(scratch.domain, file.source.bronze.id):
            if table.layer != "silver" and not sums:
                continue
            found = scratch.compute(_without_hooks(table), days)
            failed += [(table.id.name, day, why) for day, why in found.items()]
            computed.append((table, days))
        left_out: list[str] = []
        deadline = time.monotonic() + AS_OF_SECONDS
        for table, day in _dependent_as_of_tables(scratch, [t for t, _ in computed], days):
            if not sums:
                break
            if table.options.python or time.monotonic() > deadline:
                left_out.append(table.id.name)
                continue
            found = scratch.compute(_without_hooks(table), [day])
            failed += [(table.id.name, each, why) for each, why in found.items()]
            computed.append((table, [day]))
        return Effect(
            result=result_of(scratch.lake, workplace.domain, file, line, removes=removes),
            days=tuple(days),
            changes=tuple(_changes(scratch, computed)) if sums else (),
            failed_days=tuple(failed),
            left_out=tuple(left_out),
        )


def result_of(
    lake: Lake, domain: Domain, file: CorrectedFile, line: int, *, removes: bool
) -> RowResult:
    """Return what became of a record of a corrected file that a lake has ingested."""
    if removes:
        return RowResult(outcome=REMOVED)
    return result_of_row(lake, domain, file.source.dataset, file.old.day, file.digest, line)


def result_of_row(
    lake: Lake, domain: Domain, dataset: str, delivery_day: dt.date, digest: str, line: int
) -> RowResult:
    """Return what became of the record on a line of an ingested file."""
    bronze = TableId("bronze", domain.name, dataset)
    for row in _rows_at(lake, quarantine_of(bronze), [delivery_day], digest, line):
        return RowResult(outcome=UNPARSABLE, reasons=tuple(row["reasons"]), detail=row["detail"])
    silver = domain.validating_tables.get(dataset)
    if silver is None:
        return RowResult(outcome=KEPT)
    for row in _rows_at(lake, quarantine_of(silver.id), None, digest, line):
        return RowResult(outcome=REJECTED, reasons=tuple(row["reasons"]), detail=row["detail"])
    for row in _rows_at(lake, outcomes_of(silver.id), None, digest, line):
        return RowResult(outcome=row["outcome"])
    return RowResult(outcome="waiting")


def _rows_at(
    lake: Lake, table: TableId, days: Sequence[dt.date] | None, digest: str, line: int
) -> list[dict[str, Any]]:
    stored = lake.table(table)
    snapshot = stored.snapshot()
    if snapshot.schema is None:
        return []
    if days is None:
        days = [f.day for f in snapshot.files if _may_have(f, digest)]
    rows = stored.read(list(days), snapshot=snapshot)
    own = pc.and_(pc.equal(rows["digest"], digest), pc.equal(rows["line"], line))
    return rows.filter(own).to_pylist()


def _may_have(file: DayFiles, digest: str) -> bool:
    low, high = file.bounds.get("digest", ("", "g"))
    return bool(file.rows) and low <= digest <= high


def _ingest(scratch: ScratchLake, workplace: Workplace, file: CorrectedFile) -> None:
    """Land and ingest the file in the scratch, beside the other deliveries of its day."""
    domain, day = scratch.domain, file.old.day
    scratch.provide_deliveries(day)
    raw = raw_table(domain.name, file.source.dataset)
    for each in read_deliveries(scratch.lake, domain.name, file.source.dataset, [day]):
        if each.digest:
            scratch.copy_object(object_path(domain.name, each.digest))
    if file.source.per_file and file.source.key:
        scratch.provide(raw)
    landing = landing_zone_of(domain, scratch.settings)
    now = dt.datetime.now(dt.UTC)
    target = CorrectionLanding(lake=scratch.lake, landing=landing, spec=domain.spec, now=now)
    target.land([replace(file, present=False)])
    intake = Intake(
        spec=domain.spec,
        landing=landing,
        lake=scratch.lake,
        settings=scratch.settings,
        now=now + dt.timedelta(seconds=5),
        erased=workplace.erased,
    )
    bronze = replace(file.source, after_commit=None).bronze
    ingest(bronze, [day], intake, intake.listing([day]), note=NOTE)


def _business_days(scratch: ScratchLake, file: CorrectedFile) -> list[dt.date]:
    """Return the days whose rows depend on the old or on the corrected version of the delivery."""
    domain, day = scratch.domain, file.old.day
    for source in domain.sources:
        bronze = TableId("bronze", domain.name, source.dataset)
        scratch.provide(bronze, [day])
        if source.key or source.affects:
            scratch.provide(bronze)
            for dataset in source.affects:
                scratch.provide(TableId("bronze", domain.name, dataset))
    found: set[dt.date] = set()
    for lake in (scratch.base, scratch.lake):
        found |= touched_days(domain, lake, [day])[day]
        found |= reached_days(domain, lake, [day])[day]
    return sorted(found)


def _dependent_tables(domain: Domain, bronze: TableId) -> Iterator[Table]:
    """Yield the tables by day that depend on a dataset, each after those that it reads."""
    reached = {bronze}
    for table in domain.tables:
        reads = {read.table.id for read in table.reads}
        if table.transform is not None and table.daily and reads & reached:
            reached.add(table.id)
            yield table


def _dependent_as_of_tables(
    scratch: ScratchLake, computed: Sequence[Table], days: Sequence[dt.date]
) -> Iterator[tuple[Table, dt.date]]:
    """Yield the stored as-of tables that depend on computed ones, with their newest day.

    A table whose newest day is before all the days does not change.
    """
    reached = {table.id for table in computed}
    for table in as_of_tables(scratch.domain):
        stored = scratch.base.table(table.id).snapshot().files
        if reached & {read.table.id for read in table.reads} and stored:
            reached.add(table.id)
            if days and stored[-1].day >= days[0]:
                yield table, stored[-1].day


def _without_hooks(table: Table) -> Table:
    """Return a table that does not look for control files and announces nothing."""
    options = replace(table.options, before_compute=None, after_commit=None)
    return replace(table, options=options) if options != table.options else table


def _changes(
    scratch: ScratchLake, computed: Sequence[tuple[Table, Sequence[dt.date]]]
) -> Iterator[SumChange]:
    for table, days in computed:
        before, after = (lake.table(table.id).snapshot() for lake in (scratch.base, scratch.lake))
        for day in days:
            old, new = before.by_day.get(day), after.by_day.get(day)
            if new is None or (old and old.data_version == new.data_version):
                continue
            then = _sums(scratch.base, table, day) if old else {}
            now = _sums(scratch.lake, table, day)
            for column in now:
                change = SumChange(
                    table=table.id.name,
                    day=day,
                    column=column,
                    before=then.get(column, Decimal(0)),
                    after=now[column],
                )
                if change.before != change.after:
                    yield change


def _sums(lake: Lake, table: Table, day: dt.date) -> dict[str | None, Decimal]:
    """Return the number of rows of a day and the sum of each column that adds up.

    These are amounts, and counts in gold: integers that are neither a key nor an id.
    """
    rows = lake.table(table.id).read([day])
    found: dict[str | None, Decimal] = {None: Decimal(rows.num_rows)}
    for column in rows.schema:
        is_count = (
            pa.types.is_integer(column.type)
            and table.layer == "gold"
            and column.name not in table.contract.key
            and not column.name.endswith("_id")
        )
        if not column.name.startswith("_") and (pa.types.is_decimal(column.type) or is_count):
            found[column.name] = Decimal(str(pc.sum(rows[column.name]).as_py() or 0))
    return found

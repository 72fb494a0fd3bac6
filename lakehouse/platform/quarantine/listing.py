"""List and count what is rejected: whole files, single lines and single rows.

Rejected files are in the raw tables, lines that are not a valid record in the quarantine of bronze,
and rows in the quarantine of silver and gold. A rejection that a newer version of its delivery has
replaced is left out, unless it is asked for.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pyarrow.compute as pc

from lakehouse.platform.ingestion.deliveries import raw_table, read_deliveries
from lakehouse.platform.ingestion.unrecognized_files import unrecognized_files_of
from lakehouse.platform.quarantine.selection import ALL, Selection, source_of_table
from lakehouse.platform.quarantine.versions import newer_version
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.csv_format import CsvFormat, header_key
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.ops_tables import QUARANTINE, RejectedRow
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.upgrade import current_id, readable_table, readable_tables


class RejectionKind(StrEnum):
    """What was rejected."""

    FILE = "file"
    LINE = "line"
    ROW = "row"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One rejected file, line or row."""

    kind: RejectionKind
    domain: str
    table: str
    """Dataset or table; ``unrecognized_files`` for files that match no source."""
    day: dt.date
    """Delivery day of a file or line, business day of a row."""
    delivery_day: dt.date
    file: str
    """Path in the landing zone."""
    digest: str
    """SHA-256 of the file; empty when it was never read."""
    line: int | None
    """Line on which the record starts; None for a file."""
    reasons: tuple[str, ...]
    detail: str | None
    values: str | None
    """Original values: of a row as JSON by column, of a line its text; None for a file."""

    @property
    def columns(self) -> dict[str, str | None]:
        """Return the original values of a row by column; empty for a file or a line."""
        is_row = self.kind is RejectionKind.ROW
        return json.loads(self.values) if is_row and self.values else {}

    def values_of(self, wanted: CsvFormat) -> dict[str, str | None]:
        """Return the original value of each column of a format.

        A row that was rejected with an older contract has values under earlier headers.
        """
        given = {header_key(name): value for name, value in self.columns.items()}
        found = {}
        for column in wanted.columns:
            earlier = (alias for alias, name in wanted.aliases.items() if name == column)
            keys = (header_key(name) for name in (column, *earlier))
            found[column] = next((given[key] for key in keys if key in given), None)
        return found


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class RejectionCount:
    """Number of rejections of one table and day for one reason."""

    domain: str
    table: str
    day: dt.date
    kind: RejectionKind
    reason: str
    rows: int
    """Number of files, lines or rows, by kind. One with two reasons counts for both."""


def count_rejections(lake: Lake, selection: Selection = ALL) -> list[RejectionCount]:
    """Count the selected rejections by domain, table, day, kind and reason."""
    counts: Counter[tuple[str, str, dt.date, RejectionKind, str]] = Counter()
    for each in list_rejections(lake, selection):
        for reason in each.reasons:
            if selection.reason in (None, reason):
                counts[each.domain, each.table, each.day, each.kind, reason] += 1
    return [
        RejectionCount(domain=domain, table=table, day=day, kind=kind, reason=reason, rows=rows)
        for (domain, table, day, kind, reason), rows in sorted(counts.items())
    ]


def list_rejections(
    lake: Lake, selection: Selection = ALL, *, replaced: bool = False
) -> Iterator[Rejection]:
    """Yield the selected rejections by table and day; one day is in memory at a time.

    Args:
        lake: where the tables are.
        selection: which rejections.
        replaced: also files and lines that a newer version of their delivery has replaced.
    """
    for table in map(current_id, readable_tables(lake, domain=selection.domain)):
        if not selection.includes_table(table.table):
            continue
        if table.layer == "raw" and table.companion is None:
            found = _rejected_files(lake, table, selection, replaced=replaced)
        elif table.companion == QUARANTINE.name:
            found = _rejected_records(lake, table, selection, replaced=replaced)
        else:
            continue
        for rejection in found:
            if selection.reason is None or selection.reason in rejection.reasons:
                yield rejection


def _rejected_files(
    lake: Lake, table: TableId, selection: Selection, *, replaced: bool
) -> Iterator[Rejection]:
    snapshot = readable_table(lake, table).snapshot()
    recognized = table != unrecognized_files_of(table.domain)
    for stored in snapshot.files:
        if not stored.rows or not selection.includes_day(stored.day):
            continue
        deliveries = read_deliveries(
            lake, table.domain, table.table, [stored.day], snapshot=snapshot
        )
        for delivery in deliveries:
            if delivery.readable or not selection.includes_file(delivery.file):
                continue
            if recognized and not replaced:
                source = source_of_table(load_domain(table.domain), table.table)
                if newer_version(delivery, deliveries, source):
                    continue
            yield _rejected_file(table, delivery)


def _rejected_file(table: TableId, delivery: Delivery) -> Rejection:
    return Rejection(
        kind=RejectionKind.FILE,
        domain=table.domain,
        table=table.table,
        day=delivery.day,
        delivery_day=delivery.day,
        file=delivery.file,
        digest=delivery.digest,
        line=None,
        reasons=(delivery.reason or "",),
        detail=delivery.detail,
        values=None,
    )


def _rejected_records(
    lake: Lake, table: TableId, selection: Selection, *, replaced: bool
) -> Iterator[Rejection]:
    """Yield the rejected lines of a bronze table or the rejected rows of another one."""
    kind = RejectionKind.LINE if table.layer == "bronze" else RejectionKind.ROW
    stored = lake.table(table)
    snapshot = stored.snapshot()
    for file in snapshot.files:
        if not file.rows or not selection.includes_day(file.day):
            continue
        loaded = None
        if kind is RejectionKind.LINE and not replaced:
            loaded = _loaded_files(lake, table, file.day)
        for piece in stored.read_batches([file.day], snapshot=snapshot):
            rows = piece
            if selection.file is not None:
                rows = rows.filter(pc.equal(rows["file"], selection.file))
            for row in QUARANTINE.from_arrow(rows):
                if loaded is None or (row.file, row.digest) in loaded:
                    yield _rejected_record(table, kind, row)


def _rejected_record(table: TableId, kind: RejectionKind, row: RejectedRow) -> Rejection:
    return Rejection(
        kind=kind,
        domain=table.domain,
        table=table.table,
        day=row.day,
        delivery_day=row.delivery_day,
        file=row.file,
        digest=row.digest,
        line=row.line,
        reasons=row.reasons,
        detail=row.detail,
        values=row.values,
    )


def _loaded_files(lake: Lake, table: TableId, day: dt.date) -> set[tuple[str, str]]:
    """Return path and digest of the loaded files of a delivery day."""
    raw = lake.table(raw_table(table.domain, table.table))
    rows = raw.read([day], columns=["file", "digest", "status"])
    loaded = rows.filter(pc.equal(rows["status"], Status.LOADED.value))
    return set(zip(loaded["file"].to_pylist(), loaded["digest"].to_pylist(), strict=True))

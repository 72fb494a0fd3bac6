"""Audit deliveries and bronze: both must follow from the kept bytes of the delivered files."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pyarrow as pa

from lakehouse.platform.ingestion.bronze_tables import format_of
from lakehouse.platform.ingestion.deliveries import raw_table
from lakehouse.platform.ingestion.kept_files import KeptFiles, object_path
from lakehouse.platform.ingestion.read_day import DayReader
from lakehouse.platform.reconciliation.audit_files import audit_bounds
from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import (
    AuditCheck,
    AuditFinding,
    difference,
    finding,
)
from lakehouse.platform.storage.table_id import DAY, TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.outcomes import quarantine_of


def audit_deliveries(audited: AuditedLake, bronze: Table, day: dt.date) -> Iterator[AuditFinding]:
    """Hash the kept files of a day, read them again, compare deliveries, bronze and bad lines."""
    dataset = bronze.id.table
    raw = raw_table(audited.domain.name, dataset)
    if not audited.includes(raw, bronze.id):
        return
    stored = audited.read(raw, day)
    deliveries = [] if stored is None else DELIVERIES.from_arrow(stored)
    damaged = False
    for damage in _audit_kept_bytes(audited, raw, day, deliveries):
        damaged = True
        yield damage
    if damaged:
        return
    reader = DayReader(
        format=format_of(bronze, audited.domain.spec, audited.settings),
        kept=KeptFiles(audited.lake.store, audited.domain.name),
    )
    again = reader.read(day, deliveries)
    for table, check, expected in (
        (raw, AuditCheck.DELIVERIES, DELIVERIES.to_arrow(again.deliveries)),
        (bronze.id, AuditCheck.BRONZE_ROWS, again.bronze),
        (quarantine_of(bronze.id), AuditCheck.UNPARSABLE_LINES, again.unparsable),
    ):
        yield from _compare_day(audited, table, day, check, expected)
    yield from audit_bounds(audited, bronze.id, day, "_business_day")


def _audit_kept_bytes(
    audited: AuditedLake, raw: TableId, day: dt.date, deliveries: Sequence[Delivery]
) -> Iterator[AuditFinding]:
    for digest, delivery in {each.digest: each for each in deliveries if each.digest}.items():
        found = audited.digest(object_path(audited.domain.name, digest))
        if found != digest:
            yield finding(
                raw,
                day,
                AuditCheck.KEPT_BYTES,
                f"SHA-256 {digest} of {delivery.file}",
                "no file" if found is None else f"SHA-256 {found}",
            )


def _compare_day(
    audited: AuditedLake, table: TableId, day: dt.date, check: AuditCheck, expected: pa.Table
) -> Iterator[AuditFinding]:
    """Compare the stored rows of a day with the expected ones, their order included."""
    stored = audited.read(table, day)
    if stored is None:
        if expected.num_rows:
            yield finding(table, day, check, f"{expected.num_rows} rows", "no rows of the day")
        return
    stored = stored.drop_columns([DAY])
    expected = expected.select(stored.column_names).cast(stored.schema)
    if not expected.equals(stored):
        texts = difference(expected.to_pylist(), stored.to_pylist())
        yield finding(table, day, check, *texts)

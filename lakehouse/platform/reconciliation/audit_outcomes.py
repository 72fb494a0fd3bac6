"""Audit balances and outcomes: every delivered row has exactly one outcome, and they add up."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.reconciliation.audit_files import audit_bounds
from lakehouse.platform.reconciliation.audited_lake import AuditedLake, count_rows
from lakehouse.platform.reconciliation.findings import (
    AuditCheck,
    AuditFinding,
    difference,
    finding,
)
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.reconciliation.reconcile import reconcile_day
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import RECONCILIATION, Balance
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.inputs import valid_snapshots
from lakehouse.platform.transform.outcomes import KEPT, REJECTED, outcomes_of, quarantine_of

ROW = ("delivery_day", "file", "digest", "line")
"""Columns that identify a delivered row."""


def audit_balances(audited: AuditedLake, day: dt.date) -> Iterator[AuditFinding]:
    """Reconcile a delivery day again and compare the result with the stored balances."""
    table, check = reconciliation_of(audited.domain.name), AuditCheck.BALANCE
    again = reconcile_day(audited.domain, audited.lake, day)
    stored = audited.read(table, day)
    if stored is None:
        if again:
            yield finding(table, day, check, f"{len(again)} files", "no rows of the day")
        return
    expected = _without_waiting_days(RECONCILIATION.to_arrow(again))
    found = _without_waiting_days(stored)
    if expected != found:
        yield finding(table, day, check, *difference(expected, found))
    for file in again:
        if file.balance is Balance.UNBALANCED:
            text = f"{file.difference} in {file.file} (positive: missing, negative: surplus)"
            yield finding(table, day, check, "a difference of 0", text)


def audit_outcomes(audited: AuditedLake, silver: Table, day: dt.date) -> Iterator[AuditFinding]:
    """Compare the rows of bronze, their outcomes, quarantine and silver of one day."""
    outcomes = outcomes_of(silver.id)
    yield from audit_bounds(audited, outcomes, day, "delivery_day")
    yield from _audit_delivered_rows(audited, silver, day)
    if (stored := audited.read(outcomes, day)) is None:
        return
    rejected = count_rows(stored.filter(pc.equal(stored["outcome"], REJECTED)), ROW)
    quarantine = quarantine_of(silver.id)
    quarantined = audited.count(quarantine, day, ROW)
    if rejected != quarantined:
        differ = (rejected - quarantined) + (quarantined - rejected)
        yield finding(
            quarantine,
            day,
            AuditCheck.ROW_OUTCOMES,
            f"{rejected.total()} rows",
            f"{quarantined.total()} rows; {differ.total()} differ, the first is {_first(differ)}",
        )
    yield from _audit_silver_count(audited, silver, day)


def _audit_delivered_rows(
    audited: AuditedLake, silver: Table, day: dt.date
) -> Iterator[AuditFinding]:
    """Compare the rows that a day delivered with their outcomes over all business days."""
    table, check = outcomes_of(silver.id), AuditCheck.ROW_OUTCOMES
    delivered = audited.count(silver.reads[0].table.id, day, ("_file", "_digest", "_line"))
    outcomes = _outcomes_of_delivery_day(audited, table, day)
    waiting = _waiting_files(audited, silver, day)
    without = Counter({k: n for k, n in (delivered - outcomes).items() if k[:2] not in waiting})
    if without:
        text = f"{without.total()} rows without one, the first is {_first(without)}"
        yield finding(table, day, check, "an outcome for every row of bronze", text)
    if surplus := outcomes - delivered:
        text = (
            f"{surplus.total()} of a row that bronze does not have, or a second one for a row;"
            f" the first is {_first(surplus)}"
        )
        yield finding(table, day, check, "outcomes of rows of bronze", text)


def _audit_silver_count(
    audited: AuditedLake, silver: Table, day: dt.date
) -> Iterator[AuditFinding]:
    """Compare the number of rows of silver with the outcomes; of a snapshot, of the valid one."""
    outcome_day = day
    if silver.options.snapshot:
        snapshot = audited.snapshot(silver.reads[0].table.id)
        outcome_day = valid_snapshots(snapshot, [day]).get(day, day)
    outcomes = audited.read(outcomes_of(silver.id), outcome_day)
    rows = audited.read(silver.id, day)
    if outcomes is None or rows is None:
        return
    if silver.has_later_rows:  # rows of later snapshots belong to the outcomes of other days
        rows = rows.filter(pc.equal(rows["snapshot_day"], pa.scalar(outcome_day)))
    expected = pc.sum(pc.equal(outcomes["outcome"], KEPT)).as_py() or 0
    if rows.num_rows != expected:
        check = AuditCheck.ROW_COUNT
        yield finding(silver.id, day, check, f"{expected} rows", f"{rows.num_rows} rows")


def _outcomes_of_delivery_day(
    audited: AuditedLake, outcomes: TableId, day: dt.date
) -> Counter[Any]:
    """Count the outcomes of the rows that a day delivered, over all business days."""
    snapshot = audited.snapshot(outcomes)
    found: Counter[Any] = Counter()
    for file in snapshot.files:
        low, high = file.bounds.get("delivery_day", (day, day))
        if file.rows and (low <= day <= high or file.day == day):
            rows = audited.lake.table(outcomes).read([file.day], snapshot=snapshot)
            rows = rows.filter(pc.equal(rows["delivery_day"], pa.scalar(day)))
            found += count_rows(rows, ("file", "digest", "line"))
    return found


def _waiting_files(audited: AuditedLake, silver: Table, day: dt.date) -> set[tuple[str, str]]:
    """Return path and digest of the files of a delivery day whose rows may lack an outcome."""
    stored = audited.read(reconciliation_of(audited.domain.name), day)
    dataset = silver.reads[0].table.id.table
    return {
        (row["file"], row["digest"])
        for row in (() if stored is None else stored.to_pylist())
        if row["table"] == dataset and row["balance"] == Balance.WAITING
    }


def _without_waiting_days(balances: pa.Table) -> list[dict[str, Any]]:
    """Return balances without the waiting days, which depend on the run that wrote them."""
    rows = balances.drop_columns(["waiting_days"]).select(
        [name for name in RECONCILIATION.schema.names if name != "waiting_days"]
    )
    return rows.to_pylist()


def _first(rows: Counter[Any]) -> str:
    return ", ".join(map(str, min(rows, key=str)))

"""Audit the files of tables: each is the one that the log of its table names, byte for byte."""

import datetime as dt
from collections.abc import Iterator

import pyarrow.compute as pc

from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import (
    UNREADABLE,
    AuditCheck,
    AuditFinding,
    finding,
)
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot
from lakehouse.platform.storage.table_id import DAY, TableId


def audit_logs(audited: AuditedLake) -> Iterator[AuditFinding]:
    """Report the tables whose log cannot be read."""
    for table, error in audited.unreadable.items():
        if audited.includes(table):
            yield finding(table, None, AuditCheck.TABLE_FILE, "a readable table", error)


def audit_files(audited: AuditedLake, day: dt.date) -> Iterator[AuditFinding]:
    """Compare digest and number of rows of each table's file of a day with the table's log.

    Tables whose log cannot be read are left to `audit_logs`.
    """
    for table in audited.tables:
        if table in audited.unreadable:
            continue
        try:
            snapshot = audited.snapshot(table)
            if file := snapshot.by_day.get(day):
                yield from _audit_file(audited, table, snapshot, file)
        except UNREADABLE as error:
            yield finding(table, day, AuditCheck.TABLE_FILE, "a readable table", error)


def audit_bounds(
    audited: AuditedLake, table: TableId, day: dt.date, column: str
) -> Iterator[AuditFinding]:
    """Compare the bounds of a column in the log, by which files are chosen, with the rows."""
    file = audited.snapshot(table).by_day.get(day)
    rows = audited.read(table, day)
    if file is None or rows is None:
        return
    of_rows = pc.min_max(rows[column]).as_py()
    expected = (of_rows["min"], of_rows["max"])
    low, high = file.bounds.get(column, (None, None))
    if (low, high) != expected:
        yield finding(
            table,
            day,
            AuditCheck.TABLE_FILE,
            f"{column} from {expected[0]} to {expected[1]} in the table's log",
            f"{low} to {high}",
        )


def _audit_file(
    audited: AuditedLake, table: TableId, snapshot: Snapshot, file: DayFiles
) -> Iterator[AuditFinding]:
    for part in file.parts:
        digest = audited.digest(f"{table.path}/{part.path}")
        if digest is None or digest[:16] != part.digest:
            expected = f"a file with SHA-256 {part.digest}…"
            found = "no file" if digest is None else f"SHA-256 {digest[:16]}…"
            yield finding(table, file.day, AuditCheck.TABLE_FILE, expected, found)
            return
    stored = audited.lake.table(table)
    rows = stored.read([file.day], snapshot=snapshot, columns=[DAY]).num_rows
    if rows != file.rows:
        check = AuditCheck.TABLE_FILE
        yield finding(table, file.day, check, f"{file.rows} rows", f"{rows} rows")

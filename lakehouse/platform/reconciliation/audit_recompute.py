"""Audit computed tables: days computed again must have the bytes that are stored."""

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence

from lakehouse.platform.reconciliation.audited_lake import AuditedLake
from lakehouse.platform.reconciliation.findings import (
    UNREADABLE,
    AuditCheck,
    AuditFinding,
    finding,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform import as_of, reference_dates
from lakehouse.platform.transform.definition import definition_of
from lakehouse.platform.transform.stage import stage_days
from lakehouse.platform.transform.validate import RowsLost


def audit_recomputed(
    audited: AuditedLake, days: Sequence[dt.date], skipped: Counter[str]
) -> Iterator[AuditFinding]:
    """Compute these days of every table again and compare their data versions.

    Days that an older contract or expression made are counted in `skipped`: they are not damaged.
    So are as-of tables while a table cannot be read, because their days may have to be made again.
    """
    computed = audited.computed_days()
    days = [day for day in days if day in computed]
    stale: set[dt.date] = set()
    stale_dates: set[dt.date] = set()
    if not audited.unreadable:
        stale.update(as_of.stale_days(audited.domain, audited.lake))
        stale_dates.update(reference_dates.stale_days(audited.domain, audited.lake))
    for table in audited.domain.tables:
        if table.transform is None or not audited.includes(table.id):
            continue
        if table.id in audited.unreadable:
            continue
        if table.as_of and audited.unreadable:
            skipped[f"days of {table.id.name}, while a table cannot be read"] += 1
            continue
        own: Sequence[dt.date] = days
        if table.as_of:
            stored = audited.snapshot(table.id).by_day
            left_out = stale_dates if table.options.reference_dates else stale
            own = [day for day in days if day in stored and day not in left_out]
        current = ("", definition_of(table).version)
        files = audited.snapshot(table.id).of_days(own)
        if older := {file.day for file in files if file.made_with not in current}:
            skipped[f"days of {table.id.name} of an older contract; hint: lakehouse migrate"] += (
                len(older)
            )
            own = [day for day in own if day not in older]
        if own:
            yield from _audit_table(audited, table, own)


def _audit_table(
    audited: AuditedLake, table: Table, days: Sequence[dt.date]
) -> Iterator[AuditFinding]:
    """Compare stored days with days computed into a temporary folder outside the lake."""
    check = AuditCheck.RECOMPUTED_DAY
    with tempfile.TemporaryDirectory(prefix="lakehouse-audit-") as folder:
        try:
            target = Lake(folder, audited.lake.file_mb)
            computed = stage_days(table, days, audited.lake, audited.settings, target=target)
        except (RowsLost, *UNREADABLE) as error:
            expected = f"the days {days[0]} to {days[-1]} computed without an error"
            yield finding(table.id, days[0], check, expected, error)
            return
        for day, reason in computed.failed_days.items():
            yield finding(table.id, day, check, "a day that fulfils its contract", reason)
        staged = [*computed.staged]
        for _, companion in computed.companions.values():
            staged += companion
        for each in staged:
            yield from _compare(audited, each, target)


def _compare(audited: AuditedLake, staged: Staged, target: Lake) -> Iterator[AuditFinding]:
    file = audited.snapshot(staged.table).by_day.get(staged.day)
    if file is None and not staged.rows:
        return
    if file is None or not _are_equal(audited, file, staged, target):
        yield finding(
            staged.table,
            staged.day,
            AuditCheck.RECOMPUTED_DAY,
            f"{staged.rows} rows with data version {staged.data_version}",
            f"{file.rows} rows with data version {file.data_version}" if file else "no rows",
        )


def _are_equal(audited: AuditedLake, file: DayFiles, staged: Staged, target: Lake) -> bool:
    """Return whether a stored and a computed day have the same rows in the same order.

    Their data versions tell, except where the files were cut at another size: then the rows are
    compared as if each day were one file.
    """
    if file.data_version == staged.data_version:
        return True
    if len(file.parts) == len(staged.files) == 1 or file.rows != staged.rows:
        return False
    stored = audited.lake.table(staged.table).version_in_one_file(file.paths, staged.schema)
    return stored == target.table(staged.table).version_in_one_file(staged.paths, staged.schema)

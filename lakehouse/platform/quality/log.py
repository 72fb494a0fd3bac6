"""The log of quality checks: ``ops.data_quality_log``, one row per day and check."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as arrow

from lakehouse.platform.quality.checks import CheckedDay, CheckStatus
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.staged_tables import StagedTables
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import DATA_QUALITY_LOG, CheckResult
from lakehouse.platform.tables.stored_rows import stage_ops_table
from lakehouse.settings import Settings

RECENT_DAYS = 30
"""Newest logged days whose results are the state of a check."""


@dataclass(frozen=True, kw_only=True)
class CheckProblem:
    """A check that warned or failed on some of the newest logged days.

    Args:
        check: table and name of the check.
        status: warn or fail.
        days: the days with this status, sorted.
    """

    check: str
    status: CheckStatus
    days: tuple[dt.date, ...]


def log_of(domain: str) -> TableId:
    """Return the table that holds the log of a domain."""
    return TableId("ops", domain, DATA_QUALITY_LOG.name)


def log_rows(
    checked: Iterable[CheckedDay], *, run_id: str, now: dt.datetime, settings: Settings
) -> dict[dt.date, arrow.Table]:
    """Return the stored rows of each day, sorted by check."""
    by_day: dict[dt.date, list[CheckResult]] = {}
    sql: dict[str, str] = {}
    for each in sorted(checked, key=lambda each: each.check.id):
        check, assessment = each.check, each.assessment
        if check.id not in sql:
            sql[check.id] = check.sql
        row = CheckResult(
            day=each.day,
            check_id=check.id,
            check_name=check.name,
            category=check.category,
            layer=check.table.layer,
            table_name=check.table.name.partition(".")[2],
            check_sql=sql[check.id],
            result=assessment.status.value,
            expected_value=assessment.expected,
            actual_value=assessment.actual,
            details=assessment.details or None,
            execution_date=now.astimezone(settings.zone).date(),
            execution_timestamp=now,
            run_id=run_id,
            duration_seconds=round(each.seconds, 3),
        )
        by_day.setdefault(each.day, []).append(row)
    return {day: DATA_QUALITY_LOG.to_arrow(by_day[day]).drop(["day"]) for day in sorted(by_day)}


def stage_log(
    checked: Iterable[CheckedDay],
    lake: Lake,
    domain: str,
    *,
    run_id: str,
    now: dt.datetime,
    settings: Settings,
) -> StagedTables:
    """Write the files of the checked days of a domain's log; a commit replaces these days."""
    days = log_rows(checked, run_id=run_id, now=now, settings=settings)
    return stage_ops_table(lake, log_of(domain), DATA_QUALITY_LOG, days)


def days_with_problems(lake: Lake, domain: str, first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the logged days from `first` to `last` on which a check did not pass."""
    table = lake.table(log_of(domain))
    snapshot = table.snapshot()
    days = [file.day for file in snapshot.files if file.rows and first <= file.day <= last]
    if not days:
        return []
    rows = table.read(days, snapshot=snapshot, columns=["day", "result"]).to_pylist()
    return sorted({row["day"] for row in rows if row["result"] != CheckStatus.PASS.value})


def recent_problems(lake: Lake, domain: str, days: int = RECENT_DAYS) -> list[CheckProblem]:
    """Return the checks that did not pass on the newest logged days, failures first."""
    table = lake.table(log_of(domain))
    snapshot = table.snapshot()
    if not snapshot.files:
        return []
    first = snapshot.files[-1].day - dt.timedelta(days=days - 1)
    recent = [file.day for file in snapshot.files if file.day >= first and file.rows]
    rows = table.read(recent, snapshot=snapshot, columns=["day", "check_id", "result"])
    found: dict[tuple[CheckStatus, str], list[dt.date]] = {}
    for row in rows.to_pylist():
        status = CheckStatus(row["result"])
        if status is not CheckStatus.PASS:
            found.setdefault((status, row["check_id"]), []).append(row["day"])
    problems = [
        CheckProblem(check=check, status=status, days=tuple(sorted(on)))
        for (status, check), on in found.items()
    ]
    return sorted(problems, key=lambda each: (each.status is not CheckStatus.FAIL, each.check))

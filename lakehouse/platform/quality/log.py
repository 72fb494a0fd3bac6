"""The log of quality checks: ``ops.data_quality_log``, one row per day and check."""

import datetime as dt
from collections.abc import Iterable

import pyarrow as arrow

from lakehouse.platform.quality.checks import CheckedDay
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import DATA_QUALITY_LOG, CheckResult
from lakehouse.settings import Settings


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


def write_log(
    checked: Iterable[CheckedDay],
    lake: Lake,
    domain: str,
    *,
    run_id: str,
    now: dt.datetime,
    settings: Settings,
) -> int:
    """Replace the checked days of a domain's log in one commit; return the number of rows."""
    days = log_rows(checked, run_id=run_id, now=now, settings=settings)
    lake.table(log_of(domain)).write(days, schema=DATA_QUALITY_LOG.stored, note={"run_id": run_id})
    return sum(rows.num_rows for rows in days.values())

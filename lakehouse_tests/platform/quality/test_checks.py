"""A check measures all days with one query over the files it needs, and judges each day alone."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from lakehouse.platform.orchestration.quality_log import check_key, check_result
from lakehouse.platform.quality import checks as quality
from lakehouse.platform.quality.checks import (
    Day,
    Finding,
    QualityCheck,
    Reads,
    Result,
    Verdict,
    due_at,
    evaluate,
    log_of,
    log_rows,
    named,
    overdue,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import ContractError
from lakehouse.settings import Settings

SALES, SHOPS = TableId("gold", "toys", "sales"), TableId("silver", "toys", "shops")
COLUMNS = pa.schema([("shop", pa.int64())])
SCHEMA = ibis.schema({"shop": "int64", "day": "date"})
NOW = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
MAY = dt.date(2024, 5, 1)


def day(number: int) -> dt.date:
    return MAY + dt.timedelta(days=number - 1)


def rows_by_day(table: ir.Table) -> ir.Table:
    return table.group_by("day").agg(rows=table.count())


def shown(seen: Day) -> Verdict:
    """Passes and says what it saw."""
    previous = [each.get("rows", 0) for each in seen.previous]
    return Verdict(
        result=Result.PASS, expected=f"{previous}", actual=f"{seen.measured.get('rows')}"
    )


def check_of(*reads: Reads, previous_days: int = 0, name: str = "seen") -> QualityCheck:
    return QualityCheck(
        name=name,
        category="test",
        table=SALES,
        description="Says what it saw.",
        reads=reads,
        measure=rows_by_day,
        judge=shown,
        previous_days=previous_days,
    )


def write(lake: Lake, table: TableId, days: Mapping[dt.date, int]) -> None:
    made = {d: pa.table({"shop": list(range(n))}, schema=COLUMNS) for d, n in days.items()}
    lake.table(table).write(made, schema=COLUMNS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=str(tmp_path / "lake"), threads=1, timezone="UTC")


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.root)


def said(findings: list[Finding]) -> list[tuple[dt.date, str, str]]:
    return [(f.day, f.verdict.actual, f.verdict.expected) for f in findings]


def test_every_asked_day_gets_a_finding_and_no_other(lake: Lake, settings: Settings) -> None:
    write(lake, SALES, {day(1): 4, day(2): 1, day(4): 2})
    check = check_of(Reads(id=SALES, schema=SCHEMA))
    found = evaluate([check], [day(2), day(3), day(4)], lake, settings, now=NOW)
    assert said(found) == [(day(2), "1", "[]"), (day(3), "None", "[]"), (day(4), "2", "[]")]


def test_a_table_that_was_never_made_has_nothing_on_any_day(lake: Lake, settings: Settings) -> None:
    check = check_of(Reads(id=SALES, schema=SCHEMA))
    assert said(evaluate([check], [day(1)], lake, settings, now=NOW)) == [(day(1), "None", "[]")]


def test_a_day_is_compared_with_processed_days_before_it_the_empty_ones_too(
    lake: Lake, settings: Settings
) -> None:
    write(lake, SALES, {day(1): 9, day(2): 5, day(4): 0, day(5): 3})
    check = check_of(Reads(id=SALES, schema=SCHEMA), previous_days=3)
    found = evaluate([check], [day(4), day(5)], lake, settings, now=NOW)
    assert said(found) == [(day(4), "None", "[9, 5]"), (day(5), "3", "[5, 0]")]


def test_files_of_days_out_of_reach_are_not_opened(lake: Lake, settings: Settings) -> None:
    write(lake, SALES, {day(n): n for n in range(1, 9)})
    for file in lake.table(SALES).snapshot().files:
        if file.day < day(5) or file.day > day(7):
            Path(file.url).unlink()
    check = check_of(Reads(id=SALES, schema=SCHEMA), previous_days=2)
    found = evaluate([check], [day(7)], lake, settings, now=NOW)
    assert said(found) == [(day(7), "7", "[5, 6]")]


def test_a_reference_shows_its_newest_filled_day_up_to_each_day(
    lake: Lake, settings: Settings
) -> None:
    write(lake, SHOPS, {day(2): 3, day(4): 0, day(5): 7})
    check = check_of(Reads(id=SHOPS, schema=SCHEMA, as_of=True))
    found = evaluate([check], [day(n) for n in range(1, 7)], lake, settings, now=NOW)
    assert [f.verdict.actual for f in found] == ["3", "3", "3", "3", "7", "7"]


def test_given_rows_stand_in_for_the_stored_ones(lake: Lake, settings: Settings) -> None:
    write(lake, SALES, {day(1): 4})
    rows = pa.table({"shop": [1, 2], "day": [day(1), day(1)]})
    check = check_of(Reads(id=SALES, schema=SCHEMA))
    found = evaluate([check], [day(1)], lake, settings, now=NOW, given={SALES: rows})
    assert said(found) == [(day(1), "2", "[]")]


def test_a_measurement_without_a_day_stops_where_it_is_declared() -> None:
    with pytest.raises(ContractError, match=r"gold.toys_sales.total: .*no column 'day'"):
        QualityCheck(
            name="total",
            category="test",
            table=SALES,
            description="",
            reads=(Reads(id=SALES, schema=SCHEMA),),
            measure=lambda sales: sales.agg(rows=sales.count()),
            judge=shown,
        )


def finding(n: int, result: Result, *, name: str = "seen", details: str = "") -> Finding:
    verdict = Verdict(result=result, expected="0", actual=str(n), details=details)
    check = check_of(Reads(id=SALES, schema=SCHEMA), name=name)
    return Finding(check=check, day=day(n), verdict=verdict, seconds=0.25)


def test_the_log_has_a_row_for_each_day_and_check_with_the_sql_that_was_asked(
    settings: Settings,
) -> None:
    found = [finding(2, Result.WARN, details="two"), finding(1, Result.PASS)]
    made = log_rows(found, run_id="run", now=NOW, settings=settings)
    assert list(made) == [day(1), day(2)]
    (row,) = made[day(2)].to_pylist()
    assert 'FROM gold.toys_sales AS "t0"' in row.pop("check_sql")
    assert row == {
        "check_id": "gold.toys_sales.seen",
        "check_name": "seen",
        "category": "test",
        "layer": "gold",
        "table_name": "toys_sales",
        "result": "warn",
        "expected_value": "0",
        "actual_value": "2",
        "details": "two",
        "execution_date": MAY,
        "execution_timestamp": NOW.replace(tzinfo=None),
        "run_id": "run",
        "duration_seconds": 0.25,
    }
    assert made[day(1)].to_pylist()[0]["details"] is None


def test_a_day_that_is_judged_again_replaces_its_verdicts_and_no_other_day(
    lake: Lake, settings: Settings
) -> None:
    for run_id, found in (
        (
            "first",
            [finding(1, Result.FAIL), finding(2, Result.FAIL), finding(2, Result.FAIL, name="b")],
        ),
        ("second", [finding(2, Result.PASS)]),
    ):
        quality.record(found, lake, run_id=run_id, now=NOW, settings=settings)
    rows = lake.table(log_of("toys")).read(columns=["day", "run_id", "result"]).to_pylist()
    assert rows == [
        {"day": day(1), "run_id": "first", "result": "fail"},
        {"day": day(2), "run_id": "second", "result": "pass"},
    ]


def test_dagster_gets_one_result_with_the_failed_days_first_and_at_most_twenty() -> None:
    results = {1: Result.WARN, 2: Result.PASS, 30: Result.FAIL}
    found = [finding(n, results.get(n, Result.WARN)) for n in range(1, 31)]
    result = check_result(check_key(found[0].check), found)
    metadata = {name: value.value for name, value in result.metadata.items()}
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert {k: metadata.pop(k) for k in ("days", "pass", "warn", "fail")} == {
        "days": 30,
        "pass": 1,
        "warn": 28,
        "fail": 1,
    }
    assert len(metadata) == 20
    assert next(iter(metadata.items())) == ("2024-05-30", "fail: 30, expected 0")


def test_days_that_only_warn_are_a_warning_and_days_that_pass_are_no_problem() -> None:
    key = check_key(finding(1, Result.PASS).check)
    warned = check_result(key, [finding(1, Result.PASS), finding(2, Result.WARN)])
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check_result(key, [finding(1, Result.PASS)]).passed


NEW_YORK = ZoneInfo("America/New_York")


def test_a_deadline_counts_hours_that_pass_also_when_the_clocks_change() -> None:
    assert due_at(dt.date(2021, 3, 14), 30, NEW_YORK) == dt.datetime(
        2021, 3, 15, 7, tzinfo=NEW_YORK
    )


@pytest.mark.parametrize(("minute", "late"), [(-1, {}), (0, {day(1): ["Centro"]})])
def test_a_unit_is_overdue_from_the_deadline_on(
    minute: int, late: dict[dt.date, list[str]]
) -> None:
    now = dt.datetime(2024, 5, 2, 6, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
    units = {day(1): ["Norte", "Centro"], day(2): ["Norte", "Centro"]}
    assert overdue(units, {day(1): ["Norte"]}, now, 30) == late


def test_nobody_is_overdue_once_the_delivery_came() -> None:
    now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    assert overdue({day(1): ["Centro"]}, {day(1): ["Centro"]}, now, 30) == {}


def test_twenty_names_are_written_out_and_the_rest_counted() -> None:
    assert named([str(n) for n in range(20)]).endswith("18, 19")
    assert named([str(n) for n in range(22)]).endswith("18, 19 and 2 more")

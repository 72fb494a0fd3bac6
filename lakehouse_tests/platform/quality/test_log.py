"""The log has one row per day and check, from the newest run that checked the day."""

from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.log import log_of, log_rows, recent_problems, stage_log
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.platform.quality.toys import MAY, NOW, checked, day


def test_the_log_has_one_row_per_day_and_check_with_the_sql_of_the_check(
    settings: Settings,
) -> None:
    found = [checked(2, CheckStatus.WARN, details="two"), checked(1, CheckStatus.PASS)]
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


def test_checking_a_day_again_replaces_the_log_of_that_day_only(
    lake: Lake, settings: Settings
) -> None:
    for run_id, found in (
        (
            "first",
            [
                checked(1, CheckStatus.FAIL),
                checked(2, CheckStatus.FAIL),
                checked(2, CheckStatus.FAIL, name="b"),
            ],
        ),
        ("second", [checked(2, CheckStatus.PASS)]),
    ):
        staged = stage_log(found, lake, "toys", run_id=run_id, now=NOW, settings=settings)
        staged.commit(note={"run_id": run_id})
    rows = lake.table(log_of("toys")).read(columns=["day", "run_id", "result"]).to_pylist()
    assert rows == [
        {"day": day(1), "run_id": "first", "result": "fail"},
        {"day": day(2), "run_id": "second", "result": "pass"},
    ]


def test_recent_problems_are_those_of_the_newest_logged_days_failures_first(
    lake: Lake, settings: Settings
) -> None:
    found = [
        checked(1, CheckStatus.FAIL),
        checked(29, CheckStatus.WARN),
        checked(31, CheckStatus.PASS),
        checked(30, CheckStatus.WARN, name="b"),
        checked(31, CheckStatus.FAIL, name="b"),
    ]
    assert recent_problems(lake, "toys") == []
    stage_log(found, lake, "toys", run_id="run", now=NOW, settings=settings).commit(note={})
    shown = [(each.check, each.status.value, each.days) for each in recent_problems(lake, "toys")]
    assert shown == [
        ("gold.toys_sales.b", "fail", (day(31),)),
        ("gold.toys_sales.b", "warn", (day(30),)),
        ("gold.toys_sales.seen", "warn", (day(29),)),
    ]

"""The results of a quality check in Dagster."""

import dagster as dg
import pytest

from lakehouse.platform.orchestration.quality_log import day_result, recent_result
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.log import CheckProblem
from lakehouse_tests.platform.quality.toys import checked, day

KEY = dg.AssetCheckKey(dg.AssetKey(["ops", "toys", "data_quality_log"]), "recent_days")


@pytest.mark.parametrize(
    ("status", "passed", "severity"),
    [
        (CheckStatus.PASS, True, "WARN"),
        (CheckStatus.WARN, False, "WARN"),
        (CheckStatus.FAIL, False, "ERROR"),
    ],
)
def test_a_day_that_only_warns_is_a_warning(
    status: CheckStatus, passed: bool, severity: str
) -> None:
    result = day_result(checked(3, status, details="three"))
    assert (result.day, result.passed) == (day(3), passed)
    assert result.severity.value == severity
    assert result.metadata == {
        "result": status.value,
        "found": "3",
        "expected": "0",
        "details": "three",
    }


def test_the_state_of_the_newest_days_fails_only_if_a_check_fails() -> None:
    warned = CheckProblem(check="gold.toys_sales.a", status=CheckStatus.WARN, days=(day(1),))
    failed = CheckProblem(check="gold.toys_sales.b", status=CheckStatus.FAIL, days=(day(2),))
    assert recent_result(KEY, []).passed
    assert recent_result(KEY, [warned]).passed
    result = recent_result(KEY, [failed, warned])
    assert not result.passed
    shown = {name: value.value for name, value in result.metadata.items()}
    assert shown["gold.toys_sales.b fails"] == "2024-05-02"
    assert shown["gold.toys_sales.a warns"] == "2024-05-01"

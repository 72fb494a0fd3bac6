"""The results of a quality check in Dagster."""

import dagster as dg

from lakehouse.platform.orchestration.quality_log import check_key, check_result
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse_tests.platform.quality.toys import checked


def test_one_result_lists_at_most_twenty_days_with_the_failed_ones_first() -> None:
    results = {1: CheckStatus.WARN, 2: CheckStatus.PASS, 30: CheckStatus.FAIL}
    found = [checked(n, results.get(n, CheckStatus.WARN)) for n in range(1, 31)]
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


def test_days_that_only_warn_are_a_warning_and_passing_days_pass() -> None:
    key = check_key(checked(1, CheckStatus.PASS).check)
    warned = check_result(key, [checked(1, CheckStatus.PASS), checked(2, CheckStatus.WARN)])
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check_result(key, [checked(1, CheckStatus.PASS)]).passed

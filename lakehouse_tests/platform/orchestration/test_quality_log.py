"""The results of a quality check in Dagster."""

import dagster as dg
import pytest

from lakehouse.platform.orchestration.code_location import complete_definitions
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.quality_log import day_result, recent_result
from lakehouse.platform.quality.checks import CheckStatus
from lakehouse.platform.quality.log import CheckProblem
from lakehouse.platform.storage.table_id import TableId
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


def test_in_a_run_of_some_tables_the_checks_wait_for_what_they_read() -> None:
    arrivals = complete_definitions("sales").resolve_job_def("sales_arrivals")
    tables = ["silver.sales_sales", "gold.sales_fact_sales", "gold.sales_daily_sales"]
    keys = {asset_key(TableId.from_name(name)) for name in tables}
    graph = arrivals.get_subset(asset_selection=keys).graph
    (inputs,) = [
        inputs
        for node, inputs in graph.dependencies.items()
        if node.name == "ops_sales_data_quality_log"
    ]
    waits_for = {node.node for needed in inputs.values() for node in needed.get_node_dependencies()}
    assert waits_for >= {table.replace(".", "_") for table in tables}

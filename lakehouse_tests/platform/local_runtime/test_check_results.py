"""A run over several days leaves one result of a check for each day, on any storage."""

import datetime as dt

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from lakehouse.platform.local_runtime.pruning import prune_runs
from lakehouse_tests.platform.local_runtime.days import DAYS, EVEN, KEY, days_table, run_over

PASSED, FAILED = (
    AssetCheckExecutionRecordStatus.SUCCEEDED,
    AssetCheckExecutionRecordStatus.FAILED,
)
States = dict[str | None, AssetCheckExecutionRecordStatus]


def states(instance: dg.DagsterInstance) -> States:
    """Return the state of each day, where the result is about the newest materialization."""
    found = instance.event_log_storage.get_asset_check_partition_info([EVEN])
    assert all(each.is_current for each in found)
    return {each.partition_key: each.latest_execution_status for each in found}


@pytest.mark.parametrize("storage", ["local", "in memory"])
def test_each_day_of_a_run_has_its_own_result(instance: dg.DagsterInstance, storage: str) -> None:
    opened = instance if storage == "local" else dg.DagsterInstance.ephemeral()
    result = run_over(opened, days_table)
    assert result.success
    assert states(opened) == dict(zip(DAYS, (FAILED, PASSED, FAILED), strict=True))
    newest = opened.event_log_storage.get_asset_check_execution_history(EVEN, limit=10)
    evaluations = [(each.partition, each.evaluation) for each in newest]
    shown = {day: found.metadata["n"].value for day, found in evaluations if found}
    assert shown == {day: n for n, day in enumerate(DAYS, start=1)}


def test_a_run_writes_its_results_into_the_rows_that_were_planned(
    instance: dg.DagsterInstance,
) -> None:
    runs = [run_over(instance, days_table).run_id for _ in range(2)]
    rows = instance.event_log_storage.get_asset_check_execution_history(EVEN, limit=100)
    assert sorted((each.run_id, each.partition) for each in rows) == sorted(
        (run, day) for run in runs for day in DAYS
    )


def test_a_pruned_run_leaves_only_the_newest_result_of_each_day(
    instance: dg.DagsterInstance,
) -> None:
    first, second = (run_over(instance, days_table).run_id for _ in range(2))
    assert prune_runs(instance, dt.timedelta(days=-1)) == [first, second]
    rows = instance.event_log_storage.get_asset_check_execution_history(EVEN, limit=100)
    assert {each.run_id for each in rows} == {second}
    assert states(instance) == dict(zip(DAYS, (FAILED, PASSED, FAILED), strict=True))
    assert instance.get_materialized_partitions(KEY) == set(DAYS)

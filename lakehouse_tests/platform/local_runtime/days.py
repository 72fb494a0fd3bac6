"""A small partitioned asset, one that fails, and a run over three days of either."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partition_results,
    partitioned_check,
)

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
KEY = dg.AssetKey(["bronze", "test", "days"])
EVEN = dg.AssetCheckKey(KEY, "even")
PARTITIONS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")


@dg.multi_asset(
    specs=[dg.AssetSpec(KEY, partitions_def=PARTITIONS)],
    check_specs=[
        dg.AssetCheckSpec("fine", asset=KEY),
        partitioned_check("even", KEY, PARTITIONS, "The number of the day is even."),
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def days_table(context: dg.AssetExecutionContext) -> Iterator[Any]:
    yield dg.MaterializeResult(
        asset_key=KEY,
        data_version=dg.DataVersion("v1"),
        check_results=[dg.AssetCheckResult(passed=True, check_name="fine")],
    )
    yield from partition_results(
        context,
        [
            PartitionResult(check=EVEN, day=day, passed=day.day % 2 == 0, metadata={"n": day.day})
            for day in map(dt.date.fromisoformat, context.partition_keys)
        ],
    )


@dg.multi_asset(
    specs=[dg.AssetSpec(KEY, partitions_def=PARTITIONS)],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def broken_table() -> dg.MaterializeResult[Any]:
    raise dg.Failure("no", allow_retries=False)


def run_over(instance: dg.DagsterInstance, table: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [table],
        instance=instance,
        raise_on_error=False,
        tags={
            "dagster/asset_partition_range_start": DAYS[0],
            "dagster/asset_partition_range_end": DAYS[-1],
        },
    )

"""A small partitioned asset, one that fails, and a run over three days of either."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
KEY = dg.AssetKey(["bronze", "test", "days"])
PARTITIONS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")


@dg.multi_asset(
    specs=[dg.AssetSpec(KEY, partitions_def=PARTITIONS)],
    check_specs=[dg.AssetCheckSpec("fine", asset=KEY)],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def days_table() -> Iterator[dg.MaterializeResult[Any]]:
    yield dg.MaterializeResult(
        asset_key=KEY,
        data_version=dg.DataVersion("v1"),
        check_results=[dg.AssetCheckResult(passed=True, check_name="fine")],
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

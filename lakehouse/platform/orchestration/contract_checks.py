"""The check of every table that its rows satisfy its Pandera model, with a result per partition.

It is part of the step that makes a partition. Pandera itself needs a query for every column and
check, so the step compares rows with the rules of the same model: as one query for tables that
expressions compute, without an engine for the small tables that the platform makes. Pandera itself
compares every row again in the nightly job; see ``pandera_checks``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pandera.ibis as pa

from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partition_results,
    partitioned_check,
)
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.storage.staged_tables import StagedTables
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.transform.stage import StagedDays

CONTRACT = "contract"


def contract_check(
    model: type[pa.DataFrameModel], spec: dg.AssetSpec, *, blocking: bool = False
) -> dg.AssetCheckSpec:
    """Return the check of a table; `blocking` where rows that break the contract are not stored."""
    return partitioned_check(
        CONTRACT,
        spec.key,
        spec.partitions_def,
        f"Every row of the partition satisfies the Pandera model {model.__name__}.",
        blocking=blocking,
    )


def stored(
    context: dg.AssetExecutionContext,
    staged: StagedTables,
    table: TableId,
    metadata: Mapping[str, Any],
    results: Sequence[PartitionResult] = (),
) -> Iterator[Any]:
    """Yield the staged days of an ops table for the I/O manager, then the results of its checks.

    Args:
        context: the step.
        staged: the days.
        table: the table of the step.
        metadata: shown with the materialization.
        results: results of checks other than that of the contract.
    """
    yield dg.MaterializeResult(asset_key=asset_key(table), value=staged, metadata=metadata)
    yield from partition_results(context, [*contract_results(staged, table), *results])


def computed_results(computed: StagedDays) -> list[PartitionResult]:
    """Return for each computed day whether its rows satisfy the contract."""
    check = dg.AssetCheckKey(asset_key(computed.table.id), CONTRACT)
    passed = [
        PartitionResult(check=check, day=each.day, passed=True, metadata={"rows": each.rows})
        for each in computed.staged
    ]
    failed = [
        PartitionResult(check=check, day=day, passed=False, metadata={"problem": why})
        for day, why in computed.failed_days.items()
    ]
    return passed + failed


def contract_results(staged: StagedTables, table: TableId) -> list[PartitionResult]:
    """Return for each staged day of a table whether its rows satisfy the contract."""
    found = staged.tables[table]
    check = dg.AssetCheckKey(asset_key(table), CONTRACT)
    return [
        PartitionResult(
            check=check,
            day=each.day,
            passed=not found.problems.get(each.day),
            metadata={"problem": found.problems[each.day]}
            if found.problems.get(each.day)
            else {"rows": each.rows},
        )
        for each in found.staged
    ]

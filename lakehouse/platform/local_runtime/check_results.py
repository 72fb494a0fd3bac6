"""Results of asset checks for single partitions of a run over a range of partitions.

Dagster's public `AssetCheckResult` names no partition: in a run over a range it belongs to none.
Its storage, its web server and the state of a check know partitions, so the events are made here.
"""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id
from dagster._utils.warnings import disable_dagster_warnings

Context = dg.AssetExecutionContext | dg.AssetCheckExecutionContext


@dataclass(frozen=True, kw_only=True)
class PartitionResult:
    """The result of a check on one partition, which is named by its first day.

    Args:
        check: the check; its specification has the partitions of its table.
        day: the partition.
        passed: whether the check passed.
        severity: how bad it is that it did not pass.
        metadata: what the Dagster UI shows beside the result.
    """

    check: dg.AssetCheckKey
    day: dt.date
    passed: bool
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
    metadata: Mapping[str, Any] = field(default_factory=dict)


def partitioned_check(
    name: str,
    asset: dg.AssetKey,
    partitions: dg.PartitionsDefinition | None,
    description: str,
    *,
    blocking: bool = False,
    after: Iterable[dg.AssetKey] = (),
) -> dg.AssetCheckSpec:
    """Return a check with a result for each partition of its table; see `partition_results`.

    Args:
        name: unique among the checks of the table.
        asset: the table.
        partitions: those of the table.
        description: what passes and what fails.
        blocking: whether the tables that read this one wait for the result.
        after: assets that the check reads; where a run makes them, the check waits for them.
    """
    with disable_dagster_warnings():  # partitions of checks are a preview in Dagster 1.13
        return dg.AssetCheckSpec(
            name,
            asset=asset,
            description=description,
            blocking=blocking,
            partitions_def=partitions,
            additional_deps=[key for key in after if key != asset],
        )


def partition_results(context: Context, results: Sequence[PartitionResult]) -> Iterator[Any]:
    """Yield the events of results, stored together, and the outputs of their checks.

    Yield them after the tables that they are about: a result refers to the newest materialization
    of its partition, and Dagster drops a result when a newer one is stored.
    """
    checks = {each.check for each in results}
    specs = {spec.key: spec for spec in _check_specs(context) if spec.key in checks}
    for spec in specs.values():
        yield dg.Output(None, output_name=spec.get_python_identifier())
    targets = _targets(context, results)
    batch = generate_event_batch_id()
    step = context.get_step_execution_context()
    for number, each in enumerate(results, start=1):
        evaluation = dg.AssetCheckEvaluation(
            asset_key=each.check.asset_key,
            check_name=each.check.name,
            passed=each.passed,
            metadata=each.metadata,
            target_materialization_data=targets.get((each.check.asset_key, each.day.isoformat())),
            severity=each.severity,
            blocking=specs[each.check].blocking,
            partition=each.day.isoformat(),
        )
        verdict = "passed" if each.passed else "did not pass"
        yield dg.DagsterEvent.from_step(
            dg.DagsterEventType.ASSET_CHECK_EVALUATION,
            step,
            evaluation,
            f"{each.check.to_user_string()} {verdict} on {each.day}.",
            DagsterEventBatchMetadata(batch, number == len(results)),
        )


def _check_specs(context: Context) -> Sequence[dg.AssetCheckSpec]:
    if isinstance(context, dg.AssetCheckExecutionContext):
        return context.check_specs
    return list(context.assets_def.check_specs)


def _targets(
    context: Context, results: Sequence[PartitionResult]
) -> dict[tuple[dg.AssetKey, str], AssetCheckEvaluationTargetMaterializationData]:
    """Return the newest materialization of each partition that has one."""
    days: dict[dg.AssetKey, set[str]] = {}
    for each in results:
        days.setdefault(each.check.asset_key, set()).add(each.day.isoformat())
    materialization, now = dg.DagsterEventType.ASSET_MATERIALIZATION, time.time()
    return {
        (key, day): AssetCheckEvaluationTargetMaterializationData(
            storage_id=storage_id, run_id=context.run.run_id, timestamp=now
        )
        for key, wanted in days.items()
        for day, storage_id in context.instance.get_latest_storage_id_by_partition(
            key, materialization, wanted
        ).items()
    }

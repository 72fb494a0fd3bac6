"""Assets of computed tables: a step computes days, validates them, and only then stores them."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partition_results,
    partitioned_check,
)
from lakehouse.platform.orchestration.contract_checks import computed_results, contract_check
from lakehouse.platform.orchestration.io_manager import commit
from lakehouse.platform.orchestration.metadata import SHOWN_PROBLEMS, asset_key, joint_version
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.policy import (
    IO_MANAGER,
    op_name,
    step_policy,
    table_spec,
    upstream_keys,
)
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.run_tags import NOT_READY_TAG
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import NotReady, Table
from lakehouse.platform.transform.outcomes import OUTCOMES
from lakehouse.platform.transform.stage import StagedDays, stage_days
from lakehouse.platform.transform.validate import RowsLost
from lakehouse.settings import Settings

RECONCILIATION = "reconciliation"
NAMED_DAYS = 5
"""Failed days that an error message names."""


def computed_asset(table: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset of a table that an Ibis expression or a pandas function computes."""
    return (_frame_asset if table.options.pandas else _expression_asset)(table, domain, settings)


def _expression_asset(table: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    spec = table_spec(table, domain, settings, deps=upstream_keys(table))

    @dg.multi_asset(
        name=op_name(table.id),
        specs=[spec.with_io_manager_key(IO_MANAGER)],
        check_specs=_check_specs(table, spec),
        **step_policy(domain, table.layer),
    )
    def compute(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        try:
            computed = stage_days(table, days, platform.lake, platform.settings)
        except RowsLost as error:
            yield from partition_results(context, _lost_rows(table, days, error))
            raise dg.Failure(str(error), allow_retries=False) from error
        except NotReady as error:
            raise not_ready(context, error) from error
        if computed.failed_days:
            store_good_days(context, platform, computed)
        else:
            yield result(computed, days)
        yield from partition_results(context, check_results(table, computed))
        if computed.failed_days:
            raise dg.Failure(
                failed_days_text(computed, days),
                metadata=_failed_days(computed.failed_days),
                allow_retries=False,
            )

    return compute


def _frame_asset(table: Table, domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset of a pandas table; pandas is imported only when a domain has one."""
    from lakehouse.platform.orchestration.pandas_tables import pandas_asset

    spec = table_spec(table, domain, settings)
    return pandas_asset(
        table,
        spec,
        contract_check(table.model, spec, blocking=True),
        io_manager_key=IO_MANAGER,
        **step_policy(domain, table.layer),
    )


def _check_specs(table: Table, spec: dg.AssetSpec) -> list[dg.AssetCheckSpec]:
    if not table.validates_rows:
        return [contract_check(table.model, spec, blocking=True)]
    reconciliation = partitioned_check(
        RECONCILIATION,
        spec.key,
        spec.partitions_def,
        "Every bronze row is stored, rejected, a duplicate or superseded.",
        blocking=True,
    )
    return [contract_check(table.model, spec, blocking=True), reconciliation]


def check_results(table: Table, computed: StagedDays) -> list[PartitionResult]:
    """Return the results of the checks that compare computed rows with their contract."""
    results = computed_results(computed)
    if table.validates_rows:
        check = dg.AssetCheckKey(asset_key(table.id), RECONCILIATION)
        for each in computed.staged:
            counts = computed.outcomes.get(each.day, Counter())
            rows = {name: counts[name] for name in OUTCOMES}
            results.append(PartitionResult(check=check, day=each.day, passed=True, metadata=rows))
    return results


def _lost_rows(table: Table, days: Sequence[dt.date], error: RowsLost) -> list[PartitionResult]:
    check = dg.AssetCheckKey(asset_key(table.id), RECONCILIATION)
    metadata = {"problem": str(error)}
    return [PartitionResult(check=check, day=day, passed=False, metadata=metadata) for day in days]


def result(computed: StagedDays, days: Sequence[dt.date]) -> dg.MaterializeResult[Any]:
    """Return the computed days, for the I/O manager to commit, with their metadata."""
    versions = {each.day: each.data_version for each in computed.staged}
    return dg.MaterializeResult(
        asset_key=asset_key(computed.table.id),
        value=computed,
        data_version=dg.DataVersion(joint_version(versions)),
        metadata={
            "dagster/row_count": computed.rows,
            "lakehouse/days": len(days),
            "lakehouse/engine": computed.engine,
            **{f"lakehouse/rejected_{r}": n for r, n in sorted(computed.reasons.items())},
        },
    )


def not_ready(context: dg.AssetExecutionContext, error: NotReady) -> dg.Failure:
    """Return the failure of a step whose inputs are not there yet, and tag the run."""
    context.instance.add_run_tags(context.run.run_id, {NOT_READY_TAG: "true"})
    notes = getattr(error, "__notes__", ())  # the hint
    return dg.Failure("\n".join((str(error), *notes)), allow_retries=False)


def store_good_days(
    context: dg.AssetExecutionContext, platform: Platform, computed: StagedDays
) -> None:
    """Commit the days that satisfy the contract and record each as materialized."""
    if computed.staged:
        commit(computed, platform.lake, note={"run_id": context.run.run_id})
    for each in computed.staged:
        context.log_event(
            dg.AssetMaterialization(
                asset_key(computed.table.id),
                partition=each.day.isoformat(),
                metadata={"dagster/row_count": each.rows},
                tags={"dagster/data_version": each.data_version},
            )
        )


def failed_days_text(computed: StagedDays, days: Sequence[dt.date]) -> str:
    """Return the message that names the days which break the contract."""
    failed = list(computed.failed_days.items())
    named = "; ".join(f"{day}: {why}" for day, why in failed[:NAMED_DAYS])
    return (
        f"{computed.table.id.name}: {len(failed)} of {len(days)} days break the contract and are"
        f" not stored; the other days are stored. {named}. hint: fix the source or the contract,"
        " then materialize these days again"
    )


def _failed_days(failed: Mapping[dt.date, str]) -> dict[str, Any]:
    if not failed:
        return {}
    shown = list(failed.items())[:SHOWN_PROBLEMS]
    return {"failed_days": len(failed), **{day.isoformat(): why for day, why in shown}}

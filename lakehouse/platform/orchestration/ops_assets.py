"""Assets of the ops tables that runs write: unrecognized files, reconciliation.

The data quality log, which also evaluates checks, is in ``quality_log``.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.unrecognized_files import (
    record_unrecognized_files,
    unrecognized_files_of,
)
from lakehouse.platform.orchestration.metadata import SHOWN_PROBLEMS, asset_key
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.policy import ops_asset
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.quality.log import log_of
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.reconciliation.reconcile import commit_reconciliation
from lakehouse.platform.tables.deliveries_model import DELIVERIES
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.ops_tables import (
    AS_OF_DAYS,
    RECONCILIATION,
    Balance,
    FileBalance,
)
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import as_of
from lakehouse.settings import Settings

BALANCED = "balanced"


def unrecognized_files_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that records files which match no source, each with the reason."""

    @ops_asset(
        domain,
        settings,
        unrecognized_files_of(domain.name),
        DELIVERIES.model,
        description="Delivered files that match no dataset, or whose path is not allowed.",
        layer=Layer.BRONZE,
    )
    def unrecognized_files(
        context: dg.AssetExecutionContext, platform: Platform
    ) -> dg.MaterializeResult[Any]:
        days = days_of(context.partition_keys)
        listing = platform.listing(domain, tuple(days))
        recorded = record_unrecognized_files(
            listing,
            days,
            platform.intake(domain),
            note={"run_id": context.run.run_id},
        )
        return dg.MaterializeResult(metadata={"dagster/row_count": recorded})

    return unrecognized_files


def reconciliation_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that reconciles every delivered file, after all other tables of the run."""
    table = reconciliation_of(domain.name)
    upstream = [asset_key(t.id) for t in domain.tables if t.transform and t.daily]
    if domain.checks:
        upstream.append(asset_key(log_of(domain.name)))

    @ops_asset(
        domain,
        settings,
        table,
        RECONCILIATION.model,
        description=RECONCILIATION.description,
        deps=upstream,
        check_specs=[
            dg.AssetCheckSpec(
                BALANCED,
                asset=asset_key(table),
                blocking=True,
                description="Each line of a file is a header, unparsable, excluded or one row that"
                " has exactly one outcome.",
            )
        ],
    )
    def reconcile(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        by_day = commit_reconciliation(
            domain,
            platform.lake,
            days,
            note={"run_id": context.run.run_id},
            balances=platform.balances(domain, tuple(days)),
        )
        files = [file for files in by_day.values() for file in files]
        unbalanced = [file for file in files if file.balance is Balance.UNBALANCED]
        waiting = sum(file.waiting for file in files)
        yield dg.AssetCheckResult(
            check_name=BALANCED,
            passed=not unbalanced,
            metadata={
                "files": len(files),
                "waiting": waiting,
                "unbalanced": len(unbalanced),
                **{each.file: each.difference for each in unbalanced[:SHOWN_PROBLEMS]},
            },
        )
        if unbalanced:
            raise dg.Failure(_unbalanced(unbalanced), allow_retries=False)
        yield dg.MaterializeResult(
            metadata={"dagster/row_count": len(files), "lakehouse/waiting": waiting}
        )

    return reconcile


def as_of_days_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that records which inputs each as-of day was computed from."""

    @ops_asset(
        domain,
        settings,
        as_of.as_of_days_of(domain.name),
        AS_OF_DAYS.model,
        description=AS_OF_DAYS.description,
        deps=[asset_key(each.id) for each in as_of.as_of_tables(domain)],
    )
    def as_of_days(
        context: dg.AssetExecutionContext, platform: Platform
    ) -> dg.MaterializeResult[Any]:
        days = days_of(context.partition_keys)
        inputs = platform.as_of_inputs(domain, tuple(days))
        as_of.record_as_of_days(domain, platform.lake, days, inputs)
        return dg.MaterializeResult(metadata={"dagster/row_count": len(days)})

    return as_of_days


def _unbalanced(files: list[FileBalance]) -> str:
    first = files[0]
    return (
        f"{len(files)} delivered files do not reconcile; first {first.file} of {first.day}:"
        f" difference {first.difference} rows (positive: missing, negative: too many)."
        " hint: `lakehouse reconcile` lists them; see ops.reconciliation"
    )

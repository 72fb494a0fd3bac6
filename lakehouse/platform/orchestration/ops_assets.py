"""Assets of the ops tables that runs write: unrecognized files, reconciliation.

The data quality log, which also evaluates checks, is in ``quality_log``.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.unrecognized_files import (
    stage_unrecognized_files,
    unrecognized_files_of,
)
from lakehouse.platform.local_runtime.check_results import (
    PartitionResult,
    partitioned_check,
)
from lakehouse.platform.orchestration.contract_checks import stored
from lakehouse.platform.orchestration.metadata import SHOWN_PROBLEMS, asset_key
from lakehouse.platform.orchestration.partitions import daily, days_of
from lakehouse.platform.orchestration.policy import last_keys, ops_asset
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.quality.log import log_of
from lakehouse.platform.reconciliation.open_work import reconciliation_of
from lakehouse.platform.reconciliation.reconcile import stage_reconciliation
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
ROWS = "dagster/row_count"


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
    def unrecognized_files(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        listing = platform.listing(domain, tuple(days))
        staged = stage_unrecognized_files(listing, days, platform.intake(domain))
        table = unrecognized_files_of(domain.name)
        yield from stored(context, staged, table, {ROWS: staged.rows(table, days)})

    return unrecognized_files


def reconciliation_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that reconciles every delivered file, after all other tables of the run."""
    table = reconciliation_of(domain.name)
    if domain.checks:
        upstream = [asset_key(log_of(domain.name))]
    else:
        upstream = last_keys(table for table in domain.tables if table.daily)

    @ops_asset(
        domain,
        settings,
        table,
        RECONCILIATION.model,
        description=RECONCILIATION.description,
        deps=upstream,
        check_specs=[
            partitioned_check(
                BALANCED,
                asset_key(table),
                daily(domain.spec, settings),
                "Each line of a file is a header, unparsable, excluded or one row that has exactly"
                " one outcome.",
                blocking=True,
            )
        ],
    )
    def reconcile(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        by_day = platform.balances(domain, tuple(days))
        files = [file for files in by_day.values() for file in files]
        unbalanced = [file for file in files if file.balance is Balance.UNBALANCED]
        check = dg.AssetCheckKey(asset_key(table), BALANCED)
        yield from stored(
            context,
            stage_reconciliation(domain, platform.lake, by_day),
            table,
            {ROWS: len(files), "lakehouse/waiting": sum(file.waiting for file in files)},
            [_balanced(check, day, by_day.get(day, [])) for day in days],
        )
        if unbalanced:
            raise dg.Failure(_unbalanced(unbalanced), allow_retries=False)

    return reconcile


def as_of_days_asset(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that records which inputs each as-of day was computed from."""

    @ops_asset(
        domain,
        settings,
        as_of.as_of_days_of(domain.name),
        AS_OF_DAYS.model,
        description=AS_OF_DAYS.description,
        deps=last_keys(as_of.as_of_tables(domain)),
    )
    def as_of_days(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        inputs = platform.as_of_inputs(domain, tuple(days))
        staged = as_of.stage_as_of_days(domain, platform.lake, days, inputs)
        yield from stored(context, staged, as_of.as_of_days_of(domain.name), {ROWS: len(days)})

    return as_of_days


def _balanced(
    check: dg.AssetCheckKey, day: dt.date, files: Sequence[FileBalance]
) -> PartitionResult:
    """Return whether the files of one delivery day reconcile, with those that do not."""
    unbalanced = [file for file in files if file.balance is Balance.UNBALANCED]
    return PartitionResult(
        check=check,
        day=day,
        passed=not unbalanced,
        metadata={
            "files": len(files),
            "waiting": sum(file.waiting for file in files),
            "unbalanced": len(unbalanced),
            **{each.file: each.difference for each in unbalanced[:SHOWN_PROBLEMS]},
        },
    )


def _unbalanced(files: list[FileBalance]) -> str:
    first = files[0]
    return (
        f"{len(files)} delivered files do not reconcile; first {first.file} of {first.day}:"
        f" difference {first.difference} rows (positive: missing, negative: too many)."
        " hint: `lakehouse reconcile` lists them; see ops.reconciliation"
    )

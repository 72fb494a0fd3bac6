"""Assets of as-of tables: one step makes those of a domain, because most of them are small.

A run of the domain's own jobs makes the partition of the newest day, or those of reference dates. A
backfill makes the days that it is asked for, also of tables that are made on request only. The step
also records the inputs of reference dates, because the days that it makes are not a range.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import duckdb

from lakehouse.platform.local_runtime.check_results import partition_results
from lakehouse.platform.orchestration.computed_assets import (
    check_results,
    failed_days_text,
    not_ready,
    result,
    store_good_days,
)
from lakehouse.platform.orchestration.contract_checks import contract_check
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.policy import (
    FAILED_TABLES,
    IO_MANAGER,
    ops_spec,
    step_policy,
    table_spec,
    upstream_keys,
)
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.run_tags import days_of_run
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.ops_tables import MONTHS
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import NotReady, Table
from lakehouse.platform.transform import reference_dates
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings

VALUE_ERRORS = (duckdb.ConversionException, duckdb.OutOfRangeException)
"""Errors that the values of one table cause, whenever it is computed."""


def as_of_assets(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the assets of the as-of tables of a domain; a run may select some of them.

    A table that breaks its contract, or whose values overflow, fails the step after all others are
    stored. Tables that read it are left out. The others are published; see `publishing`.
    """
    tables = [table for table in domain.tables if table.as_of]
    record = reference_dates.inputs_of(domain.name)
    records = [_record_spec(domain, settings)] if reference_dates.reference_tables(domain) else []
    specs = [_spec(table, domain, settings) for table in tables]

    @dg.multi_asset(
        name=f"gold_{domain.name}_as_of",
        specs=[*specs, *records],
        check_specs=[
            contract_check(table.model, spec, blocking=True)
            for table, spec in zip(tables, specs, strict=True)
        ],
        can_subset=True,
        **step_policy(domain, Layer.GOLD),
    )
    def as_of(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of_run(context)
        platform.as_of_inputs(domain, tuple(days))
        platform.reference_inputs(domain, tuple(days))
        failed: dict[TableId, str] = {}
        for table in tables:
            if not _is_wanted(table, context):
                continue
            if missing := [r.table.id.name for r in table.reads if r.table.id in failed]:
                failed[table.id] = f"{table.id.name}: not computed, it reads {', '.join(missing)}"
                continue
            yield from _make(table, days, context, platform, failed)
        if failed:
            raise dg.Failure(
                "\n".join(failed.values()),
                metadata={FAILED_TABLES: [table.name for table in failed]},
                allow_retries=False,
            )
        if asset_key(record) in context.selected_asset_keys:
            inputs = platform.reference_inputs(domain, tuple(days))
            reference_dates.record_reference_dates(domain, platform.lake, days, inputs)
            for day in days:
                made = dg.AssetMaterialization(asset_key(record), partition=day.isoformat())
                context.log_event(made)

    return as_of


def _is_wanted(table: Table, context: dg.AssetExecutionContext) -> bool:
    """Return whether a run makes a table: it is selected, by name when made on request only."""
    key = asset_key(table.id)
    if table.options.on_request:
        return key in (context.run.asset_selection or ())
    return key in context.selected_asset_keys


def _spec(table: Table, domain: Domain, settings: Settings) -> dg.AssetSpec:
    spec = table_spec(table, domain, settings, deps=upstream_keys(table), skippable=True)
    return spec.with_io_manager_key(IO_MANAGER)


def _record_spec(domain: Domain, settings: Settings) -> dg.AssetSpec:
    return ops_spec(
        domain,
        settings,
        reference_dates.inputs_of(domain.name),
        MONTHS.model,
        description=MONTHS.description,
        deps=[asset_key(table.id) for table in reference_dates.reference_tables(domain)],
        skippable=True,
    )


def _make(
    table: Table,
    days: Sequence[dt.date],
    context: dg.AssetExecutionContext,
    platform: Platform,
    failed: dict[TableId, str],
) -> Iterator[Any]:
    """Compute the partitions of one table; days that break the contract are not stored."""
    try:
        computed = stage_days(table, days, platform.lake, platform.settings)
    except NotReady as error:
        raise not_ready(context, error) from error
    except VALUE_ERRORS as error:
        text = " ".join(str(error).split())
        failed[table.id] = f"{table.id.name}: {type(error).__name__}: {text}"
        return
    if computed.failed_days:
        store_good_days(context, platform, computed)
        failed[table.id] = failed_days_text(computed, days)
    elif len(days) < len(context.partition_keys):
        store_good_days(context, platform, computed)
    else:
        yield result(computed, days)
    yield from partition_results(context, check_results(table, computed))

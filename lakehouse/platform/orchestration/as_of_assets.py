"""Assets of as-of tables: one step makes those of a domain, because most of them are small.

A run of the domain's own job makes the partition of the newest day. A backfill makes the days that
it is asked for, also of tables that are made on request only.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.orchestration.computed_assets import (
    check_results,
    contract_check,
    failed_days_text,
    result,
    store_good_days,
)
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.policy import (
    IO_MANAGER,
    step_policy,
    table_spec,
    upstream_keys,
)
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings


def as_of_assets(domain: Domain, settings: Settings) -> dg.AssetsDefinition:
    """Return the assets of the as-of tables of a domain; a run may select some of them.

    A table that breaks its contract fails the step after all others are stored. Tables that read
    it are left out.
    """
    tables = [table for table in domain.tables if table.as_of]

    @dg.multi_asset(
        name=f"gold_{domain.name}_as_of",
        specs=[_spec(table, domain, settings) for table in tables],
        check_specs=[contract_check(table) for table in tables],
        can_subset=True,
        **step_policy(domain, Layer.GOLD),
    )
    def as_of(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        platform.as_of_inputs(domain, tuple(days))
        failed: dict[TableId, str] = {}
        for table in tables:
            if not _is_wanted(table, context):
                continue
            if missing := [r.table.id.name for r in table.reads if r.table.id in failed]:
                failed[table.id] = f"{table.id.name}: not computed, it reads {', '.join(missing)}"
                continue
            yield from _make(table, days, context, platform, failed)
        if failed:
            raise dg.Failure("\n".join(failed.values()), allow_retries=False)

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


def _make(
    table: Table,
    days: Sequence[dt.date],
    context: dg.AssetExecutionContext,
    platform: Platform,
    failed: dict[TableId, str],
) -> Iterator[Any]:
    """Compute the partitions of one table; days that break the contract are not stored."""
    computed = stage_days(table, days, platform.lake, platform.settings)
    yield from check_results(table, computed)
    if computed.failed_days:
        store_good_days(context, platform, computed)
        failed[table.id] = failed_days_text(computed, days)
    else:
        yield result(computed, days, platform.settings)

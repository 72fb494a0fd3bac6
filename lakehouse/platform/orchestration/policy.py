"""Rules that every asset follows: group, owners, tags, partitions, backfills, retries and pool.

The other modules of assets add what is specific: the function, its checks and its results.
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg
import pandera.ibis as pa

from lakehouse.platform.engines.session import engine_settings
from lakehouse.platform.orchestration.contract_checks import contract_check
from lakehouse.platform.orchestration.metadata import (
    CONTRACT_VERSION,
    asset_key,
    definition_metadata,
    described,
    ops_metadata,
)
from lakehouse.platform.orchestration.partitions import daily
from lakehouse.platform.orchestration.run_tags import LAYER_TAG
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import contract_of
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.stored_rows import require_comparable
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings

IO_MANAGER = "lake"
FAILED_TABLES = "lakehouse/failed_tables"
"""Metadata of a failed step of as-of tables: the tables that it did not make."""
RETRY = dg.RetryPolicy(
    max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def group_name(domain: Domain, layer: str) -> str:
    """Return the group of a domain's layer in the asset graph."""
    return f"{domain.name}_{layer}"


def op_name(table: TableId) -> str:
    """Return the name of the step that writes one table."""
    return f"{table.layer}_{table.domain}_{table.table}"


def step_policy(domain: Domain, layer: str) -> dict[str, Any]:
    """Return the arguments of `dg.multi_asset` that all steps of a domain's layer share.

    A range of days is one run, a failed step is retried twice, and a pool per domain lets only one
    run of the domain write at a time.
    """
    return {
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "retry_policy": RETRY,
        "pool": domain.name,
        "op_tags": {LAYER_TAG: str(layer)},
    }


def _computed_by(table: Table, settings: Settings) -> str:
    """Return the kind that the Dagster UI shows for what makes a table."""
    if table.transform is None:
        return "csv"
    return engine_settings(settings, embedded=table.options.embedded).engine


def table_spec(table: Table, domain: Domain, settings: Settings, **more: Any) -> dg.AssetSpec:
    """Return the asset of a stored table; ``more`` adds dependencies, for example."""
    metadata = definition_metadata(table)
    return dg.AssetSpec(
        key=asset_key(table.id),
        description=described(table),
        group_name=group_name(domain, "as_of" if table.as_of else table.id.layer),
        kinds={_computed_by(table, settings), "deltalake"},
        metadata=metadata,
        partitions_def=daily(domain.spec, settings),
        code_version=metadata[CONTRACT_VERSION],
        freshness_policy=(
            _fresh_every_morning(settings.timezone)
            if table.layer is Layer.GOLD and not table.options.reference_dates
            else None
        ),
        **_ownership(domain, table),
        **more,
    )


def upstream_keys(table: Table) -> list[dg.AssetKey]:
    """Return the assets that a table reads."""
    return [asset_key(read.table.id) for read in table.reads]


def last_keys(tables: Iterable[Table]) -> list[dg.AssetKey]:
    """Return the assets that no other of these tables reads; when they are done, all are.

    An ops table that waits for all tables depends on these alone, which keeps the graph readable.
    """
    tables = list(tables)
    read = {read.table.id for table in tables for read in table.reads}
    return [
        asset_key(table.id)
        for table in tables
        if table.id not in read and table.layer is not Layer.RAW
    ]


def ops_asset(
    domain: Domain,
    settings: Settings,
    table: TableId,
    model: type[pa.DataFrameModel],
    *,
    description: str,
    deps: Iterable[dg.AssetKey] = (),
    kinds: Iterable[str] = ("deltalake",),
    skippable: bool = False,
    layer: str = "",
    check_specs: Iterable[dg.AssetCheckSpec] = (),
    **more: Any,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Return the decorator that turns a function into the asset of an ops table.

    Args:
        domain: the domain whose runs write the table.
        settings: time zone of the partitions.
        table: the table to write.
        model: its columns.
        description: what the table holds.
        deps: assets that must be up to date before it is written.
        kinds: kinds that the Dagster UI shows.
        skippable: whether a run may leave the table out and evaluate checks only.
        layer: the layer of the step, where it is not that of the table.
        check_specs: checks other than that of its contract.
        more: further arguments of `dg.multi_asset`.
    """
    require_comparable(contract_of(model))
    spec = ops_spec(
        domain,
        settings,
        table,
        model,
        description=description,
        deps=deps,
        kinds=kinds,
        skippable=skippable,
    )
    return dg.multi_asset(
        name=op_name(table),
        specs=[spec.with_io_manager_key(IO_MANAGER)],
        check_specs=[contract_check(model, spec), *check_specs],
        **step_policy(domain, layer or table.layer),
        **more,
    )


def ops_spec(
    domain: Domain,
    settings: Settings,
    table: TableId,
    model: type[pa.DataFrameModel],
    *,
    description: str,
    deps: Iterable[dg.AssetKey] = (),
    kinds: Iterable[str] = ("deltalake",),
    skippable: bool = False,
) -> dg.AssetSpec:
    """Return the asset of an ops table; the arguments are those of `ops_asset`."""
    return dg.AssetSpec(
        key=asset_key(table),
        deps=list(deps),
        description=description,
        group_name=group_name(domain, table.layer),
        kinds=set(kinds),
        metadata=ops_metadata(table, model),
        partitions_def=daily(domain.spec, settings),
        skippable=skippable,
        **_ownership(domain),
    )


def _ownership(domain: Domain, table: Table | None = None) -> dict[str, Any]:
    owners = (table.options.owners if table else ()) or domain.spec.owners
    tags = table.options.tags if table else {}
    return {"owners": list(owners), "tags": {"lakehouse/domain": domain.name, **tags}}


@functools.cache
def _fresh_every_morning(timezone: str) -> dg.FreshnessPolicy:
    """Expect a refresh between midnight and six: schedules run at night, people read from six."""
    return dg.FreshnessPolicy.cron(
        deadline_cron="0 6 * * *",
        lower_bound_delta=dt.timedelta(hours=6),
        timezone=timezone,
    )

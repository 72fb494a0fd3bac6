"""List the assets of a domain: its tables and the ops tables that its runs write."""

import dagster as dg

from lakehouse.platform.orchestration.as_of_assets import as_of_assets
from lakehouse.platform.orchestration.computed_assets import computed_asset
from lakehouse.platform.orchestration.landed_assets import landed_asset
from lakehouse.platform.orchestration.ops_assets import (
    as_of_days_asset,
    reconciliation_asset,
    unrecognized_files_asset,
)
from lakehouse.platform.orchestration.quality_log import quality_asset
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.as_of import as_of_tables
from lakehouse.settings import Settings


def assets_of(domain: Domain, settings: Settings) -> list[dg.AssetsDefinition]:
    """Return an asset for every stored table of a domain and for each of its ops tables."""
    assets = [landed_asset(table, domain, settings) for table in domain.tables if _landed(table)]
    assets.append(unrecognized_files_asset(domain, settings))
    assets += [
        computed_asset(table, domain, settings)
        for table in domain.tables
        if table.transform and not table.as_of
    ]
    if domain.checks:
        assets.append(quality_asset(domain, settings))
    assets.append(reconciliation_asset(domain, settings))
    if any(table.as_of for table in domain.tables):
        assets.append(as_of_assets(domain, settings))
    if as_of_tables(domain):
        assets.append(as_of_days_asset(domain, settings))
    return assets


def _landed(table: Table) -> bool:
    return table.layer is Layer.BRONZE and table.source is not None

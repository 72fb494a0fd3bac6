"""The jobs of a domain that write tables: arrivals, refresh, reference dates and as-of."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.pandera_checks import check_keys
from lakehouse.platform.orchestration.policy import group_name
from lakehouse.platform.orchestration.quality_log import quality_job
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG, Work, job_name
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.as_of import as_of_days_of, as_of_tables
from lakehouse.platform.transform.reference_dates import inputs_of, reference_tables

QUALITY = "data_quality"
"""Name of the work of the job that evaluates quality checks."""


def table_jobs(domain: Domain) -> dict[str, Any]:
    """Return the jobs that write tables of a domain, by their work."""
    jobs = {
        Work.ARRIVALS.value: _job(
            domain,
            Work.ARRIVALS,
            _layers(domain, ("raw", "bronze", "silver", "gold", "ops")),
            "Load the files delivered for these days and recompute every table of these days.",
        ),
        Work.REFRESH.value: _job(
            domain,
            Work.REFRESH,
            _layers(domain, ("silver", "gold", "ops")),
            "Recompute silver and gold of these business days from the bronze rows about them.",
        ),
    }
    if reference_tables(domain):
        jobs[Work.REFERENCE_DATES.value] = _job(
            domain,
            Work.REFERENCE_DATES,
            _without_pandera(domain, reference_tables(domain), inputs_of(domain.name)),
            "Compute the tables that are made for reference dates, such as the first of a month.",
        )
    if as_of_tables(domain):
        jobs[Work.AS_OF.value] = _job(
            domain,
            Work.AS_OF,
            _as_of_assets(domain),
            "Compute the tables of which each day holds all rows as known at its end.",
        )
    return jobs


def all_jobs(domain: Domain) -> dict[str, Any]:
    """Return the jobs that write tables, and the job that evaluates checks if there are any."""
    jobs = table_jobs(domain)
    return {**jobs, QUALITY: quality_job(domain)} if domain.checks else jobs


def _job(domain: Domain, work: Work, selection: dg.AssetSelection, description: str) -> Any:
    return dg.define_asset_job(
        job_name(domain.name, work),
        selection=selection,
        description=description,
        tags={DOMAIN_TAG: domain.name},
    )


def _layers(domain: Domain, layers: tuple[str, ...]) -> dg.AssetSelection:
    """Select the daily tables of these layers, without the Pandera checks."""
    tables = dg.AssetSelection.groups(*(group_name(domain, layer) for layer in layers))
    daily = tables - dg.AssetSelection.checks(*check_keys(domain))
    if reference_tables(domain):
        daily -= dg.AssetSelection.assets(asset_key(inputs_of(domain.name)))
    if as_of_tables(domain):
        daily -= _as_of_assets(domain)
    return daily


def _as_of_assets(domain: Domain) -> dg.AssetSelection:
    """Select the as-of tables and the record of their inputs, without the Pandera checks."""
    tables = [t for t in domain.tables if t.as_of and not t.options.reference_dates]
    return _without_pandera(domain, tables, as_of_days_of(domain.name))


def _without_pandera(domain: Domain, tables: Sequence[Table], record: TableId) -> dg.AssetSelection:
    keys = [*(asset_key(table.id) for table in tables), asset_key(record)]
    checks = [key for key in check_keys(domain) if key.asset_key in keys]
    return dg.AssetSelection.assets(*keys) - dg.AssetSelection.checks(*checks)

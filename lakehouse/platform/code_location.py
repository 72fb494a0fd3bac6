"""One system as Dagster definitions: assets, checks, jobs, sensors, schedules."""

from typing import Any

import dagster as dg

from lakehouse.platform.assets import IO_MANAGER, assets_of, group
from lakehouse.platform.discovery import Domain
from lakehouse.platform.io_manager import LakeIOManager
from lakehouse.platform.resources import Platform
from lakehouse.settings import Settings


def shared() -> dg.Definitions:
    """What all systems use: the lake, how values are stored, how steps run."""
    platform = Platform()
    return dg.Definitions(
        resources={"platform": platform, IO_MANAGER: LakeIOManager(platform=platform)},
        executor=dg.in_process_executor,
    )


def definitions_of(domain: Domain, settings: Settings) -> dg.Definitions:
    """Everything Dagster knows of a system."""
    return dg.Definitions(
        assets=assets_of(domain, settings), jobs=[arrival_job(domain), refresh_job(domain)]
    )


def arrival_job(domain: Domain) -> Any:
    """Delivery days from landed files to gold."""
    return dg.define_asset_job(
        arrival_job_name(domain.system.name),
        selection=dg.AssetSelection.groups(
            *(group(domain, layer) for layer in ("raw", "bronze", "silver", "gold", "ops"))
        ),
        description="Take in what landed for these days and refresh every table of them.",
        tags={"lakehouse/system": domain.system.name},
    )


def refresh_job(domain: Domain) -> Any:
    """Business days from bronze to gold."""
    return dg.define_asset_job(
        refresh_job_name(domain.system.name),
        selection=dg.AssetSelection.groups(
            *(group(domain, layer) for layer in ("silver", "gold", "ops"))
        ),
        description="Refresh these business days from the bronze rows that touch them.",
        tags={"lakehouse/system": domain.system.name},
    )


def arrival_job_name(system: str) -> str:
    """Name of the job that takes in deliveries."""
    return f"{system}_arrivals"


def refresh_job_name(system: str) -> str:
    """Name of the job that refreshes business days."""
    return f"{system}_refresh"

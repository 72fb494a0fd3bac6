"""One system as Dagster definitions: assets, checks, jobs, sensors, schedules."""

import functools
from typing import Any

import dagster as dg

from lakehouse.platform.orchestration.assets import assets_of, views_of
from lakehouse.platform.orchestration.io_manager import LakeIOManager
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.pandera_checks import check_keys, pandera_checks
from lakehouse.platform.orchestration.policy import IO_MANAGER, group_name
from lakehouse.platform.orchestration.quality_log import quality_job
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.run_messages import message_sensors
from lakehouse.platform.orchestration.run_tags import Work, job_name
from lakehouse.platform.orchestration.schedules import daily_schedule, retry_sensor
from lakehouse.platform.orchestration.sensors import landing_sensor
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.platform.transform.monthly import monthly_tables, months_of
from lakehouse.settings import Settings

QUALITY = "data_quality"


def shared() -> dg.Definitions:
    """What all systems use: the lake, how values are stored, how steps run."""
    platform = Platform()
    return dg.Definitions(
        resources={"platform": platform, IO_MANAGER: LakeIOManager(platform=platform)},
        executor=dg.in_process_executor,
        sensors=message_sensors(),
    )


@functools.cache
def definitions_alone(domain: str) -> dg.Definitions:
    """One system without the others, whose tables need not be loaded for its runs."""
    return dg.Definitions.merge(shared(), definitions_of(load_domain(domain), Settings.from_env()))


def definitions_of(domain: Domain, settings: Settings) -> dg.Definitions:
    """Return everything that Dagster runs for a domain.

    Raises:
        SettingsError: a variable of the domain has a value that cannot be used.
    """
    domain.spec.require_usable(settings)
    arriving, refreshing = arrival_job(domain), refresh_job(domain)
    jobs = {Work.ARRIVALS.value: arriving, Work.REFRESH.value: refreshing}
    started = [arriving, refreshing]
    if monthly_tables(domain):
        jobs[Work.MONTHLY.value] = monthly_job(domain)
        started.append(jobs[Work.MONTHLY.value])
    if domain.checks:
        jobs[QUALITY] = quality_job(domain)
    for schedule in domain.spec.schedules:
        if schedule.work not in jobs:
            raise ValueError(
                f"{domain.name}: schedule {schedule.name!r} asks for {schedule.work!r};"
                f" the system has {', '.join(jobs)}"
            )
    return dg.Definitions(
        assets=[*assets_of(domain, settings), *views_of(domain)],
        asset_checks=[pandera_checks(domain)],
        jobs=list(jobs.values()),
        sensors=[
            landing_sensor(domain, settings, started),
            *(
                [retry_sensor(domain.spec, jobs)]
                if any(schedule.retries for schedule in domain.spec.schedules)
                else []
            ),
        ],
        schedules=[
            daily_schedule(
                domain,
                settings,
                arriving,
                name="midnight_arrival",
                cron="15 0 * * *",
                first=-1,
                last=0,
                description="Yesterday as it arrives, silent units included.",
            ),
            daily_schedule(
                domain,
                settings,
                arriving,
                name="daily_pipeline",
                cron="0 2 * * *",
                first=-2,
                last=0,
                description="The last days once more, after the night's late files.",
            ),
            *(
                daily_schedule(
                    domain,
                    settings,
                    job,
                    name="data_quality",
                    cron="0 3 * * *",
                    first=-7,
                    last=-1,
                    description="The last week is judged again: what was overdue may have come.",
                )
                for work, job in jobs.items()
                if work == QUALITY
            ),
            *(
                daily_schedule(
                    domain,
                    settings,
                    jobs[schedule.work],
                    name=schedule.name,
                    cron=schedule.cron,
                    first=schedule.first,
                    last=schedule.last,
                    description=schedule.description,
                    running=schedule.running,
                    by_month=schedule.work == Work.MONTHLY,
                    needs_files=schedule.needs_files,
                )
                for schedule in domain.spec.schedules
            ),
        ],
    )


def arrival_job(domain: Domain) -> Any:
    """Delivery days from landed files to gold."""
    return dg.define_asset_job(
        job_name(domain.name, Work.ARRIVALS),
        selection=_layers(domain, ("raw", "bronze", "silver", "gold", "ops")),
        description="Take in what landed for these days and refresh every table of them.",
        tags={"lakehouse/domain": domain.name},
    )


def refresh_job(domain: Domain) -> Any:
    """Business days from bronze to gold."""
    return dg.define_asset_job(
        job_name(domain.name, Work.REFRESH),
        selection=_layers(domain, ("silver", "gold", "ops")),
        description="Refresh these business days from the bronze rows that touch them.",
        tags={"lakehouse/domain": domain.name},
    )


def monthly_job(domain: Domain) -> Any:
    """Tables by month, from what their upstream tables hold."""
    return dg.define_asset_job(
        job_name(domain.name, Work.MONTHLY),
        selection=_by_month(domain),
        description="Make these months of the tables by month.",
        tags={"lakehouse/domain": domain.name},
    )


def _by_month(domain: Domain) -> dg.AssetSelection:
    keys = [asset_key(table.id) for table in monthly_tables(domain)]
    keys += [asset_key(months_of(domain.name))] if keys else []
    checks = [key for key in check_keys(domain) if key.asset_key in keys]
    return dg.AssetSelection.assets(*keys) - dg.AssetSelection.checks(*checks)


def _layers(domain: Domain, layers: tuple[str, ...]) -> dg.AssetSelection:
    """The tables of these layers; Pandera's second opinion has a job of its own."""
    tables = dg.AssetSelection.groups(*(group_name(domain, layer) for layer in layers))
    days = tables - dg.AssetSelection.checks(*check_keys(domain))
    return days - _by_month(domain) if monthly_tables(domain) else days

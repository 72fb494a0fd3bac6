"""The Dagster definitions of one domain, and those that all domains share."""

import functools
from typing import Any

import dagster as dg

from lakehouse.lasting_objects import lasting_objects
from lakehouse.platform.local_runtime import lifeline
from lakehouse.platform.local_runtime.only_news import keep_small
from lakehouse.platform.orchestration.assets import assets_of
from lakehouse.platform.orchestration.io_manager import LakeIOManager
from lakehouse.platform.orchestration.jobs import all_jobs, table_jobs
from lakehouse.platform.orchestration.pandera_checks import pandera_checks
from lakehouse.platform.orchestration.policy import IO_MANAGER
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.run_messages import message_sensors
from lakehouse.platform.orchestration.schedules import retry_sensors, schedules_of
from lakehouse.platform.orchestration.sensors import landing_sensor
from lakehouse.platform.orchestration.stored_data_sensor import stored_data_sensor
from lakehouse.platform.tables.registry import Domain, load_domain
from lakehouse.settings import Settings


def shared_definitions() -> dg.Definitions:
    """Return what all domains share: resources, executor and the sensors of run messages."""
    if lifeline.is_service():
        keep_small()  # the code server is a process of its own under the service
    resources = _resources()
    io_manager = LakeIOManager(platform=resources["platform"])
    return dg.Definitions(
        resources={**resources, IO_MANAGER: io_manager},
        executor=dg.in_process_executor,
        sensors=message_sensors(),
    )


def _resources() -> dict[str, Any]:
    """Return the platform of a run; on S3 with the resource of dagster-aws that it uses."""
    if not Settings.from_env().uses_s3:
        return {"platform": Platform()}
    from lakehouse.platform.orchestration.s3_resource import s3_resources

    return s3_resources()


def definitions_of(domain: Domain, settings: Settings) -> dg.Definitions:
    """Return the assets, checks, jobs, sensors and schedules of one domain."""
    jobs = all_jobs(domain)
    started = [jobs[work] for work in table_jobs(domain)]
    return dg.Definitions(
        assets=assets_of(domain, settings),
        asset_checks=[pandera_checks(domain, settings)],
        jobs=list(jobs.values()),
        sensors=[
            landing_sensor(domain, settings, started),
            stored_data_sensor(domain),
            *retry_sensors(domain.spec, jobs),
        ],
        schedules=schedules_of(domain, settings, jobs),
    )


@functools.cache
def complete_definitions(domain: str) -> dg.Definitions:
    """Return one domain with the shared definitions; its runs need no other domain loaded."""
    with lasting_objects():
        return dg.Definitions.merge(
            shared_definitions(), definitions_of(load_domain(domain), Settings.from_env())
        )

"""Dagster's job and sensor for the extraction of a legacy table."""

import logging

import dagster as dg

from lakehouse.platform.connectors.postgres.declaration import (
    Extraction,
    ExtractionError,
    extraction_of,
)
from lakehouse.platform.connectors.postgres.extract import (
    alert,
    extract,
    extraction_status,
    is_due,
)
from lakehouse.platform.orchestration.exclusive_runs import IN_PROGRESS
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings


def extraction_definitions(domain: Domain, settings: Settings) -> dg.Definitions:
    """Return job and sensor of a domain with an extraction whose database address is set."""
    extraction = extraction_of(domain.name)
    if extraction is None or not extraction.dsn(settings):
        return dg.Definitions()
    job = extraction_job(extraction)
    return dg.Definitions(jobs=[job], sensors=[extraction_sensor(extraction, settings, job)])


def extraction_job(extraction: Extraction) -> dg.JobDefinition:
    """Return the job that lands the changes of the legacy table."""
    name = f"{extraction.domain}_extraction"

    @dg.op(name=f"{name}_step")
    def step(context: dg.OpExecutionContext) -> None:
        settings = Settings.from_env()
        try:
            result = extract(
                extraction,
                settings,
                mode=extraction.mode(settings),
                inform=context.log.info,
            )
        except ExtractionError as error:
            alert(extraction, str(error), settings, context.log)
            raise dg.Failure(str(error), allow_retries=False) from None
        for file in result.files:
            context.log.info("%s: %s changes", file.path, f"{file.rows:,}")

    @dg.job(name=name, description=f"Land the changes of {extraction.name} as files.")
    def land_changes() -> None:
        step()

    return land_changes


def extraction_sensor(
    extraction: Extraction, settings: Settings, job: dg.JobDefinition
) -> dg.SensorDefinition:
    """Return the sensor that requests an extraction when something changed, and alerts people."""

    @dg.sensor(
        name=f"{extraction.domain}_extraction",
        job=job,
        minimum_interval_seconds=settings.extract_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Extracts the changes of {extraction.name}; alerts when its slot lags.",
    )
    def extraction_due(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        current = Settings.from_env()
        running = dg.RunsFilter(job_name=job.name, statuses=IN_PROGRESS)
        if context.instance.get_run_records(running, limit=1):
            return dg.SkipReason("an extraction is already running")
        log = logging.getLogger("lakehouse.extraction")
        try:
            problem = extraction_status(extraction, current).problem
            due = is_due(extraction, current, mode=extraction.mode(current))
        except ExtractionError as error:
            alert(extraction, str(error), current, log)
            raise
        if problem is not None:
            context.log.error("%s", problem)
            alert(extraction, problem, current, log)
        return dg.RunRequest() if due else dg.SkipReason(problem or "nothing changed")

    return extraction_due

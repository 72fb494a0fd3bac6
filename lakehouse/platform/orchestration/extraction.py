"""A legacy database is watched by Dagster, and what changed is asked for."""

import logging

import dagster as dg

from lakehouse.platform.connectors.postgres.declaration import (
    Extraction,
    ExtractionError,
    extraction_of,
)
from lakehouse.platform.connectors.postgres.extract import (
    alert,
    due,
    extract,
    standing,
)
from lakehouse.platform.orchestration.run_tags import IN_PROGRESS
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings


def extraction_definitions(domain: Domain, settings: Settings) -> dg.Definitions:
    """Job and sensor of a domain whose legacy database is named; nothing for any other."""
    extraction = extraction_of(domain.name)
    if extraction is None or not extraction.dsn(settings):
        return dg.Definitions()
    job = extraction_job(extraction)
    return dg.Definitions(jobs=[job], sensors=[extraction_sensor(extraction, settings, job)])


def extraction_job(extraction: Extraction) -> dg.JobDefinition:
    """Changes of the legacy table become files of the landing zone."""
    name = f"{extraction.domain}_extraction"

    @dg.op(name=f"{name}_step")
    def step(context: dg.OpExecutionContext) -> None:
        settings = Settings.from_env()
        try:
            done = extract(
                extraction,
                settings,
                mode=extraction.mode(settings),
                said=context.log.info,
            )
        except ExtractionError as error:
            alert(extraction, str(error), settings, context.log)
            raise dg.Failure(str(error), allow_retries=False) from None
        for file in done.files:
            context.log.info("%s: %s changes", file.path, f"{file.rows:,}")

    @dg.job(name=name, description=f"Changes of {extraction.name} land as files.")
    def extracting() -> None:
        step()

    return extracting


def extraction_sensor(
    extraction: Extraction, settings: Settings, job: dg.JobDefinition
) -> dg.SensorDefinition:
    """Ask for an extraction when there is something to extract; tell of a slot that is behind."""

    @dg.sensor(
        name=f"{extraction.domain}_extraction",
        job=job,
        minimum_interval_seconds=settings.extract_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Changes of {extraction.name} are extracted; a lagging slot raises an alert.",
    )
    def extraction_due(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        here = Settings.from_env()
        under_way = dg.RunsFilter(job_name=job.name, statuses=IN_PROGRESS)
        if context.instance.get_run_records(under_way, limit=1):
            return dg.SkipReason("an extraction is under way")
        log = logging.getLogger("lakehouse.extraction")
        try:
            problem = standing(extraction, here).problem
            is_due = due(extraction, here, mode=extraction.mode(here))
        except ExtractionError as error:
            alert(extraction, str(error), here, log)
            raise
        if problem is not None:
            context.log.error("%s", problem)
            alert(extraction, problem, here, log)
        return dg.RunRequest() if is_due else dg.SkipReason(problem or "nothing changed")

    return extraction_due

"""Training of models in Dagster: a job of its own for each model, beside `lakehouse models train`.

A run of training carries no domain, so no run of arrivals waits for it. All models share a pool
with one place, so training never takes more than one of the places of runs. A promoted version
makes the newest day of its tables due, which the next run of the domain computes.
"""

import datetime as dt
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.platform.models.artefact import ModelError
from lakehouse.platform.models.training import Train, keep, trainings_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.orchestration.run_tags import TRAINING_TAG
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

POOL = "training"
"""Concurrency pool of all trainings; a pool without a limit of its own runs one run at a time."""


class TrainingConfig(dg.Config):
    """Run configuration of a training."""

    promote: bool = Field(default=True, description="Put the best version into use.")


def training_definitions(domain: Domain, settings: Settings) -> dg.Definitions:
    """Return job and schedule of each model of a domain; nothing if it trains none."""
    jobs = [_job(domain.name, name, train) for name, train in trainings_of(domain.name).items()]
    return dg.Definitions(jobs=jobs, schedules=[_monthly(job, settings) for job in jobs])


def _job(domain: str, model: str, train: Train) -> dg.JobDefinition:
    name = f"{domain}_{model}_training"

    @dg.op(name=f"train_{domain}_{model}", pool=POOL, out=dg.Out(str))
    def train_model(
        context: dg.OpExecutionContext, config: TrainingConfig, platform: Platform
    ) -> dg.Output[str]:
        """Train on the published tables, keep the version, and put it into use."""
        now = dt.datetime.now(dt.UTC)
        try:
            made = train(platform.lake)
            version, is_in_use = keep(
                platform.lake,
                domain,
                made.model,
                by=name,
                run_id=context.run_id,
                now=now,
                today=now.astimezone(platform.settings.zone).date(),
                promotes=config.promote,
            )
        except ModelError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        context.log.info("%s", made.conclusion)
        metadata: dict[str, Any] = {
            "lakehouse/conclusion": made.conclusion,
            "lakehouse/in_use": is_in_use,
            **{f"lakehouse/{metric}": value for metric, value in made.model.metrics.items()},
        }
        return dg.Output(version.version, metadata=metadata)

    @dg.job(
        name=name,
        tags={TRAINING_TAG: f"{domain}/{model}"},
        description=f"Train {domain}/{model} on the published tables; never part of arrivals.",
    )
    def training() -> None:
        train_model()

    return training


def _monthly(job: dg.JobDefinition, settings: Settings) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job.name}_monthly",
        cron_schedule="0 3 6 * *",
        job=job,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="On the sixth of each month; off by default. Needs lakehouse[forecast].",
    )

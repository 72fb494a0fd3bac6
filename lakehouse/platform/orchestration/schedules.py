"""Schedules of a domain, and the sensor that retries their failed runs.

Days without any delivery become rows too, so schedules request runs whether or not files arrived.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.orchestration.jobs import QUALITY
from lakehouse.platform.orchestration.partitions import between
from lakehouse.platform.orchestration.run_messages import send_nothing_delivered
from lakehouse.platform.orchestration.run_tags import (
    ATTEMPT_TAG,
    BATCH_TAG,
    DAYS_TAG,
    DOMAIN_TAG,
    RANGE_END,
    RANGE_START,
    SCHEDULE_TAG,
    WILL_RETRY,
    range_tags,
)
from lakehouse.platform.tables.domain_spec import DomainSpec, Schedule
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

CRON_ALIASES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *"}
RETRY_AFTER = dt.timedelta(minutes=5)
ON, OFF = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
NIGHTLY = (
    Schedule(
        name="midnight_arrival",
        cron="15 0 * * *",
        description="Processes yesterday and today, including units that delivered nothing.",
    ),
    Schedule(
        name="daily_pipeline",
        cron="0 2 * * *",
        first=-2,
        description="Processes the last days again, with the files that arrived late at night.",
    ),
    Schedule(
        name=QUALITY,
        cron="0 3 * * *",
        work=QUALITY,
        first=-7,
        last=-1,
        description="Evaluates the checks of the last week again: overdue files may have arrived.",
    ),
)
"""Schedules that every domain has; the last one if it declares quality checks."""


def schedules_of(
    domain: Domain, settings: Settings, jobs: Mapping[str, Any]
) -> list[dg.ScheduleDefinition]:
    """Return the nightly schedules of a domain and those that it declares.

    Args:
        domain: the domain.
        settings: time zone of the schedules.
        jobs: the domain's jobs, by their work.

    Raises:
        ValueError: a declared schedule names work that the domain has no job for.
    """
    for schedule in domain.spec.schedules:
        if schedule.work not in jobs:
            raise ValueError(
                f"domain {domain.name!r}, schedule {schedule.name!r}: expected work"
                f" {' or '.join(jobs)}, found {schedule.work!r}"
            )
    own = domain.spec.schedules
    schedules = [_apart(schedule, own) for schedule in NIGHTLY if schedule.work in jobs]
    return [
        day_schedule(domain, settings, schedule, jobs[schedule.work])
        for schedule in (*schedules, *own)
    ]


def _apart(nightly: Schedule, own: Sequence[Schedule]) -> Schedule:
    """Start a nightly schedule ten minutes later where one of the domain's own starts with it."""
    minute, hour, *rest = nightly.cron.split()
    if not any(_starts_at(each.cron, minute, hour) for each in own):
        return nightly
    return replace(nightly, cron=" ".join((str(int(minute) + 10), hour, *rest)))


def _starts_at(cron: str, minute: str, hour: str) -> bool:
    """Return whether a schedule starts at a minute of some days."""
    at_minute, at_hour = CRON_ALIASES.get(cron, cron).split()[:2]
    return at_minute in ("*", minute) and at_hour in ("*", hour)


def day_schedule(
    domain: Domain, settings: Settings, schedule: Schedule, job: Any
) -> dg.ScheduleDefinition:
    """Return a schedule that runs a job once over days relative to the day on which it starts."""

    @dg.schedule(
        name=f"{domain.name}_{schedule.name}",
        cron_schedule=schedule.cron,
        job=job,
        execution_timezone=settings.timezone,
        default_status=ON if schedule.running else OFF,
        description=schedule.description,
    )
    def evaluate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        at = context.scheduled_execution_time
        first, last = _days(schedule, domain.spec, at.astimezone(settings.zone).date())
        if last < first:
            return dg.SkipReason(f"{domain.spec.title} begins on {domain.spec.since}")
        if schedule.needs_files and not _has_files(domain, first, last):
            return dg.SkipReason(f"no file of {domain.spec.title} from {first} to {last}")
        key = f"{schedule.name}-{at.isoformat()}"
        tags = {
            DOMAIN_TAG: domain.name,
            SCHEDULE_TAG: schedule.name,
            BATCH_TAG: key,
            ATTEMPT_TAG: "0",
        }
        return dg.RunRequest(run_key=key, tags={**tags, **range_tags(first, last)})

    return evaluate


def retry_sensors(spec: DomainSpec, jobs: Mapping[str, Any]) -> list[dg.SensorDefinition]:
    """Return the sensor that retries failed runs of schedules; none if no schedule has retries."""
    schedules = [schedule for schedule in spec.schedules if schedule.retries]
    if not schedules:
        return []

    @dg.sensor(
        name=f"{spec.name}_retries",
        jobs=[jobs[work] for work in sorted({schedule.work for schedule in schedules})],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Retries failed runs of schedules, five minutes after each failure.",
    )
    def retries(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = dt.datetime.now(dt.UTC)
        requests = [retry_request(spec, each, context.instance, now) for each in schedules]
        due = [request for request in requests if request]
        return dg.SensorResult(run_requests=due) if due else dg.SkipReason("no run to retry")

    return [retries]


def retry_request(
    spec: DomainSpec, schedule: Schedule, instance: dg.DagsterInstance, now: dt.datetime
) -> dg.RunRequest | None:
    """Return the next attempt of a schedule's newest run, if that failed five minutes ago.

    None if it did not fail, has no retries left, or is retried by Dagster itself.
    """
    tags = {DOMAIN_TAG: spec.name, SCHEDULE_TAG: schedule.name}
    records = instance.get_run_records(dg.RunsFilter(tags=tags), limit=1)
    if not records or records[0].end_time is None:
        return None
    run, attempt = records[0].dagster_run, int(records[0].dagster_run.tags[ATTEMPT_TAG])
    has_failed = run.status is dg.DagsterRunStatus.FAILURE and run.tags.get(WILL_RETRY) != "true"
    due = dt.datetime.fromtimestamp(records[0].end_time, dt.UTC) + RETRY_AFTER
    if not has_failed or attempt >= schedule.retries or now < due:
        return None
    kept = {tag: run.tags[tag] for tag in (BATCH_TAG, RANGE_START, RANGE_END, DAYS_TAG)}
    return dg.RunRequest(
        run_key=f"{run.tags[BATCH_TAG]}-{attempt + 1}",
        job_name=run.job_name,
        tags={**tags, **kept, ATTEMPT_TAG: str(attempt + 1)},
    )


def _days(schedule: Schedule, spec: DomainSpec, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return first and last day of a run that starts today."""
    first = max(today + dt.timedelta(days=schedule.first), spec.since)
    return first, today + dt.timedelta(days=schedule.last)


def _has_files(domain: Domain, first: dt.date, last: dt.date) -> bool:
    """Return whether a file was delivered for one of these days; send a message if none was."""
    here = Settings.from_env()
    listing = landing_zone_of(domain, here).listing(
        days=between(first, last), now=dt.datetime.now(dt.UTC), quiet=dt.timedelta(0)
    )
    if any(first <= file.day <= last for file in listing.files):
        return True
    send_nothing_delivered(domain, here, last)
    return False

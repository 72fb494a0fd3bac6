"""What the schedule asks for: days that nobody delivered for must become rows too."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.landing_zone import landing_zone_of
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

RETRY_AFTER = dt.timedelta(minutes=5)
ON, OFF = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED


def daily_schedule(
    domain: Domain,
    settings: Settings,
    job: Any,
    *,
    name: str,
    cron: str,
    first: int,
    last: int,
    description: str,
    running: bool = True,
    by_month: bool = False,
    needs_files: bool = False,
) -> dg.ScheduleDefinition:
    """A schedule that runs a job over days relative to the day it fires, as one run.

    `first` and `last` are counted in days from today: −1 is yesterday. By month, the months of
    these days are run. With `needs_files` days without a landed file are not run; that is told.
    """

    @dg.schedule(
        name=f"{domain.spec.name}_{name}",
        cron_schedule=cron,
        job=job,
        execution_timezone=settings.timezone,
        default_status=ON if running else OFF,
        description=description,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(settings.zone).date()
        start = max(today + dt.timedelta(days=first), domain.spec.since)
        end = today + dt.timedelta(days=last)
        if by_month:
            start, end = start.replace(day=1), end.replace(day=1)
        if end < start:
            return dg.SkipReason(f"{domain.spec.title} begins on {domain.spec.since}")
        if needs_files and not _landed(domain, start, end):
            return dg.SkipReason(f"no file of {domain.spec.title} from {start} to {end}")
        key = f"{name}-{context.scheduled_execution_time.isoformat()}"
        tags = {DOMAIN_TAG: domain.spec.name, SCHEDULE_TAG: name, BATCH_TAG: key, ATTEMPT_TAG: "0"}
        return dg.RunRequest(run_key=key, tags={**tags, **range_tags(start, end)})

    return schedule


def retry_sensor(spec: DomainSpec, jobs: Mapping[str, Any]) -> dg.SensorDefinition:
    """Ask once more for what schedules asked for and what failed; `jobs` are those of their work."""
    schedules = [schedule for schedule in spec.schedules if schedule.retries]

    @dg.sensor(
        name=f"{spec.name}_retries",
        jobs=[jobs[work] for work in sorted({schedule.work for schedule in schedules})],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="What a schedule asked for and what failed is tried again, five minutes later.",
    )
    def retries(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = dt.datetime.now(dt.UTC)
        asked = [once_more(spec, schedule, context.instance, now) for schedule in schedules]
        due = [request for request in asked if request]
        return dg.SensorResult(run_requests=due) if due else dg.SkipReason("nothing to try again")

    return retries


def once_more(
    spec: DomainSpec, schedule: Schedule, instance: dg.DagsterInstance, now: dt.datetime
) -> dg.RunRequest | None:
    """The next attempt of a schedule's newest run, when that failed and the pause is over."""
    tags = {DOMAIN_TAG: spec.name, SCHEDULE_TAG: schedule.name}
    records = instance.get_run_records(dg.RunsFilter(tags=tags), limit=1)
    if not records or records[0].end_time is None:
        return None
    run, attempt = records[0].dagster_run, int(records[0].dagster_run.tags[ATTEMPT_TAG])
    is_over = run.status is dg.DagsterRunStatus.FAILURE and run.tags.get(WILL_RETRY) != "true"
    due = dt.datetime.fromtimestamp(records[0].end_time, dt.UTC) + RETRY_AFTER
    if not is_over or attempt >= schedule.retries or now < due:
        return None
    kept = {tag: run.tags[tag] for tag in (BATCH_TAG, RANGE_START, RANGE_END, DAYS_TAG)}
    return dg.RunRequest(
        run_key=f"{run.tags[BATCH_TAG]}-{attempt + 1}",
        job_name=run.job_name,
        tags={**tags, **kept, ATTEMPT_TAG: str(attempt + 1)},
    )


def _landed(domain: Domain, first: dt.date, last: dt.date) -> bool:
    """Whether a file lies there for one of these days; else people are told that none does."""
    here = Settings.from_env()
    now = dt.datetime.now(dt.UTC)
    listing = landing_zone_of(domain, here).listing(
        days=between(first, last), now=now, quiet=dt.timedelta(0)
    )
    if any(first <= file.day <= last for file in listing.files):
        return True
    send_nothing_delivered(domain, here, last)
    return False

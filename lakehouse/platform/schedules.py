"""What the clock asks for: days that nobody delivered for must become rows too."""

import datetime as dt
from typing import Any

import dagster as dg

from lakehouse.platform.discovery import Domain
from lakehouse.platform.notices import nothing_landed
from lakehouse.platform.partitions import between
from lakehouse.platform.resources import landing_of
from lakehouse.platform.sensors import SYSTEM_TAG, range_tags
from lakehouse.settings import Settings

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
        name=f"{domain.system.name}_{name}",
        cron_schedule=cron,
        job=job,
        execution_timezone=settings.timezone,
        default_status=ON if running else OFF,
        description=description,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(settings.zone).date()
        start = max(today + dt.timedelta(days=first), domain.system.since)
        end = today + dt.timedelta(days=last)
        if by_month:
            start, end = start.replace(day=1), end.replace(day=1)
        if end < start:
            return dg.SkipReason(f"{domain.system.title} begins on {domain.system.since}")
        if needs_files and not _landed(domain, start, end):
            return dg.SkipReason(f"no file of {domain.system.title} from {start} to {end}")
        return dg.RunRequest(
            run_key=f"{name}-{context.scheduled_execution_time.isoformat()}",
            tags={SYSTEM_TAG: domain.system.name, **range_tags(start, end)},
        )

    return schedule


def _landed(domain: Domain, first: dt.date, last: dt.date) -> bool:
    """Whether a file lies there for one of these days; else people are told that none does."""
    here = Settings.from_env()
    now = dt.datetime.now(dt.UTC)
    listing = landing_of(domain, here).listing(
        days=between(first, last), now=now, quiet=dt.timedelta(0)
    )
    if any(first <= file.day <= last for file in listing.files):
        return True
    nothing_landed(domain, here, last)
    return False

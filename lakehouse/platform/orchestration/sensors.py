"""The sensor of a domain: it watches the landing zone and requests the runs that are due."""

import datetime as dt
import json
import time
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.sweep import FILES_PER_DAY, Sweep
from lakehouse.platform.local_runtime.quiet_sensors import LANDING_SENSOR
from lakehouse.platform.local_runtime.workers import fail_lost_runs
from lakehouse.platform.orchestration.exclusive_runs import IN_PROGRESS
from lakehouse.platform.orchestration.facts import gather
from lakehouse.platform.orchestration.outages import OUTAGES
from lakehouse.platform.orchestration.planning import Batch, Decision, DueBatch, Facts, decide
from lakehouse.platform.orchestration.run_messages import templates_of
from lakehouse.platform.orchestration.run_tags import (
    ATTEMPT_TAG,
    BATCH_TAG,
    DOMAIN_TAG,
    job_name,
    range_tags,
)
from lakehouse.platform.orchestration.unloaded import has_changed_bytes
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.settings import Settings

ROTATION_SECONDS = 15
"""Seconds between two evaluations that list the next older days."""
MOST_WATCHED = 20
"""Newest days of batches that are requested or wait; the next evaluation lists them in any case."""
CHECK_SECONDS = 60
"""Seconds between two evaluations that read known files to compare their bytes."""


def batch_tags(domain: Domain, due: DueBatch) -> dict[str, str]:
    """Return the tags of the run of a batch: domain, days, digest and attempt."""
    return {
        DOMAIN_TAG: domain.name,
        BATCH_TAG: due.batch.digest,
        ATTEMPT_TAG: str(due.attempt),
        **range_tags(due.batch.first, due.batch.last, due.batch.chosen_days),
    }


def landing_sensor(domain: Domain, settings: Settings, jobs: list[Any]) -> dg.SensorDefinition:
    """Return the sensor that requests runs of these jobs for new files and unfinished days."""

    @dg.sensor(
        name=f"{domain.name}{LANDING_SENSOR}",
        jobs=jobs,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Requests a run for new files of {domain.spec.title}, for days that are not"
        " finished, and again for runs that failed.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        here = Settings.from_env()
        title = domain.spec.title
        if _has_run_in_progress(context.instance, domain):
            return dg.SkipReason(
                f"{title} has a run in progress; the sensor checks again when it finishes"
            )
        saved = json.loads(context.cursor) if context.cursor else {}
        sweep = _sweep(saved, here)
        checked_at, check_files = _next_check(saved, here)
        try:
            upgrade_lake(domain, Lake(here.root, here.file_mb))
            facts = gather(domain, here, context.instance, sweep=sweep, check_files=check_files)
        except Exception as error:
            OUTAGES.failed(domain.name, error, templates_of(domain.name), here)
            raise
        OUTAGES.succeeded(domain.name)
        decision = decide(facts, here)
        for due in decision.given_up:
            context.log.error("%s", _given_up(due))
        for detail in (*facts.unreadable_folders, *facts.unread.values()):
            context.log.warning("%s", detail)
        cursor = _cursor(saved, sweep, checked_at, decision)
        if not decision.due:
            context.update_cursor(cursor)
            return dg.SkipReason(_nothing_due(decision, facts))
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=due.run_key,
                    job_name=job_name(domain.name, due.batch.work),
                    tags=batch_tags(domain, due),
                    run_config=_run_config(due.batch, facts),
                )
                for due in decision.due
            ],
            cursor=cursor,
        )

    return landing


def _has_run_in_progress(instance: dg.DagsterInstance, domain: Domain) -> bool:
    running = dg.RunsFilter(tags={DOMAIN_TAG: domain.name}, statuses=IN_PROGRESS)
    return bool(fail_lost_runs(instance, instance.get_run_records(running)))


def _given_up(due: DueBatch) -> str:
    return (
        f"{due.batch.first} to {due.batch.last}: failed {due.attempt} times and is not tried again."
        " hint: open the failed run, fix the cause, then run `lakehouse ingest`"
    )


def _nothing_due(decision: Decision, facts: Facts) -> str:
    """Say why nothing is requested; that nothing is left to do only if it is true."""
    parts = []
    if number := len(decision.given_up):
        what = "1 batch of days was" if number == 1 else f"{number} batches of days were"
        parts.append(f"{what} given up after failed runs")
    if number := len(decision.paused):
        what = "1 batch of days is" if number == 1 else f"{number} batches of days are"
        parts.append(f"{what} tried again after a pause, for a cause outside of the data")
    if facts.unreadable_folders:
        parts.append(f"{len(facts.unreadable_folders)} folders cannot be listed")
    if not parts:
        parts.append("no new files and no unfinished days")
    if facts.growing:
        parts.append(f"{len(facts.growing)} files are still growing")
    return "; ".join(parts)


def _sweep(saved: dict[str, Any], settings: Settings) -> Sweep:
    """Continue the rotation over older days; without a cursor it starts again at the first day."""
    return Sweep(
        recent_days=settings.recent_days,
        budget=settings.sweep_files,
        position=dt.date.fromisoformat(saved["position"]) if saved.get("position") else None,
        files_per_day=saved.get("files_per_day", FILES_PER_DAY),
        rotates=_is_past(saved.get("rotated_at", 0.0), ROTATION_SECONDS),
        watched=[dt.date.fromisoformat(day) for day in saved.get("watched", ())],
    )


def _next_check(saved: dict[str, Any], settings: Settings) -> tuple[float, int]:
    """Return when files were last read to compare their bytes, and how many to read now."""
    last: float = saved.get("checked_at", 0.0)
    return (time.time(), settings.check_files) if _is_past(last, CHECK_SECONDS) else (last, 0)


def _is_past(moment: float, seconds: float) -> bool:
    """Return whether so many seconds passed, or the clock was set back before the moment."""
    return not 0 <= time.time() - moment < seconds


def _run_config(batch: Batch, facts: Facts) -> dict[str, Any]:
    """Return what a run needs to know of a batch whose files look unchanged."""
    if not has_changed_bytes(batch, facts):
        return {}
    return {"resources": {"platform": {"config": {"reread": True}}}}


def _cursor(saved: dict[str, Any], sweep: Sweep, checked_at: float, decision: Decision) -> str:
    waiting = (*decision.due, *decision.given_up, *decision.paused)
    days = sorted({day for each in waiting for day in each.batch.reasons}, reverse=True)
    return json.dumps(
        {
            "position": sweep.position.isoformat() if sweep.position else None,
            "files_per_day": sweep.files_per_day,
            "rotated_at": int(time.time()) if sweep.rotates else saved.get("rotated_at", 0),
            "checked_at": int(checked_at),
            "watched": [day.isoformat() for day in days[:MOST_WATCHED]],
        }
    )

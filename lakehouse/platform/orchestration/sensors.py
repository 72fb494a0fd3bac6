"""The sensor of a domain: it watches the landing zone and requests the runs that are due."""

import datetime as dt
import json
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.sweep import FILES_PER_DAY, Sweep
from lakehouse.platform.local_runtime.workers import fail_lost_runs
from lakehouse.platform.orchestration.facts import gather
from lakehouse.platform.orchestration.planning import Batch, DueBatch, decide
from lakehouse.platform.orchestration.run_tags import (
    ATTEMPT_TAG,
    BATCH_TAG,
    DOMAIN_TAG,
    IN_PROGRESS,
    job_name,
    range_tags,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.settings import Settings


def batch_tags(domain: Domain, due: DueBatch) -> dict[str, str]:
    """Return the tags of the run of a batch: domain, days, digest and attempt."""
    return {
        DOMAIN_TAG: domain.name,
        BATCH_TAG: due.batch.digest,
        ATTEMPT_TAG: str(due.attempt),
        **range_tags(due.batch.first, due.batch.last),
    }


def landing_sensor(domain: Domain, settings: Settings, jobs: list[Any]) -> dg.SensorDefinition:
    """Return the sensor that requests runs of these jobs for new files and unfinished days."""

    @dg.sensor(
        name=f"{domain.name}_landing",
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
        upgrade_lake(domain, Lake(here.root))
        sweep = _sweep(context.cursor, here)
        facts = gather(domain, here, context.instance, sweep=sweep)
        decision = decide(facts, here)
        for batch in decision.given_up:
            context.log.error("%s", _given_up(batch, here.attempts))
        if not decision.due:
            context.update_cursor(_cursor(sweep))
            growing = f"; {len(facts.growing)} files are still growing" if facts.growing else ""
            return dg.SkipReason(f"no new files and no unfinished days{growing}")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=due.run_key,
                    job_name=job_name(domain.name, due.batch.work),
                    tags=batch_tags(domain, due),
                )
                for due in decision.due
            ],
            cursor=_cursor(sweep),
        )

    return landing


def _has_run_in_progress(instance: dg.DagsterInstance, domain: Domain) -> bool:
    running = dg.RunsFilter(tags={DOMAIN_TAG: domain.name}, statuses=IN_PROGRESS)
    return bool(fail_lost_runs(instance, instance.get_run_records(running)))


def _given_up(batch: Batch, attempts: int) -> str:
    return (
        f"{batch.first} to {batch.last}: failed {attempts} times and is not tried again."
        " hint: open the failed run, fix the cause, then materialize these days by hand"
    )


def _sweep(cursor: str | None, settings: Settings) -> Sweep:
    """Continue the rotation over older days; without a cursor it starts again at the first day."""
    saved = json.loads(cursor) if cursor else {}
    return Sweep(
        recent_days=settings.recent_days,
        budget=settings.sweep_files,
        position=dt.date.fromisoformat(saved["position"]) if saved.get("position") else None,
        files_per_day=saved.get("files_per_day", FILES_PER_DAY),
    )


def _cursor(sweep: Sweep) -> str:
    position = sweep.position.isoformat() if sweep.position else None
    return json.dumps({"position": position, "files_per_day": sweep.files_per_day})

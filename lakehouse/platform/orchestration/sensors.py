"""The landing zone is watched, and what has to run is asked for."""

import datetime as dt
import json
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.deliveries import DeliveredFiles, with_first_days
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.sweep import Sweep
from lakehouse.platform.ingestion.unrecognized_files import has_recorded
from lakehouse.platform.local_runtime.workers import fail_lost_runs
from lakehouse.platform.orchestration import planning as arrivals
from lakehouse.platform.orchestration.planning import Decision, Due
from lakehouse.platform.orchestration.run_tags import (
    ATTEMPT_TAG,
    BATCH_TAG,
    DOMAIN_TAG,
    IN_PROGRESS,
    NOT_READY_TAG,
    job_name,
    range_tags,
)
from lakehouse.platform.reconciliation import balance as reconciliation
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.platform.transform import monthly
from lakehouse.settings import Settings


def decide(
    domain: Domain, lake: Lake, listing: Listing, instance: dg.DagsterInstance, settings: Settings
) -> Decision:
    """What has to run, given a look at the landing zone, the lake's books and earlier runs."""
    delivered = DeliveredFiles(lake, domain.name)
    listing = with_first_days(listing, domain.sources, delivered)
    batches = arrivals.planned(
        listing,
        delivered.has,
        lambda file: has_recorded(delivered, file, settings),
        reconciliation.state(domain, lake),
        settings,
        monthly.months_out_of_date(domain, lake, settings)
        if monthly.monthly_tables(domain)
        else {},
    )

    def failures(digest: str) -> int:
        tags = {DOMAIN_TAG: domain.name, BATCH_TAG: digest}
        failed = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
        return instance.get_runs_count(dg.RunsFilter(tags=tags, statuses=failed))

    def not_ready(digest: str) -> bool:
        tags = {DOMAIN_TAG: domain.name, BATCH_TAG: digest, NOT_READY_TAG: "true"}
        return instance.get_runs_count(dg.RunsFilter(tags=tags)) > 0

    return arrivals.decided(batches, failures, settings.attempts, not_ready)


def run_tags(domain: Domain, due: Due) -> dict[str, str]:
    """Tags of the run of a batch: its days, its digest, how often it was tried."""
    return {
        DOMAIN_TAG: domain.name,
        BATCH_TAG: due.batch.digest,
        ATTEMPT_TAG: str(due.attempt),
        **range_tags(due.batch.first, due.batch.last),
    }


def arrival_sensor(domain: Domain, settings: Settings, jobs: list[Any]) -> dg.SensorDefinition:
    """Ask for runs over what landed, as soon as it lies still."""

    @dg.sensor(
        name=f"{domain.name}_landing",
        jobs=jobs,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"New files of {domain.spec.title} start their days; what failed is retried.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        here = Settings.from_env()
        in_progress = dg.RunsFilter(tags={DOMAIN_TAG: domain.name}, statuses=IN_PROGRESS)
        records = context.instance.get_run_records(in_progress)
        if fail_lost_runs(context.instance, records):
            return dg.SkipReason(f"a run of {domain.spec.title} is under way; its end decides")
        lake = Lake(here.root)
        upgrade_lake(domain, lake)
        now = dt.datetime.now(dt.UTC)
        quiet = dt.timedelta(seconds=here.quiet_seconds)
        place = landing_zone_of(domain, here)
        memory = json.loads(context.cursor) if context.cursor else {}
        sweep = Sweep(
            recent_days=here.recent_days,
            budget=here.sweep_files,
            position=dt.date.fromisoformat(memory["position"]) if memory.get("position") else None,
            files_per_day=memory.get("files_per_day", 100),
        )
        if not DeliveredFiles(lake, domain.name).has_any(domain.sources):
            listing = place.listing(now=now, quiet=quiet)
        else:
            listing = sweep.listing(place, now=now, quiet=quiet)
        decision = decide(domain, lake, listing, context.instance, here)
        for batch in decision.given_up:
            context.log.error(
                "%s to %s: failed %s times and is not tried any more. Look at the failed run, mend"
                " the cause, then materialize these days by hand",
                batch.first,
                batch.last,
                here.attempts,
            )
        cursor = json.dumps(
            {
                "position": sweep.position.isoformat() if sweep.position else None,
                "files_per_day": sweep.files_per_day,
            }
        )
        if not decision.due:
            waiting = f"; {len(listing.growing)} files still grow" if listing.growing else ""
            context.update_cursor(cursor)
            return dg.SkipReason(f"nothing new{waiting}")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"{due.batch.digest}-{due.attempt}",
                    job_name=job_name(domain.name, due.batch.work),
                    tags=run_tags(domain, due),
                )
                for due in decision.due
            ],
            cursor=cursor,
        )

    return landing

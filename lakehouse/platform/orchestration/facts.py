"""Gather the facts from which `planning.decide` decides; nothing here writes or decides.

Four places are read: the landing zone, the deliveries, the ops tables and Dagster's run history.
"""

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.deliveries import DeliveredFiles, with_first_days
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.sweep import Sweep
from lakehouse.platform.ingestion.unrecognized_files import has_recorded
from lakehouse.platform.orchestration.planning import Facts
from lakehouse.platform.orchestration.run_tags import BATCH_TAG, DOMAIN_TAG, NOT_READY_TAG
from lakehouse.platform.reconciliation.open_work import open_work
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import monthly
from lakehouse.settings import Settings

FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def gather(
    domain: Domain,
    settings: Settings,
    instance: dg.DagsterInstance | None,
    *,
    sweep: Sweep | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> Facts:
    """Return the facts about a domain as they are now.

    Args:
        domain: the domain to look at.
        settings: places of the lake and the landing zone; age from which a file is complete.
        instance: the run history; without one, no run counts as failed.
        sweep: list only the days that this rotation selects. A domain without any delivery is
            always listed completely.
        first: leave out files of earlier delivery days.
        last: leave out files of later delivery days.
    """
    lake = Lake(settings.root)
    delivered = DeliveredFiles(lake, domain.name)
    listing = _listing(domain, settings, sweep if delivered.has_any(domain.sources) else None)
    files = [
        file
        for file in with_first_days(listing, domain.sources, delivered).files
        if not file.dated or _within(file.day, first, last)
    ]
    work = open_work(domain, lake)
    facts = Facts(
        new_files=tuple(file for file in files if not delivered.has(file)),
        new_unrecognized_files=tuple(
            file for file in listing.unrecognized_files if not has_recorded(delivered, file)
        ),
        unfinished=work.unfinished,
        waiting=work.waiting,
        outdated_months=(
            monthly.months_out_of_date(domain, lake, settings)
            if monthly.monthly_tables(domain)
            else {}
        ),
        listed_files=len(files),
        growing=listing.growing,
    )
    if instance is None or not facts.has_work:
        return facts
    return replace(facts, **_failed_batches(domain, instance))


def _listing(domain: Domain, settings: Settings, sweep: Sweep | None) -> Listing:
    zone = landing_zone_of(domain, settings)
    now, quiet = dt.datetime.now(dt.UTC), dt.timedelta(seconds=settings.quiet_seconds)
    if sweep is None:
        return zone.listing(now=now, quiet=quiet)
    return sweep.listing(zone, now=now, quiet=quiet)


def _within(day: dt.date, first: dt.date | None, last: dt.date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)


def _failed_batches(domain: Domain, instance: dg.DagsterInstance) -> dict[str, Any]:
    """Return the failed runs of each batch, and the batches whose inputs were not ready."""
    failed = dg.RunsFilter(tags={DOMAIN_TAG: domain.name}, statuses=FAILED)
    tags = [run.tags for run in instance.get_runs(failed) if BATCH_TAG in run.tags]
    return {
        "failures": Counter(each[BATCH_TAG] for each in tags),
        "not_ready": frozenset(each[BATCH_TAG] for each in tags if NOT_READY_TAG in each),
    }

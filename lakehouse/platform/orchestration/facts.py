"""Gather the facts from which `planning.decide` decides; nothing here decides.

Four places are read: the landing zone, the deliveries, the ops tables and Dagster's run history; of
the last, only the runs of work that is due (`failures`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lakehouse.platform.ingestion.changed_bytes import BytesCheck, ChangedFile, changed_files
from lakehouse.platform.ingestion.deliveries import (
    DeliveredFiles,
    read_deliveries,
    with_first_days,
)
from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.sweep import Sweep
from lakehouse.platform.ingestion.unrecognized_files import has_recorded
from lakehouse.platform.orchestration.planning import Facts
from lakehouse.platform.reconciliation.open_work import open_work
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import as_of, due_days, reference_dates
from lakehouse.platform.transform.never_built import never_built_days
from lakehouse.settings import Settings

if TYPE_CHECKING:  # `lakehouse status` does not wait for Dagster
    import dagster as dg


def gather(
    domain: Domain,
    settings: Settings,
    instance: "dg.DagsterInstance | None",
    *,
    sweep: Sweep | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    checksum: bool = False,
    check_files: int = 0,
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
        checksum: read every listed file and compare its bytes with those of its last version.
        check_files: read this many known files, the next ones in turn.
    """
    lake = Lake(settings.root, settings.file_mb)
    delivered = DeliveredFiles(lake, domain.name)
    listing = _listing(domain, settings, sweep if delivered.has_any(domain.sources) else None)
    files = [
        file
        for file in with_first_days(listing, domain.sources, delivered).files
        if not file.dated or _within(file.day, first, last)
    ]
    work = open_work(domain, lake)
    new_files = tuple(file for file in files if not delivered.has(file))
    known = [file for file in files if delivered.has(file)] if checksum else []
    changed = [
        each
        for each in _changed(domain, lake, settings, known, check_files)
        if _within(each.file.day, first, last)
    ]
    new_files += tuple(each.file for each in changed)
    facts = Facts(
        new_files=new_files,
        changed={each.file.path: each.digest for each in changed},
        unread=_unread(lake, domain, new_files),
        new_unrecognized_files=tuple(
            file for file in listing.unrecognized_files if not has_recorded(delivered, file)
        ),
        unfinished=work.unfinished,
        waiting={
            **never_built_days(domain, lake),
            **due_days.incomplete_days(domain, lake, settings, dt.datetime.now(dt.UTC)),
            **work.waiting,
        },
        delivered=work.delivered,
        outdated_reference_dates=reference_dates.out_of_date(domain, lake, settings),
        outdated_as_of=as_of.out_of_date(domain, lake, settings),
        listed_files=len(files),
        growing=listing.growing,
        unreadable_folders=listing.unreadable,
    )
    return facts if instance is None else with_failures(facts, domain, instance)


def with_failures(facts: Facts, domain: Domain, instance: "dg.DagsterInstance") -> Facts:
    """Return facts with the failed runs of each batch; the same facts if nothing has to run."""
    if not facts.has_work:
        return facts
    from lakehouse.platform.orchestration.failures import failed_batches

    return replace(facts, **failed_batches(domain, instance, with_unread=bool(facts.unread)))


def _listing(domain: Domain, settings: Settings, sweep: Sweep | None) -> Listing:
    zone = landing_zone_of(domain, settings)
    now, quiet = dt.datetime.now(dt.UTC), dt.timedelta(seconds=settings.quiet_seconds)
    if sweep is None:
        return zone.listing(now=now, quiet=quiet)
    return sweep.listing(zone, now=now, quiet=quiet)


def _within(day: dt.date, first: dt.date | None, last: dt.date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)


def _changed(
    domain: Domain,
    lake: Lake,
    settings: Settings,
    known: Sequence[RecognizedFile],
    check_files: int,
) -> list[ChangedFile]:
    """Return files whose bytes changed without a new size or time: known ones, else a few in turn.

    The only thing that is written is the position of the turn.
    """
    if not known and not check_files:
        return []
    from lakehouse.platform.orchestration.resources import intake_of

    intake = intake_of(domain, lake, settings, dt.datetime.now(dt.UTC))
    bronzes = sorted(
        (table for table in domain.tables if table.layer == "bronze" and table.source),
        key=lambda table: table.id.table,
    )
    if known:
        return changed_files(known, bronzes, intake)
    state = BytesCheck.load(lake.store, domain.name)
    found = state.run(bronzes, intake, most_files=check_files)
    state.save(lake.store, domain.name)
    return found


def _unread(lake: Lake, domain: Domain, files: Iterable[RecognizedFile]) -> dict[str, str]:
    """Return which of these files an earlier run could not read, with the cause."""
    days: dict[str, set[dt.date]] = defaultdict(set)
    for file in files:
        days[file.dataset].add(file.day)
    listed = {(file.path, file.modified_at) for file in files}
    return {
        delivery.file: delivery.detail or ""
        for dataset, found in days.items()
        for delivery in read_deliveries(lake, domain.name, dataset, sorted(found))
        if delivery.unread and (delivery.file, delivery.landed_at) in listed
    }

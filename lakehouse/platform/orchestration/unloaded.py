"""Say what of a domain's deliveries is not loaded, so that nothing claims that all is well."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lakehouse.platform.ingestion.deliveries import DeliveredFiles
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.orchestration.facts import gather
from lakehouse.platform.orchestration.partitions import between
from lakehouse.platform.orchestration.planning import Batch, Decision, DueBatch, Facts, decide
from lakehouse.platform.orchestration.run_tags import Work, job_name
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.settings import Settings

if TYPE_CHECKING:  # `lakehouse status` does not wait for Dagster
    import dagster as dg

SHOWN_FILES = 5


def not_loaded(
    domain: Domain,
    settings: Settings,
    instance: "dg.DagsterInstance | None",
    *,
    first: dt.date | None = None,
    last: dt.date | None = None,
    with_new: bool = True,
) -> list[str]:
    """Return what is still to be done for these days, each with the files or the days.

    Args:
        domain: the domain.
        settings: places and limits.
        instance: the run history; without one, no run counts as failed.
        first: first delivery day.
        last: last delivery day.
        with_new: also return files that no run has tried to load yet; always while the lake has no
            delivery of the domain at all.
    """
    settings = replace(settings, quiet_seconds=0)
    facts = gather(domain, settings, instance, first=first, last=last)
    problems = (*facts.unreadable_folders, *facts.unread.values())
    found = [f"{domain.name}: {problem}" for problem in problems]
    with_new = with_new or is_empty(domain, settings)
    if instance is not None and is_lost(domain, settings, instance):
        found.append(
            f"{domain.name}: the lake {settings.root} is empty, although runs have loaded"
            " deliveries into it; hint: check that its disk is mounted and that LAKEHOUSE_ROOT"
            " names it"
        )
    for each, what in _unfinished(decide(facts, settings), facts, with_new=with_new):
        batch = each.batch
        names = [file.path for file in files_of(batch, facts) if file.path not in facts.unread]
        is_named_above = not names and has_only_files(batch, facts)
        if touches(batch, first, last) and not is_named_above:
            shown = f": {shortened(names)}" if names else ""
            found.append(f"{domain.name} {batch.first} to {batch.last}: {what}{shown}")
    return found


def _unfinished(
    decision: Decision, facts: Facts, *, with_new: bool
) -> Iterator[tuple[DueBatch, str]]:
    """Yield the batches that are not done, each with what happened to it."""
    for each in decision.given_up:
        yield each, f"failed {each.attempt} times and was given up"
    for each in decision.paused:
        yield each, "not loaded for a cause outside of the data; tried again later"
    for each in decision.due:
        is_started = each.attempt > 0 or any(day in facts.unfinished for day in each.batch.reasons)
        if is_started:
            yield each, "not finished"
        elif with_new:
            yield each, "not loaded yet"


def is_lost(domain: Domain, settings: Settings, instance: "dg.DagsterInstance") -> bool:
    """Return whether runs of a domain have succeeded and the lake has none of its deliveries."""
    if not is_empty(domain, settings):
        return False
    import dagster as dg

    succeeded = dg.RunsFilter(
        job_name=job_name(domain.name, Work.ARRIVALS), statuses=[dg.DagsterRunStatus.SUCCESS]
    )
    return bool(instance.get_run_records(succeeded, limit=1))


def is_empty(domain: Domain, settings: Settings) -> bool:
    """Return whether the lake has no delivery day of a domain."""
    return not DeliveredFiles(Lake(settings.root), domain.name).has_any(domain.sources)


def files_of(batch: Batch, facts: Facts) -> list[RecognizedFile]:
    """Return the new files of the days of a batch."""
    return [file for file in facts.new_files if file.day in batch.reasons]


def has_changed_bytes(batch: Batch, facts: Facts) -> bool:
    """Return whether a file of a batch has other bytes, which its size and time do not show."""
    return any(file.path in facts.changed for file in files_of(batch, facts))


def has_only_files(batch: Batch, facts: Facts) -> bool:
    """Return whether new files are the only reasons of a batch."""
    return len(files_of(batch, facts)) == batch.files


def touches(batch: Batch, first: dt.date | None, last: dt.date | None) -> bool:
    """Return whether a batch has one of the days; what follows from other days always counts."""
    if batch.work in (Work.REFRESH, Work.REFERENCE_DATES, Work.AS_OF):
        return True
    days = between(batch.first, batch.last)
    return any((first is None or d >= first) and (last is None or d <= last) for d in days)


def shortened(names: Sequence[str]) -> str:
    """Return the first names and the number of the others."""
    more = f" and {len(names) - SHOWN_FILES} more" if len(names) > SHOWN_FILES else ""
    return ", ".join(names[:SHOWN_FILES]) + more

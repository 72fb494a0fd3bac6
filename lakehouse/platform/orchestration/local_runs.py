"""Runs that the command line starts, recorded in the same Dagster instance as the daemon's runs."""

import datetime as dt
import functools
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from lakehouse.platform.local_runtime.workers import hold, worker_path
from lakehouse.platform.orchestration.code_location import complete_definitions
from lakehouse.platform.orchestration.exclusive_runs import wait_for_other_runs
from lakehouse.platform.orchestration.facts import gather
from lakehouse.platform.orchestration.partitions import between
from lakehouse.platform.orchestration.planning import Batch, DueBatch, decide
from lakehouse.platform.orchestration.publishing import publish_finished
from lakehouse.platform.orchestration.run_messages import send_nothing_delivered, send_run_messages
from lakehouse.platform.orchestration.run_steps import RunStep, steps_of
from lakehouse.platform.orchestration.run_tags import (
    DOMAIN_TAG,
    Work,
    job_name,
    range_tags,
)
from lakehouse.platform.orchestration.sensors import batch_tags
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.settings import Settings

ROUNDS = 20
"""Decisions after which an arrival cycle ends even if work is left."""
QUIET_LOGGING = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _ignore(*_: object) -> None:
    """Do nothing; the default of the callbacks for progress."""


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """One finished step of a run, for a progress bar."""

    name: str
    succeeded: bool


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """One finished run: its job, its days, and whether it succeeded."""

    work: str
    first: dt.date
    last: dt.date
    run_id: str
    succeeded: bool
    problem: str | None
    """Errors of the failed steps; None when the run succeeded."""
    seconds_by_layer: dict[str, float]


def ingest(
    domain: Domain,
    settings: Settings,
    instance: dg.DagsterInstance,
    *,
    first: dt.date | None = None,
    last: dt.date | None = None,
    on_batch: Callable[[DueBatch, int], None] = _ignore,
    on_step: Callable[[StepResult], None] = _ignore,
) -> Iterator[RunResult]:
    """Run everything that is due until nothing is left, and yield each run when it finishes.

    Files count as complete however recently they changed: whoever starts this has delivered them.
    ``first`` and ``last`` limit the delivery days; rows that wait for other days are refreshed all
    the same.
    """
    upgrade_lake(domain, Lake(settings.root))
    settings = replace(settings, quiet_seconds=0)
    requested: set[str] = set()
    for number in range(ROUNDS):
        facts = gather(domain, settings, instance, first=first, last=last)
        due = [
            each
            for each in decide(facts, settings).due
            if _touches(each.batch, first, last) and each.run_key not in requested
        ]
        if not due:
            if not facts.has_work:
                publish_finished(Lake(settings.root), domain.name)
            if number == 0 and not facts.listed_files:
                send_nothing_delivered(domain, settings, dt.datetime.now(settings.zone).date())
            return
        for each in due:
            requested.add(each.run_key)
            yield run(
                instance,
                job_name(domain.name, each.batch.work),
                batch_tags(domain, each),
                first=each.batch.first,
                last=each.batch.last,
                platform={"quiet_seconds": settings.quiet_seconds},
                on_start=functools.partial(on_batch, each),
                on_step=on_step,
            )


def materialize(
    domain: Domain,
    instance: dg.DagsterInstance,
    *,
    first: dt.date,
    last: dt.date,
    work: Work = Work.ARRIVALS,
    tables: list[dg.AssetKey] | None = None,
    on_start: Callable[[int], None] = _ignore,
    on_step: Callable[[StepResult], None] = _ignore,
) -> RunResult:
    """Run a job of a domain, or some of its tables, for a range of days or their months."""
    if work is Work.MONTHLY:
        first, last = first.replace(day=1), last.replace(day=1)
    return run(
        instance,
        job_name(domain.name, work),
        {DOMAIN_TAG: domain.name, **range_tags(first, last)},
        first=first,
        last=last,
        tables=tables,
        on_start=on_start,
        on_step=on_step,
    )


def run(
    instance: dg.DagsterInstance,
    job: str,
    tags: dict[str, str],
    *,
    first: dt.date,
    last: dt.date,
    tables: list[dg.AssetKey] | None = None,
    platform: dict[str, Any] | None = None,
    on_start: Callable[[int], None] = _ignore,
    on_step: Callable[[StepResult], None] = _ignore,
) -> RunResult:
    """Execute a job in this process, recorded in the instance like any other run.

    The run waits until no other run of the domain executes. While it executes, the daemon's run
    monitoring finds its process alive.

    Args:
        instance: where the run is recorded.
        job: name of the job.
        tags: tags of the run, with the domain and the range of days.
        first: first day, for the result.
        last: last day, for the result.
        tables: assets to run; None runs the whole job.
        platform: configuration of the resource `Platform`.
        on_start: called with the number of steps.
        on_step: called for each finished step.

    Raises:
        DomainBusy: another run of the domain does not finish.
    """
    domain = tags[DOMAIN_TAG]
    wait_for_other_runs(instance, domain)
    definition = complete_definitions(domain).resolve_job_def(job)
    on_start(len(definition.graph.node_dict))
    run_id = str(uuid.uuid4())
    instance.add_event_listener(run_id, functools.partial(_report_steps, on_step))
    with hold(worker_path(instance, run_id)):
        result = definition.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags=tags,
            raise_on_error=False,
            run_config={**QUIET_LOGGING, "resources": {"platform": {"config": platform or {}}}},
            asset_selection=tables,
        )
    finished = result.dagster_run
    send_run_messages(instance, instance.get_run_by_id(run_id) or finished, Settings.from_env())
    steps = steps_of(instance, finished)
    return RunResult(
        work=job,
        first=first,
        last=last,
        run_id=run_id,
        succeeded=result.success,
        problem="; ".join(step.error for step in steps if step.error) or None,
        seconds_by_layer=_seconds_by_layer(steps),
    )


def _report_steps(on_step: Callable[[StepResult], None], entry: dg.EventLogEntry) -> None:
    event = entry.dagster_event
    if event is None or event.step_key is None:
        return
    if event.is_step_success or event.is_step_failure:
        on_step(StepResult(name=event.step_key, succeeded=event.is_step_success))


def _seconds_by_layer(steps: Iterable[RunStep]) -> dict[str, float]:
    seconds: defaultdict[str, float] = defaultdict(float)
    for step in steps:
        seconds[step.layer] += step.seconds
    return dict(seconds)


def _touches(batch: Batch, first: dt.date | None, last: dt.date | None) -> bool:
    """Return whether a batch has one of the days; refreshes follow from others and always count."""
    if batch.work is Work.REFRESH:
        return True
    days = between(batch.first, batch.last)
    return any((first is None or d >= first) and (last is None or d <= last) for d in days)

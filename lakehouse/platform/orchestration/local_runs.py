"""Runs that the command line starts, recorded in the same Dagster instance as the daemon's runs."""

import datetime as dt
import functools
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.local_runtime.locks import held_runs, hold
from lakehouse.platform.local_runtime.run_origin import ORIGIN_TAGS, record_origin
from lakehouse.platform.local_runtime.workers import worker_path
from lakehouse.platform.orchestration.code_location import complete_definitions
from lakehouse.platform.orchestration.exclusive_runs import wait_for_other_runs
from lakehouse.platform.orchestration.facts import gather
from lakehouse.platform.orchestration.landed_assets import FILES, WARNINGS
from lakehouse.platform.orchestration.partitions import ranges
from lakehouse.platform.orchestration.planning import (
    Batch,
    Decision,
    DueBatch,
    Facts,
    decide,
)
from lakehouse.platform.orchestration.publishing import publish_finished
from lakehouse.platform.orchestration.run_messages import send_nothing_delivered, send_run_messages
from lakehouse.platform.orchestration.run_steps import RunStep, steps_of
from lakehouse.platform.orchestration.run_tags import (
    DOMAIN_TAG,
    OUTSIDE_TAG,
    Work,
    job_name,
    range_tags,
)
from lakehouse.platform.orchestration.sensors import batch_tags
from lakehouse.platform.orchestration.unloaded import (
    files_of,
    has_changed_bytes,
    has_only_files,
    touches,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.platform.transform import as_of, reference_dates
from lakehouse.settings import Settings

ROUNDS = 20
"""Decisions after which an arrival cycle ends even if work is left."""
CHANGING = 3
"""Runs of one command after which a file that changes during each of them is left alone."""
NO_TAGS: Mapping[str, str] = {}
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
    warnings: tuple[str, ...] = ()
    """What a person should know about files that the run recorded."""


def ingest(
    domain: Domain,
    settings: Settings,
    instance: dg.DagsterInstance,
    *,
    first: dt.date | None = None,
    last: dt.date | None = None,
    checksum: bool = False,
    tags: Mapping[str, str] = NO_TAGS,
    on_batch: Callable[[DueBatch, int], None] = _ignore,
    on_step: Callable[[StepResult], None] = _ignore,
) -> Iterator[RunResult]:
    """Run everything that is due until nothing is left, and yield each run when it finishes.

    What was given up before, or waits after a cause outside of the data, is tried once.
    Files count as complete however recently they changed: whoever starts this has delivered them.
    With ``checksum`` every listed file is read and compared with its last version.
    ``first`` and ``last`` limit the delivery days; rows that wait for other days are refreshed all
    the same.
    """
    upgrade_lake(domain, Lake(settings.root, settings.file_mb))
    settings = replace(settings, quiet_seconds=0)
    requested: set[str] = set()
    ran: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for number in range(ROUNDS):
        facts = gather(
            domain,
            settings,
            instance,
            first=first,
            last=last,
            checksum=checksum and number == 0,
            check_files=settings.check_files if number == 0 else 0,
        )
        due = [
            each
            for considered in (facts, _without_tried_files(facts, read))
            for each in _insisted(decide(considered, settings), ran)
            if touches(each.batch, first, last)
            and each.run_key not in requested
            and not _only_tried_files(each.batch, facts, read)
        ]
        due = list({each.run_key: each for each in due}.values())
        if not due:
            if not facts.has_work:
                publish_finished(Lake(settings.root, settings.file_mb), domain.name)
            if number == 0 and not facts.listed_files:
                send_nothing_delivered(domain, settings, dt.datetime.now(settings.zone).date())
            return
        read.update(file.path for each in due for file in files_of(each.batch, facts))
        for each in due:
            requested.add(each.run_key)
            ran[each.batch.digest] += 1
            yield run(
                instance,
                job_name(domain.name, each.batch.work),
                {**batch_tags(domain, each), **tags},
                first=each.batch.first,
                last=each.batch.last,
                platform={
                    "quiet_seconds": settings.quiet_seconds,
                    "reread": has_changed_bytes(each.batch, facts),
                },
                on_start=functools.partial(on_batch, each),
                on_step=on_step,
            )


def _insisted(decision: Decision, ran: Mapping[str, int]) -> list[DueBatch]:
    """Return what a person who starts an ingestion wants to be tried now.

    A batch that was given up, or that waits after a cause outside of the data, is tried once.
    """
    insisted = (*decision.given_up, *decision.paused)
    waiting = [each for each in insisted if not ran[each.batch.digest]]
    return [*decision.due, *waiting]


def _only_tried_files(batch: Batch, facts: Facts, read: Mapping[str, int]) -> bool:
    """Return whether all that a batch has are files that this command cannot load."""
    return has_only_files(batch, facts) and all(
        _is_tried(file, facts, read) for file in files_of(batch, facts)
    )


def _without_tried_files(facts: Facts, read: Mapping[str, int]) -> Facts:
    """Return facts without the files that this command cannot load: everything else goes on."""
    kept = (file for file in facts.new_files if not _is_tried(file, facts, read))
    return replace(facts, new_files=tuple(kept))


def _is_tried(file: RecognizedFile, facts: Facts, read: Mapping[str, int]) -> bool:
    """Return whether this command cannot load a file.

    A file that cannot be read is tried once, a file that changes while it is read `CHANGING` times.
    """
    return read[file.path] >= (1 if file.path in facts.unread else CHANGING)


def materialize(
    domain: Domain,
    instance: dg.DagsterInstance,
    *,
    first: dt.date,
    last: dt.date,
    chosen: Collection[dt.date] = (),
    work: Work = Work.ARRIVALS,
    tables: list[dg.AssetKey] | None = None,
    tags: Mapping[str, str] = NO_TAGS,
    on_start: Callable[[int], None] = _ignore,
    on_step: Callable[[StepResult], None] = _ignore,
) -> RunResult:
    """Run a job of a domain, or some of its tables, for a range of days or some days of a range."""
    return run(
        instance,
        job_name(domain.name, work),
        {DOMAIN_TAG: domain.name, **range_tags(first, last, chosen), **tags},
        first=first,
        last=last,
        tables=tables,
        on_start=on_start,
        on_step=on_step,
    )


def make_as_of(
    domain: Domain,
    settings: Settings,
    instance: dg.DagsterInstance,
    *,
    stale: bool = False,
    on_start: Callable[[int], None] = _ignore,
    on_step: Callable[[StepResult], None] = _ignore,
) -> Iterator[RunResult]:
    """Run the as-of tables of a domain where needed: all stale days, or those kept up to date."""
    lake = Lake(settings.root, settings.file_mb)
    spans: list[tuple[Work, dt.date, dt.date, list[dt.date]]] = []
    if dates := sorted(
        reference_dates.stale_days(domain, lake)
        if stale
        else reference_dates.out_of_date(domain, lake, settings)
    ):
        spans.append((Work.REFERENCE_DATES, dates[0], dates[-1], dates))
    days = as_of.stale_days(domain, lake) if stale else as_of.out_of_date(domain, lake, settings)
    spans += [(Work.AS_OF, first, last, []) for first, last in ranges(days)]
    for work, first, last, chosen in spans:
        yield materialize(
            domain,
            instance,
            first=first,
            last=last,
            chosen=chosen,
            work=work,
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
    instance.add_event_listener(run_id, _Listener(instance, on_step))
    with hold(worker_path(instance, run_id)):
        result = definition.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags={**tags, **ORIGIN_TAGS},
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
        warnings=tuple(_warnings(result.get_asset_check_evaluations())),
    )


def _warnings(evaluations: Iterable[dg.AssetCheckEvaluation]) -> Iterator[str]:
    for evaluation in evaluations:
        found = evaluation.metadata.get(WARNINGS) if evaluation.check_name == FILES else None
        if found is not None and isinstance(found.value, list):
            yield from map(str, found.value)


def cancel_interrupted(instance: dg.DagsterInstance) -> None:
    """Record the runs of this process as canceled by a person; they use up no attempt."""
    cancel_runs(instance, held_runs(), "Interrupted by a signal")


def cancel_runs(instance: dg.DagsterInstance, run_ids: Iterable[str], cause: str) -> None:
    """Record runs that are executed as canceled; they use up no attempt, and days stay due."""
    for run_id in run_ids:
        run = instance.get_run_by_id(run_id)
        if run is None:
            continue  # if it is recorded after this, its file tells that it has no process
        if not run.is_finished:
            instance.add_run_tags(run_id, {OUTSIDE_TAG: "interrupted"})
            instance.report_run_canceled(run, cause)
        worker_path(instance, run_id).unlink(missing_ok=True)


@dataclass
class _Listener:
    """Follows a run: records its code location when it starts, and reports finished steps."""

    instance: dg.DagsterInstance
    on_step: Callable[[StepResult], None]

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None:
            return
        if event.event_type is dg.DagsterEventType.RUN_START:
            record_origin(self.instance, entry.run_id)
        elif event.step_key is not None and (event.is_step_success or event.is_step_failure):
            self.on_step(StepResult(name=event.step_key, succeeded=event.is_step_success))


def _seconds_by_layer(steps: Iterable[RunStep]) -> dict[str, float]:
    seconds: defaultdict[str, float] = defaultdict(float)
    for step in steps:
        seconds[step.layer] += step.seconds
    return dict(seconds)

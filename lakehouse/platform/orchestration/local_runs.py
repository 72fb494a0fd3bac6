"""One arrival cycle in the foreground, through the same Dagster instance as the daemon's runs."""

import contextlib
import datetime as dt
import functools
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import dagster as dg

from lakehouse.platform.ingestion.landing_zone import landing_zone_of
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.local_runtime.workers import EXECUTED, fail_lost_runs, hold, worker_path
from lakehouse.platform.orchestration.code_location import definitions_alone
from lakehouse.platform.orchestration.partitions import between
from lakehouse.platform.orchestration.planning import Batch, Due
from lakehouse.platform.orchestration.run_messages import nothing_landed
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG, Work, job_name, range_tags
from lakehouse.platform.orchestration.sensors import decide, run_tags
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.settings import Settings

ROUNDS = 20
OTHERS_SECONDS = 900.0
"""How long a run here waits for a run of the same system elsewhere."""
QUIET_LOGGING = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _ignore(*_: object) -> None:
    """Nobody listens."""


class Busy(RuntimeError):
    """Another run of the same system is under way; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run that ended, for a progress bar."""

    name: str
    seconds: float
    succeeded: bool


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run that ended."""

    work: str
    first: dt.date
    last: dt.date
    run_id: str
    succeeded: bool
    problem: str | None
    seconds_by_layer: dict[str, float]


def ingest(
    domain: Domain,
    settings: Settings,
    instance: dg.DagsterInstance,
    *,
    first: dt.date | None = None,
    last: dt.date | None = None,
    on_batch: Callable[[Due, int], None] = _ignore,
    on_step: Callable[[Step], None] = _ignore,
) -> Iterator[Ran]:
    """Run what has to run until nothing is left, and give each run as it ends.

    Files that were changed a moment ago are taken: who calls this says that they are whole. `first`
    and `last` limit the delivery days; rows that wait for other days are refreshed all the same.
    """
    lake = Lake(settings.root)
    upgrade_lake(domain, lake)
    place = landing_zone_of(domain, settings)
    given_up: set[str] = set()
    for number in range(ROUNDS):
        listing = place.listing(now=dt.datetime.now(dt.UTC), quiet=dt.timedelta(0))
        decision = decide(domain, lake, _within(listing, first, last), instance, settings)
        due = [d for d in decision.due if _asked(d.batch, first, last)]
        due = [d for d in due if f"{d.batch.digest}-{d.attempt}" not in given_up]
        if not due:
            if not number and not _within(listing, first, last).files:
                nothing_landed(domain, settings, dt.datetime.now(settings.zone).date())
            return
        for each in due:
            given_up.add(f"{each.batch.digest}-{each.attempt}")
            with _every_file_is_whole():
                ran = run(
                    instance,
                    job_name(domain.name, each.batch.work),
                    run_tags(domain, each),
                    first=each.batch.first,
                    last=each.batch.last,
                    on_start=functools.partial(on_batch, each),
                    on_step=on_step,
                )
            yield ran


def materialize(
    domain: Domain,
    instance: dg.DagsterInstance,
    *,
    first: dt.date,
    last: dt.date,
    work: Work = Work.ARRIVALS,
    tables: list[dg.AssetKey] | None = None,
    on_start: Callable[[int], None] = _ignore,
    on_step: Callable[[Step], None] = _ignore,
) -> Ran:
    """Run a job of the system, or some of its tables, for a range of days or their months."""
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
    on_start: Callable[[int], None] = _ignore,
    on_step: Callable[[Step], None] = _ignore,
) -> Ran:
    """One run of a job in this process, recorded in the instance like any other.

    A daemon beside it sees the run alive until it ends, however it ends. One run of a domain goes
    on at a time: while the daemon has one, this waits, for a slower run must not overwrite a newer
    one.

    Raises:
        Busy: another run of the system does not end.
    """
    domain = tags[DOMAIN_TAG]
    wait_for_others(instance, domain)
    definition = definitions_alone(domain).resolve_job_def(job)
    seconds: dict[str, float] = {}
    problems: list[str] = []
    on_start(len(definition.graph.node_dict))
    run_id = str(uuid.uuid4())

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        if event.is_step_success or event.is_step_failure:
            took = event.step_success_data.duration_ms / 1000 if event.is_step_success else 0.0
            layer = _layer(event.step_key)
            seconds[layer] = seconds.get(layer, 0.0) + took
            on_step(Step(name=event.step_key, seconds=took, succeeded=event.is_step_success))
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            cause = error.cause or error
            problems.append(cause.message.strip())

    instance.add_event_listener(run_id, listen)
    with hold(worker_path(instance, run_id)):
        result = definition.execute_in_process(
            instance=instance,
            run_id=run_id,
            tags=tags,
            raise_on_error=False,
            run_config=QUIET_LOGGING,
            asset_selection=tables,
        )
    return Ran(
        work=job,
        first=first,
        last=last,
        run_id=run_id,
        succeeded=result.success,
        problem="; ".join(problems) or None,
        seconds_by_layer=seconds,
    )


def wait_for_others(
    instance: dg.DagsterInstance, domain: str, *, seconds: float = OTHERS_SECONDS
) -> None:
    """Wait until no run of a domain is carried out; one whose process is gone is failed.

    Raises:
        Busy: a run goes on for longer than this waits.
    """
    deadline = time.monotonic() + seconds
    going_on = dg.RunsFilter(tags={DOMAIN_TAG: domain}, statuses=EXECUTED)
    while living := fail_lost_runs(instance, instance.get_run_records(going_on)):
        if time.monotonic() > deadline:
            run_id = living[0].dagster_run.run_id
            raise Busy(
                f"run {run_id} of {domain} has been going on for {seconds:.0f} seconds; wait for"
                " it, or terminate it in DagsterUI, then try again"
            )
        time.sleep(0.5)


def _layer(step: str) -> str:
    if step.endswith(("_landed", "_unrecognized_files")):
        return "raw + bronze"
    return step.split("_", 1)[0]


@contextlib.contextmanager
def _every_file_is_whole() -> Iterator[None]:
    """Runs read their settings from the environment; in here no file counts as growing."""
    variable = "LAKEHOUSE_QUIET_SECONDS"
    before = os.environ.get(variable)
    os.environ[variable] = "0"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before


def _within(listing: Listing, first: dt.date | None, last: dt.date | None) -> Listing:
    def asked(day: dt.date) -> bool:
        return (first is None or day >= first) and (last is None or day <= last)

    return replace(listing, files=tuple(f for f in listing.files if asked(f.day) or not f.dated))


def _asked(batch: Batch, first: dt.date | None, last: dt.date | None) -> bool:
    if batch.work is Work.REFRESH or (first is None and last is None):
        return True
    days = between(batch.first, batch.last)
    return any((first is None or d >= first) and (last is None or d <= last) for d in days)

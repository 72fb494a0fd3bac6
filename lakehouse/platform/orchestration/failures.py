"""Failed runs of the batches of a domain, and how long a batch waits before it runs again."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import dagster as dg

from lakehouse.platform.orchestration.run_steps import failed_outside
from lakehouse.platform.orchestration.run_tags import (
    BATCH_TAG,
    DOMAIN_TAG,
    NOT_READY_TAG,
    OUTSIDE_TAG,
)
from lakehouse.platform.tables.registry import Domain

FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
SHORTEST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=10), dt.timedelta(minutes=10)
"""Pause after the first run that failed for a cause outside of the data, doubled each time."""
READ_RUNS = 100
"""Newest successful runs that are looked at for files that they could not read."""


def failed_batches(
    domain: Domain, instance: dg.DagsterInstance, *, with_unread: bool
) -> dict[str, Any]:
    """Return the failed runs of each batch, and why they do not count or have to wait.

    After a successful run a batch is still due only because one of its files could not be read; the
    run counts like one that failed for a cause outside of the data.
    """
    failures: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    ended: dict[str, float] = {}
    not_ready: set[str] = set()
    for record in _finished_runs(domain, instance, with_unread=with_unread):
        run = record.dagster_run
        if (batch := run.tags.get(BATCH_TAG)) is None:
            continue
        if NOT_READY_TAG in run.tags:
            not_ready.add(batch)
        if run.status is dg.DagsterRunStatus.SUCCESS or _failed_outside(instance, run):
            outside[batch] += 1
            ended[batch] = max(record.end_time or 0.0, ended.get(batch, 0.0))
        else:
            failures[batch] += 1
    now = dt.datetime.now(dt.UTC).timestamp()
    waits = {batch: pause_after(number).total_seconds() for batch, number in outside.items()}
    return {
        "failures": failures,
        "outside": outside,
        "paused": frozenset(
            batch for batch, wait in waits.items() if abs(now - ended[batch]) < wait
        ),
        "not_ready": frozenset(not_ready),
    }


def pause_after(runs: int) -> dt.timedelta:
    """Return the pause after this many runs that failed for a cause outside of the data.

    >>> [pause_after(runs).seconds for runs in (1, 2, 3, 7, 1000)]
    [10, 20, 40, 600, 600]
    """
    return min(SHORTEST_PAUSE * 2 ** min(runs - 1, 16), LONGEST_PAUSE)


def _finished_runs(
    domain: Domain, instance: dg.DagsterInstance, *, with_unread: bool
) -> Iterator[dg.RunRecord]:
    tags = {DOMAIN_TAG: domain.name}
    yield from instance.get_run_records(dg.RunsFilter(tags=tags, statuses=FAILED))
    if with_unread:
        loaded = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
        yield from instance.get_run_records(loaded, limit=READ_RUNS)


def _failed_outside(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Return whether a run failed for a cause outside of the data; remembers it per process."""
    if OUTSIDE_TAG in run.tags:
        return True
    if run.run_id not in _OUTSIDE:
        _OUTSIDE[run.run_id] = failed_outside(instance, run.run_id)
    return _OUTSIDE[run.run_id]


_OUTSIDE: dict[str, bool] = {}

"""The lock files of runs, and the runs whose process is gone.

While a run is executed, its process holds a lock on ``$DAGSTER_HOME/workers/<run id>``. The kernel
frees the lock however the process ends, so a dead run is recognized without trusting process ids.
The file is deleted when the run ends in order; one that stays and is not locked was left by a
process that was killed.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunRecord, RunsFilter

from lakehouse.platform.local_runtime.locks import RUN_LOCKS, worker_of

STARTING = [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING]
"""Statuses of a run that should soon have a process; recorded, but not in a queue."""
EXECUTED = [*STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
"""Statuses of a run that has, or should soon have, a process."""
STARTING_SECONDS = 120.0
"""Age after which a run that is still starting will not get a process."""


def worker_path(instance: DagsterInstance, run_id: str) -> Path:
    """Return the lock file of a run."""
    return Path(instance.root_directory) / RUN_LOCKS / run_id


def fail_lost_runs(instance: DagsterInstance, records: Sequence[RunRecord]) -> list[RunRecord]:
    """Mark runs whose process is gone as failed and return the records of the other runs.

    The preloaded launcher locks the file of every run before the run starts, so a run without a
    lock is lost. With other launchers only a file that was left behind proves it.
    """
    return [record for record in records if not _fail_if_lost(instance, record)]


def lost_runs(instance: DagsterInstance) -> list[str]:
    """Return the ids of the runs whose process is gone, when nothing can be starting a run."""
    return [
        record.dagster_run.run_id
        for record in instance.get_run_records(RunsFilter(statuses=EXECUTED))
        if _has_lost_its_process(instance, record, may_start=False)
    ]


def _fail_if_lost(instance: DagsterInstance, record: RunRecord) -> bool:
    run = record.dagster_run
    if run.status not in EXECUTED or not _has_lost_its_process(instance, record):
        return False
    now = instance.get_run_by_id(run.run_id)
    if now is None or now.status not in EXECUTED:  # it ended after the record was read
        return True
    instance.report_run_failed(now, "The process of the run is gone")
    worker_path(instance, run.run_id).unlink(missing_ok=True)
    return True


def _has_lost_its_process(
    instance: DagsterInstance, record: RunRecord, *, may_start: bool = True
) -> bool:
    path = worker_path(instance, record.dagster_run.run_id)
    if worker_of(path) is not None:
        return False
    if path.exists():
        return True
    age = dt.datetime.now(dt.UTC) - record.create_timestamp
    is_starting = record.dagster_run.status in STARTING
    may_still_start = may_start and is_starting and age.total_seconds() < STARTING_SECONDS
    return locks_every_run(instance) and not may_still_start


def locks_every_run(instance: DagsterInstance) -> bool:
    """Return whether the instance's launcher locks the file of each run before the run starts."""
    return bool(getattr(instance.run_launcher, "locks_every_run", False))

"""Lock files that show which runs are alive, and the runs whose process is gone.

While a run is executed, its process holds a lock on ``$DAGSTER_HOME/workers/<run id>``. The kernel
frees the lock however the process ends, so a dead run is recognized without trusting process ids.
The file is deleted when the run ends in order; one that stays and is not locked was left by a
process that was killed.
"""

import contextlib
import datetime as dt
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dagster import DagsterInstance, DagsterRunStatus, RunRecord

EXECUTED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
"""Statuses of a run that has, or should soon have, a process."""
STARTING_SECONDS = 120.0
"""Age after which a run that is still starting will not get a process."""

_held: set[Path] = set()


def worker_path(instance: DagsterInstance, run_id: str) -> Path:
    """Return the lock file of a run."""
    return Path(instance.root_directory) / "workers" / run_id


@contextlib.contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold a run's lock file for the length of the block; do nothing if this process holds it."""
    if path in _held:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()
        draft.rename(path)  # already locked: the file never appears without its lock
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            path.unlink(missing_ok=True)


def held_runs() -> list[str]:
    """Return the ids of the runs that this process executes."""
    return [path.name for path in _held]


def worker_of(path: Path) -> int | None:
    """Return the id of the process that holds a run's lock file; None when no process does."""
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
    except FileNotFoundError:
        pass
    return None


def fail_lost_runs(instance: DagsterInstance, records: Sequence[RunRecord]) -> list[RunRecord]:
    """Mark runs whose process is gone as failed and return the records of the other runs.

    The preloaded launcher locks the file of every run before the run starts, so a run without a
    lock is lost. With other launchers only a file that was left behind proves it.
    """
    return [record for record in records if not _fail_if_lost(instance, record)]


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


def _has_lost_its_process(instance: DagsterInstance, record: RunRecord) -> bool:
    path = worker_path(instance, record.dagster_run.run_id)
    if worker_of(path) is not None:
        return False
    if path.exists():
        return True
    age = dt.datetime.now(dt.UTC) - record.create_timestamp
    is_starting = record.dagster_run.status is DagsterRunStatus.STARTING
    may_still_start = is_starting and age.total_seconds() < STARTING_SECONDS
    return locks_every_run(instance) and not may_still_start


def locks_every_run(instance: DagsterInstance) -> bool:
    """Return whether the instance's launcher locks the file of each run before the run starts."""
    return bool(getattr(instance.run_launcher, "locks_every_run", False))

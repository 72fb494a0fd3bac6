"""Dagster's run monitoring sees whether the worker of a run is alive."""

import dagster as dg
from dagster._core.launcher.base import WorkerStatus

from lakehouse.platform.local_runtime.locks import hold
from lakehouse.platform.local_runtime.workers import worker_path


@dg.job
def nothing() -> None:
    """A job to record a run of."""


def test_a_run_is_healthy_while_a_process_holds_its_lock_file(instance: dg.DagsterInstance):
    run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
    launcher = instance.run_launcher
    assert launcher.supports_check_run_worker_health
    with hold(worker_path(instance, run.run_id)):
        assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    assert launcher.check_run_worker_health(run).status is WorkerStatus.NOT_FOUND

"""A run is alive while a process holds its lock file; a run that lost its process is failed."""

import multiprocessing
import time
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime import workers
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.locks import hold, worker_of
from lakehouse.platform.local_runtime.workers import fail_lost_runs, lost_runs, worker_path
from lakehouse.platform.orchestration.local_runs import cancel_runs
from lakehouse.platform.orchestration.run_tags import OUTSIDE_TAG

FORK = multiprocessing.get_context("fork")
STARTED, STARTING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING
NOT_STARTED = dg.DagsterRunStatus.NOT_STARTED


def hold_for_a_minute(path: Path) -> None:
    with hold(path):
        time.sleep(60)


def killed_while_holding(path: Path) -> None:
    """Leave behind the lock file of a process that was killed."""
    worker = FORK.Process(target=hold_for_a_minute, args=(path,))
    worker.start()
    end = time.monotonic() + 30
    while worker_of(path) is None and time.monotonic() < end:
        time.sleep(0.05)
    assert worker_of(path) == worker.pid
    worker.kill()
    worker.join(30)
    assert path.exists()


def test_a_worker_counts_as_alive_until_it_is_killed(tmp_path: Path):
    path = tmp_path / "workers" / "run"
    assert worker_of(path) is None
    killed_while_holding(path)
    assert worker_of(path) is None


def test_the_lock_file_is_deleted_when_the_block_ends(tmp_path: Path):
    path = tmp_path / "workers" / "run"
    with hold(path):
        with hold(path):
            assert worker_of(path)
        assert worker_of(path)
    assert list(path.parent.iterdir()) == []


@dg.job
def nothing() -> None:
    """A job to record runs of."""


def record(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> dg.RunRecord:
    run = instance.create_run_for_job(nothing, status=status)
    (found,) = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    return found


@pytest.fixture(params=["local", "stock"])
def home(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dg.DagsterInstance:
    monkeypatch.setenv("DAGSTER_HOME", "")
    return prepare_instance(tmp_path / "home", request.param)


@pytest.mark.parametrize("status", [NOT_STARTED, STARTED])
def test_a_run_whose_worker_was_killed_is_marked_as_failed(
    home: dg.DagsterInstance, status: dg.DagsterRunStatus
):
    lost = record(home, status)
    run_id = lost.dagster_run.run_id
    killed_while_holding(worker_path(home, run_id))
    assert fail_lost_runs(home, [lost]) == []
    failed = home.get_run_by_id(run_id)
    assert failed is not None
    assert failed.status is dg.DagsterRunStatus.FAILURE


def test_a_run_that_ended_after_it_was_listed_keeps_its_status(home: dg.DagsterInstance):
    listed = record(home, STARTED)
    path = worker_path(home, listed.dagster_run.run_id)
    killed_while_holding(path)
    home.report_run_canceled(listed.dagster_run)
    assert fail_lost_runs(home, [listed]) == []
    ended = home.get_run_by_id(listed.dagster_run.run_id)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.CANCELED


@pytest.mark.parametrize("status", [NOT_STARTED, STARTING])
def test_a_run_that_has_not_started_needs_no_lock_file_for_a_while(
    home: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
):
    waiting = record(home, status)
    assert fail_lost_runs(home, [waiting]) == [waiting]
    monkeypatch.setattr(workers, "STARTING_SECONDS", 0)
    is_local = "local" in request.node.name
    assert fail_lost_runs(home, [waiting]) == ([] if is_local else [waiting])


def test_only_the_preloaded_launcher_proves_a_run_lost_without_a_lock_file(
    home: dg.DagsterInstance, request: pytest.FixtureRequest
):
    started = record(home, STARTED)
    is_local = "local" in request.node.name
    assert fail_lost_runs(home, [started]) == ([] if is_local else [started])


def test_at_the_start_of_the_services_a_run_without_a_process_is_lost(
    home: dg.DagsterInstance, request: pytest.FixtureRequest
):
    started, starting = record(home, STARTED), record(home, STARTING)
    alive = record(home, STARTED)
    killed = record(home, STARTED).dagster_run.run_id
    killed_while_holding(worker_path(home, killed))
    unproven = {each.dagster_run.run_id for each in (started, starting)}
    with hold(worker_path(home, alive.dagster_run.run_id)):
        found = set(lost_runs(home))
    assert found == ({killed} | unproven if "local" in request.node.name else {killed})
    cancel_runs(home, [killed], "the machine ended")
    ended = home.get_run_by_id(killed)
    assert ended is not None
    assert ended.status is dg.DagsterRunStatus.CANCELED
    assert ended.tags[OUTSIDE_TAG] == "interrupted"

"""A daemon is killed in the middle of a run; the next daemon finishes the work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse_tests.stories.conftest import BOTH_RUNTIMES, Make
from lakehouse_tests.stories.world import MON, TUE, World, night

SECONDS = 600
"""Limit for every wait; a busy machine is slow."""


@contextmanager
def daemon(log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run code location and daemon in one session; kill all of its processes at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "lakehouse.platform.local_runtime.daemon",
                "-m",
                "lakehouse.definitions",
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the daemon, its code server and its run workers at once, like a power failure."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(
    condition: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path
) -> None:
    """Wait for a condition while the process is alive."""
    end = time.monotonic() + SECONDS
    while not condition():
        alive = process.poll() is None and time.monotonic() < end
        assert alive, log.read_text(errors="replace")[-4000:]
        time.sleep(0.2)


def is_complete(world: World) -> bool:
    return set(world.revenue()) == {(MON, 1), (TUE, 1)} and set(world.balance()) == {"balanced"}


@BOTH_RUNTIMES
def test_the_next_daemon_finishes_the_run_of_a_killed_daemon_once(
    make_world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, sys.path)))
    world = make_world(str(tmp_path / "world"))
    log = tmp_path / "daemon.log"
    with prepare_instance(tmp_path / "home") as instance:
        world.instance = instance
        world.land_reference()
        world.land_all(night(MON, 1, "10.00") | night(TUE, 1, "7.00"))
        with daemon(log) as first:
            wait_until(lambda: bool(finished_steps(instance)), first, log)
            kill(first)
        started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        (interrupted,) = instance.get_runs(started)
        assert not is_complete(world)
        with daemon(log) as second:
            wait_until(lambda: is_complete(world), second, log)
            wait_until(lambda: all(run.is_finished for run in instance.get_runs()), second, log)
        statuses = {run.run_id: run.status for run in instance.get_runs()}
        assert statuses[interrupted.run_id] == dg.DagsterRunStatus.FAILURE
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 1): "7.00"}
    assert world.statuses() == {"loaded": 2}
    assert world.statuses("order_items") == {"loaded": 2}
    assert len(world.rows("silver.mrhealth_orders", "order_id")) == 2
    assert world.ingest() == []


def finished_steps(instance: dg.DagsterInstance) -> list[str]:
    """Return the finished steps of a run that is still in progress."""
    return [
        event.step_key or ""
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        for event in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    ]

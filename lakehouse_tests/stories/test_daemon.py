"""The daemon dies in the middle of a run; the next one finds what is left to do."""

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

SECONDS = 240
"""How long a busy machine may take for anything here."""


@contextmanager
def daemon(log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Code location and daemon in one session, killed at the end with all that they started."""
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
    """Kill the daemon, its code server and its run workers at once, as a power cut would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(happens: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + SECONDS
    while not happens():
        alive = process.poll() is None and time.monotonic() < end
        assert alive, log.read_text(errors="replace")[-4000:]
        time.sleep(0.2)


def arrived(world: World) -> bool:
    return set(world.revenue()) == {(MON, 1), (TUE, 1)} and set(world.balance()) == {"balanced"}


@BOTH_RUNTIMES
def test_what_a_killed_daemon_left_undone_is_done_once_by_the_next(
    make_world: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, sys.path)))
    world = make_world(str(tmp_path / "world"))
    log = tmp_path / "daemon.log"
    with prepare_instance(tmp_path / "home") as instance:
        world.instance = instance
        world.refer()
        world.land_all(night(MON, 1, "10.00") | night(TUE, 1, "7.00"))
        with daemon(log) as first:
            until(lambda: bool(steps_done(instance)), first, log)
            kill(first)
        started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        (left,) = instance.get_runs(started)
        assert not arrived(world)
        with daemon(log) as second:
            until(lambda: arrived(world), second, log)
            until(lambda: all(run.is_finished for run in instance.get_runs()), second, log)
        statuses = {run.run_id: run.status for run in instance.get_runs()}
        assert statuses[left.run_id] == dg.DagsterRunStatus.FAILURE
    assert world.revenue() == {(MON, 1): "10.00", (TUE, 1): "7.00"}
    assert world.statuses() == {"loaded": 2}
    assert world.statuses("order_items") == {"loaded": 2}
    assert len(world.rows("silver.mrhealth_orders", "order_id")) == 2
    assert world.ingest() == []


def steps_done(instance: dg.DagsterInstance) -> list[str]:
    """Steps that a run finished while it is still under way."""
    return [
        event.step_key or ""
        for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        for event in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    ]

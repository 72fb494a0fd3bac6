"""One `lakehouse up` serves a home and a lake; services that it left are named and ended."""

import multiprocessing
import time
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime import service_state
from lakehouse.platform.local_runtime.locks import hold
from lakehouse.platform.local_runtime.service_state import (
    ServeError,
    end_services,
    is_served,
    left_behind,
    read_state,
    service_path,
    serving,
    working_on,
)

FORK = multiprocessing.get_context("fork")


def run_daemon(home: Path) -> None:
    with hold(service_path(home, "daemon")):
        time.sleep(600)


def test_a_home_is_served_once_and_free_afterwards(tmp_path: Path):
    assert not is_served(tmp_path)
    with serving(tmp_path):
        assert is_served(tmp_path)
        with pytest.raises(ServeError, match=r"already running for .*hint: `lakehouse services`"):
            serving(tmp_path).__enter__()
        assert is_served(tmp_path)
    assert not is_served(tmp_path)
    assert read_state(tmp_path) is None


def test_services_that_a_killed_parent_left_are_named_and_ended_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service_state, "END_SECONDS", 0.3)
    left = FORK.Process(target=run_daemon, args=(tmp_path,))
    left.start()
    while not left_behind(tmp_path):
        time.sleep(0.02)
    with pytest.raises(ServeError) as error:
        serving(tmp_path).__enter__()
    assert f"still run on {tmp_path}: daemon (pid {left.pid}). hint: `lakehouse down` ends" in str(
        error.value
    )
    assert end_services(tmp_path, 0.3) == {"daemon": left.pid}
    left.join(30)
    assert left.exitcode
    with serving(tmp_path):
        assert is_served(tmp_path)
    assert end_services(tmp_path, 0.3) == {}


def test_two_homes_do_not_work_on_one_lake(tmp_path: Path):
    lake = tmp_path / "lake"
    with working_on(lake), pytest.raises(ServeError, match=r"another DAGSTER_HOME.*hint: stop it"):
        working_on(lake).__enter__()
    with working_on(lake), working_on(None):
        assert not list(lake.iterdir()), "the lock leaves no file in the lake"

"""The services of a home: started once, started again when they end, and ended with their runs."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.locks import worker_of
from lakehouse.platform.local_runtime.service_state import HomeState, end_services, read_state
from lakehouse.platform.orchestration.run_tags import OUTSIDE_TAG

SECONDS = 240
"""Limit for every wait; a busy machine is slow."""
UP = (
    "from lakehouse.platform.local_runtime import services; serve = services.serve;"
    " services.serve = lambda *a, **k: serve("
    "*a, module='lakehouse_tests.platform.local_runtime.endless', **k);"
    " from lakehouse.cli import main; main()"
)
"""The command line with a small code location."""


class Home:
    """A Dagster home and the `lakehouse up` that serves it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.printed = folder.parent / "printed.txt"

    def up(self) -> "subprocess.Popen[bytes]":
        with self.printed.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", UP, "up", "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until(lambda: self.state().is_ready or process.poll() is not None, self.text)
        assert process.poll() is None, self.text()
        return process

    def state(self) -> HomeState:
        return read_state(self.folder) or HomeState(pid=0, url="", is_ready=False, services=())

    def pids(self) -> dict[str, int]:
        return {each.name: each.pid for each in self.state().services if each.pid}

    def worker(self) -> int:
        """Return the process of the only run; wait until it computes."""
        until(lambda: any(map(worker_of, (self.folder / "workers").glob("*"))), self.text)
        (pid,) = filter(None, map(worker_of, (self.folder / "workers").glob("*")))
        return pid

    def text(self) -> str:
        logs = sorted((self.folder / "services").glob("*.log"))
        return "\n".join(path.read_text()[-3000:] for path in [self.printed, *logs])

    def runs(self) -> list[dg.DagsterRun]:
        with prepare_instance(self.folder) as instance:
            return list(instance.get_runs())


def until(condition: Callable[[], bool], explain: Callable[[], str]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Return whether a process exists and is more than an entry that waits for its parent."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return done.stdout.strip()[:1] not in ("", "Z")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Return a home whose path has letters that URLs treat specially; end what serves it."""
    folder = tmp_path / "a b#ção" / "home"
    folder.parent.mkdir()
    for name in ("ROOT", "LANDING"):
        monkeypatch.setenv(f"LAKEHOUSE_{name}", str(tmp_path / name))
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("LAKEHOUSE_RUNTIME", "local")
    monkeypatch.setenv("LAKEHOUSE_DASHBOARD_PORT", "0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, sys.path)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = Home(folder, port)
    yield home
    end_services(folder, seconds=10)


def command(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == code, f"{words}\n{result.output}\n{result.exception!r}"
    return result.output


def test_services_are_started_once_restarted_when_they_end_and_ended_with_their_runs(home: Home):
    serving = home.up()
    first, worker = home.pids(), home.worker()
    assert set(first) == {"code", "daemon", "webserver"}

    second = command("up", "--port", str(home.port), code=1)
    assert f"already running for {home.folder}: pid {serving.pid}, http://127.0.0.1:" in second
    assert "hint: `lakehouse services` shows it, `lakehouse down` stops it" in second

    os.kill(first["daemon"], signal.SIGKILL)
    until(
        lambda: home.state().is_ready and home.pids()["daemon"] != first["daemon"],
        home.text,
    )
    assert is_alive(worker), "a run goes on while its daemon is started again"
    shown = {each.name: each for each in home.state().services}
    assert {name: each.restarts for name, each in shown.items()} == {
        "code": 0,
        "daemon": 1,
        "webserver": 0,
    }
    assert "was ended by signal SIGKILL" in (shown["daemon"].last_error or "")
    assert home.printed.read_text().count("warning: the daemon service was ended") == 1
    assert str(shown["daemon"].pid) in command("services")

    assert f"stopped: up (pid {serving.pid})" in command("down")
    assert serving.wait(SECONDS) == 143
    assert not any(map(is_alive, [worker, *first.values()]))
    assert not any(is_alive(each.pid) for each in shown.values() if each.pid)
    (run,) = home.runs()
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert run.tags[OUTSIDE_TAG] == "interrupted"
    assert "no services run" in command("services", code=1)

    serving = home.up()
    pids = home.pids()
    serving.kill()
    serving.wait()
    until(lambda: not any(map(is_alive, pids.values())), home.text)
    with socket.create_server(("127.0.0.1", home.port)):
        assert command("down").startswith("nothing to stop"), "the port is free"

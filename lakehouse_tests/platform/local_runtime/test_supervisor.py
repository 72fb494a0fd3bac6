"""A service that ends is started again with growing pauses; one that keeps ending is named."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime import supervisor as module
from lakehouse.platform.local_runtime.service_state import ServeError, read_state, serving
from lakehouse.platform.local_runtime.services import _run
from lakehouse.platform.local_runtime.supervisor import Service, Signals, Supervisor

SECONDS = 120


class Watched:
    """A supervisor in a thread, and what it reported."""

    def __init__(self, home: Path, body: str) -> None:
        (home / "pretended.py").write_text(body)
        self.messages: list[str] = []
        self.received = Signals()
        self.service = Service(name="daemon", command=["pretended", "word"])
        self.supervisor = Supervisor(
            home, "http://127.0.0.1:1", [self.service], self.received, self.messages.append
        )

    def watch(self, until: Callable[[], bool]) -> None:
        thread = threading.Thread(target=self._watch)
        thread.start()
        end = time.monotonic() + SECONDS
        while not until() and time.monotonic() < end:
            time.sleep(0.02)
        reached = until()
        self.received.stop = signal.SIGTERM
        thread.join(SECONDS)
        self.supervisor.stop(lambda _: None)
        assert reached, self.messages

    def _watch(self) -> None:
        self.supervisor.start_all()
        while not self.received.stop:
            self.supervisor._look_after(self.service)
            time.sleep(0.02)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a home that is served by this process, with short pauses."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[3]}")
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.2)
    with serving(tmp_path):
        yield tmp_path


def test_a_service_that_keeps_ending_is_named_once_with_the_end_of_its_log_and_a_hint(home: Path):
    watched = Watched(home, "import sys; print('the cause', sys.argv[1:], flush=True); sys.exit(3)")
    watched.watch(lambda: watched.service.restarts > module.MANY)
    first, many = watched.messages
    assert first == "the daemon service ended with exit code 3; it is started again"
    assert f"the daemon service ended {module.MANY} times in a row" in many
    assert "the cause ['word']" in many
    assert f"hint: remove the cause; the whole log is {home}/services/daemon.log" in many
    lines = (home / "services" / "daemon.log").read_text().splitlines()
    assert lines == ["the cause ['word']"] * len(lines)
    assert len(lines) > module.MANY, "the log outlives the processes of the service"


def test_a_clock_that_is_set_back_starts_the_daemon_again_with_one_message(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "CLOCK_SECONDS", 0.05)
    watched = Watched(home, "import time; time.sleep(600)")
    watched.supervisor.start_all()
    thread = threading.Thread(target=watched.supervisor.watch)
    thread.start()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600)
    end = time.monotonic() + SECONDS
    while not watched.service.restarts and time.monotonic() < end:
        time.sleep(0.02)
    watched.received.stop = signal.SIGTERM
    thread.join(SECONDS)
    watched.supervisor.stop(lambda _: None)
    (message,) = watched.messages
    assert message == (
        "the daemon service was ended because the clock was set back by 1:00:00; it is started"
        " again"
    )
    assert watched.service.restarts == 1


def test_what_ignores_sigterm_is_killed(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    body = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print('deaf', flush=True); time.sleep(600)"
    )
    watched = Watched(home, body)
    log = home / "services" / "daemon.log"
    watched.watch(lambda: log.exists() and "deaf" in log.read_text())
    assert watched.messages == []
    assert watched.service.process is None
    state = read_state(home)
    assert state is not None
    (service,) = state.services
    assert (service.name, service.restarts, service.last_error) == ("daemon", 0, None)


def test_a_service_that_cannot_start_is_an_error_with_the_end_of_its_log(home: Path):
    watched = Watched(home, "raise SystemExit('no such database')")
    watched.service.answers = lambda: False
    try:
        with pytest.raises(ServeError, match="no such database") as error:
            watched.supervisor.start_all()
    finally:
        watched.supervisor.stop(lambda _: None)
    assert "hint: the whole log is" in str(error.value)


def test_a_signal_to_restart_starts_every_service_again(home: Path):
    watched = Watched(home, "import time; time.sleep(600)")
    started: list[int] = []

    def announce() -> None:
        assert watched.service.process is not None
        started.append(watched.service.process.pid)
        if len(started) == 2:
            watched.received.stop = signal.SIGINT
        watched.received.restart = True

    ended = _run(watched.supervisor, watched.received, announce, lambda _: None)
    assert ended is signal.SIGINT
    assert len(set(started)) == 2
    assert watched.messages == []


def test_a_service_that_starts_at_once_does_not_wait_for_those_in_front_of_it(home: Path):
    (home / "early.py").write_text("open('early', 'w').close()\nimport time\ntime.sleep(600)\n")
    (home / "late.py").write_text("import time\ntime.sleep(600)\n")
    monitored = [
        Service(name="code", command=["late"], answers=(home / "early").exists),
        Service(name="webserver", command=["early"], starts_at_once=True),
    ]
    received, messages = Signals(), list[str]()
    supervisor = Supervisor(home, "http://127.0.0.1:1", monitored, received, messages.append)
    with contextlib.chdir(home):
        try:
            supervisor.start_all()
        finally:
            supervisor.stop(lambda _: None)
    assert (home / "early").exists()
    assert not messages

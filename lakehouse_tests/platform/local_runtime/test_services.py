"""The services of a Dagster home."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse.cli.services import _will_pass
from lakehouse.platform.local_runtime import services
from lakehouse.platform.local_runtime.service_state import ServeError
from lakehouse.platform.local_runtime.services import serve

DEPLOY = Path(__file__).parents[3] / "deploy"


def test_a_port_in_use_is_rejected_with_a_hint(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"Port {port} .*LAKEHOUSE_PORT"):
            serve("127.0.0.1", port, tmp_path)
    assert not list(tmp_path.glob("history"))


PRETEND = (
    "from lakehouse.platform.local_runtime import runtime;"
    " runtime.installed_release = lambda: '1.14.0';"
    " from lakehouse.cli import main; main()"
)
"""Runs the command line as if a later Dagster were installed."""


@pytest.mark.slow
def test_the_services_start_with_an_untested_release_and_one_warning(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PRETEND, "up", "--port", str(port)]
    serving = subprocess.Popen(
        command,
        env={
            **os.environ,
            "DAGSTER_HOME": str(tmp_path / "home"),
            "LAKEHOUSE_RUNTIME": "local",
            "LAKEHOUSE_DASHBOARD_PORT": "0",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert serving.stdout is not None
        ready = serving.stdout.readline()
        log = tmp_path / "home" / "services" / "daemon.log"
        end = time.monotonic() + 60
        while ready and time.monotonic() < end:
            if log.exists() and "SensorDaemon" in log.read_text():
                break
            time.sleep(0.1)  # nobody waits for the daemon before the URLs are printed
        serving.send_signal(signal.SIGINT)
        _, errors = serving.communicate(timeout=60)
    finally:
        if serving.poll() is None:
            os.killpg(serving.pid, signal.SIGKILL)
    assert f"http://127.0.0.1:{port}" in ready, errors
    assert serving.returncode == 130
    assert errors.count("warning: ") == 1
    assert "Dagster 1.14.0 is installed" in errors
    assert "SensorDaemon" in log.read_text()


def test_a_database_that_is_away_is_waited_for_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copy(DEPLOY / "dagster-s3.yaml", tmp_path / "dagster.yaml")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = f"127.0.0.1:{port}/records"
    address = f"postgresql+psycopg2://nobody:nothing@{place}"  # pragma: allowlist secret
    monkeypatch.setenv("LAKEHOUSE_DAGSTER_DSN", address)
    monkeypatch.setenv("LAKEHOUSE_LOG_BUCKET", "logs")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr(services, "FIRST_PAUSE", 0.01)
    errors: list[Exception] = []
    messages: list[str] = []

    def will_pass(error: Exception) -> bool:
        errors.append(error)
        if len(errors) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return _will_pass(error)

    hooks = services.Hooks(report=messages.append, will_pass=will_pass)
    assert services.serve("127.0.0.1", port, tmp_path, hooks=hooks) is signal.SIGTERM
    (message,) = messages
    assert "this is tried again until it succeeds" in message
    assert "Connection refused" in message
    assert "nothing" not in message, "the password"

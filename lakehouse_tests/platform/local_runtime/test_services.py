"""The services of a Dagster home."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime.service_state import ServeError
from lakehouse.platform.local_runtime.services import serve


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
    services = subprocess.Popen(
        command,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path / "home"), "LAKEHOUSE_RUNTIME": "local"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert services.stdout is not None
        ready = services.stdout.readline()
        services.send_signal(signal.SIGINT)
        _, errors = services.communicate(timeout=60)
    finally:
        if services.poll() is None:
            os.killpg(services.pid, signal.SIGKILL)
    assert f"http://127.0.0.1:{port}" in ready, errors
    assert services.returncode == 130
    assert errors.count("warning: ") == 1
    assert "Dagster 1.14.0 is installed" in errors
    log = (tmp_path / "home" / "services" / "daemon.log").read_text()
    assert "SensorDaemon" in log

"""Start the web server, the daemon and the code server of a Dagster home, and stop them."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from lakehouse.platform.local_runtime.instance import prepare_instance

START_SECONDS = 180.0
STOP_SECONDS = 25.0
LOGS = "services"
"""Folder of the services' logs; a folder named ``logs`` is read by Dagster's telemetry."""
SHOWN_LOG_LINES = 15


class ServeError(RuntimeError):
    """A service cannot be started, or ended by itself; the message names the cause."""


def serve(
    host: str,
    port: int,
    home: Path,
    module: str = "lakehouse.definitions",
    wanted: str | None = None,
    echo: Callable[[str], None] = print,
) -> None:
    """Run the code server, the web server and the daemon until Ctrl-C or SIGTERM.

    Each service is a child in its own session, so Ctrl-C in a terminal reaches this process only,
    which then stops the services in order. Their output goes to ``<home>/services``.

    Args:
        host: address that the web server listens on.
        port: port that the web server listens on.
        home: Dagster's home folder.
        module: the module with the definitions.
        wanted: `local` or `stock`; the setting ``LAKEHOUSE_RUNTIME`` when not given.
        echo: prints the line with the URL when all services are ready.

    Raises:
        ServeError: the port is taken, or a service did not start or ended by itself.
    """
    _require_free(host, port)
    prepare_instance(home, wanted).dispose()
    home = home.absolute()
    shown_host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    url = f"http://{shown_host}:{port}"
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_signal())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lakehouse-")))
        services = stack.enter_context(_services(home / LOGS))
        code_socket = folder / "code.sock"
        workspace = folder / "workspace.yaml"
        workspace.write_text(
            f"load_from:\n  - grpc_server: {{socket: {code_socket}, location_name: lakehouse}}\n"
        )
        services.start(
            "code", ["dagster", "code-server", "start", "-m", module, "--socket", str(code_socket)]
        )
        services.wait(lambda: _answers_grpc(code_socket), stopped)
        services.start("daemon", ["lakehouse.platform.local_runtime.daemon", "-w", str(workspace)])
        services.start(
            "webserver",
            [
                "lakehouse.platform.local_runtime.webserver",
                "-h",
                host,
                "-p",
                str(port),
                "-w",
                str(workspace),
            ],
        )
        services.wait(lambda: _answers_http(f"{url}/server_info"), stopped)
        if not stopped():
            echo(f"Dagster UI: {url}  (logs: {home / LOGS}; Ctrl-C stops)")
        services.wait(lambda: False, stopped, limit=float("inf"))


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"Port {port} on {host} cannot be used: {error.strerror}."
                " hint: stop the program that listens there, or set LAKEHOUSE_PORT"
            ) from error


def _answers_http(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _answers_grpc(code_socket: Path) -> bool:
    """Return whether the code server answers the standard health check of gRPC."""
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    if not code_socket.exists():
        return False
    with grpc.insecure_channel(f"unix:{code_socket}") as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(service="DagsterApi"), timeout=2)
        except grpc.RpcError:
            return False
    return bool(answer.status == HealthCheckResponse.SERVING)


@contextmanager
def _stop_signal() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C or SIGTERM was received."""
    seen: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        seen.append(number)

    before = {name: signal.signal(name, remember) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(seen)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class _Services:
    """The started services and their log files."""

    def __init__(self, logs: Path):
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, arguments: list[str]) -> None:
        with self._log(name).open("wb") as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(
        self, ready: Callable[[], bool], stopped: Callable[[], bool], limit: float = START_SECONDS
    ) -> None:
        """Wait until `ready()` or `stopped()` is true.

        Raises:
            ServeError: a service ended, or `limit` seconds passed.
        """
        end = time.monotonic() + limit
        while not stopped() and not ready():
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise ServeError(
                        f"The {name} service ended with exit code {child.returncode}."
                        f" Last lines of {self._log(name)}:\n{self._tail(name)}"
                    )
            if time.monotonic() > end:
                raise ServeError(
                    f"The services did not start within {limit:.0f} s. hint: read {self._logs}"
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """Terminate the services, the last started first, then kill what remains of them."""
        children = list(reversed(self._children.values()))
        for child in children:
            child.terminate()
        end = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _tail(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(lines[-SHOWN_LOG_LINES:])


@contextmanager
def _services(logs: Path) -> Iterator[_Services]:
    services = _Services(logs)
    try:
        yield services
    finally:
        services.stop()

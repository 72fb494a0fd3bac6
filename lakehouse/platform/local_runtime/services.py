"""Serve a Dagster home: its web server, its daemon and its code server, until a signal to stop."""

import os
import signal
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.service_state import (
    FOLDER,
    ServeError,
    read_state,
    serving,
    working_on,
)
from lakehouse.platform.local_runtime.supervisor import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    RESTART,
    Service,
    Signals,
    Supervisor,
    signals,
)

if TYPE_CHECKING:
    from dagster import DagsterInstance

INTERRUPT_SECONDS = 1.5
"""How long runs may take to be recorded as interrupted before they are signalled."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A web application that is served beside the Dagster UI."""

    name: str
    """Name in messages and of the log file."""
    module: str
    """Module that is run with ``--host`` and ``--port``."""
    port: int
    health: str
    """Path that answers 200 when the application is ready."""
    path: str
    """Path of the page that people open first."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What the caller of `serve` does at certain moments."""

    echo: Callable[[str], None] = print
    """Prints the lines with the URLs when all services are ready."""
    report: Callable[[str], None] = print
    """Prints a warning."""
    before_start: "Callable[[DagsterInstance], None]" = lambda _: None
    """Called with the instance before any service runs."""
    interrupt_runs: Callable[[list[str]], None] = lambda _: None
    """Records runs, given by their ids, as interrupted."""
    will_pass: Callable[[Exception], bool] = lambda _: False
    """Returns whether an error of opening the instance will pass, so that it is tried again."""


NO_HOOKS = Hooks()


def serve(
    host: str,
    port: int,
    home: Path,
    module: str = "lakehouse.definitions",
    wanted: str | None = None,
    hooks: Hooks = NO_HOOKS,
    *,
    lake: Path | None = None,
    pages: Sequence[Page] = (),
    verbose: bool = False,
    as_json: bool = False,
) -> signal.Signals:
    """Run the code server, the web server and the daemon until a signal; return the signal.

    Each service is a child in its own session, so Ctrl-C in a terminal reaches this process only,
    which then ends runs and services. A service that ends by itself is started again. SIGUSR1
    starts all of them again. Their output goes to ``<home>/services``.

    Args:
        host: address that the web server listens on.
        port: port that the web server listens on.
        home: Dagster's home folder.
        module: the module with the definitions.
        wanted: `local` or `stock`; the setting ``LAKEHOUSE_RUNTIME`` when not given.
        hooks: what the caller does at certain moments.
        lake: local folder of the lake, on which no other home may work at the same time.
        pages: web applications to serve on the same address.
        verbose: log also evaluations that found nothing, and copy the logs to stderr.
        as_json: write the logs as JSON lines.

    Raises:
        ServeError: home or lake are served already, the port is taken, or a service did not start.
    """
    home = home.absolute()
    with ExitStack() as stack:
        stack.enter_context(serving(home))
        stack.enter_context(working_on(lake))
        for taken in (port, *(page.port for page in pages)):
            _require_free(host, taken)
        received = stack.enter_context(signals())
        instance = _opened(home, wanted, hooks, received)
        if instance is None:
            return received.stop or signal.SIGTERM
        hooks.before_start(instance)
        instance.dispose()
        shown_host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
        shown_host = f"[{shown_host}]" if ":" in shown_host else shown_host
        url = f"http://{shown_host}:{port}"
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lakehouse-")))
        services = _services(folder, host, port, url, module, as_json=as_json)
        for page in pages:
            services.append(_page_service(page, host, f"http://{shown_host}:{page.port}"))
        addresses = [
            *(f"{page.name}: http://{shown_host}:{page.port}{page.path}" for page in pages),
            f"Dagster UI: {url}  (logs: {home / FOLDER}; Ctrl-C stops)",
        ]
        supervisor = Supervisor(
            home, url, services, received, hooks.report, verbose=verbose, as_json=as_json
        )
        return _run(
            supervisor,
            received,
            lambda: hooks.echo("\n".join(addresses)),
            lambda runs: _within(INTERRUPT_SECONDS, lambda: hooks.interrupt_runs(runs)),
        )


def _opened(
    home: Path, wanted: str | None, hooks: Hooks, received: Signals
) -> "DagsterInstance | None":
    """Open the instance, again and again while its database is away; None after a signal."""
    pause = FIRST_PAUSE
    while not received.stop:
        try:
            return prepare_instance(home, wanted)
        except Exception as error:
            if not hooks.will_pass(error):
                raise
            if pause == FIRST_PAUSE:
                hooks.report(
                    "Dagster's records cannot be opened; this is tried again until it succeeds:"
                    f" {_first_cause(error)}"
                )
        received.wait(pause)
        pause = min(LONGEST_PAUSE, 2 * pause)
    return None


def _first_cause(error: BaseException) -> str:
    """Return the first line of the error that caused an error, directly or not."""
    while behind := error.__cause__ or error.__context__:
        error = behind
    return str(error).partition("\n")[0]


def _run(
    supervisor: Supervisor,
    received: Signals,
    announce: Callable[[], None],
    interrupt_runs: Callable[[list[str]], None],
) -> signal.Signals:
    """Start the services, look after them, and start again at each signal to restart."""
    while True:
        received.restart = False
        try:
            supervisor.start_all()
            if supervisor.is_ready:
                announce()
            supervisor.watch()
        finally:
            supervisor.stop(interrupt_runs)
        if received.stop:
            return received.stop


def restart(home: Path) -> int:
    """Let the `lakehouse up` of a home start its services again; return its process id.

    Raises:
        ServeError: no `lakehouse up` serves this home.
    """
    state = read_state(home)
    if state is None or not state.pid:
        raise ServeError(f"No services run for {home}. hint: start them with `lakehouse up`")
    os.kill(state.pid, RESTART)
    return state.pid


def _services(
    folder: Path, host: str, port: int, url: str, module: str, *, as_json: bool
) -> list[Service]:
    """Return the services; `folder` gets the socket of the code server and the workspace file.

    The web server imports its libraries while the code server loads the definitions.
    """
    code_socket = folder / "code.sock"
    workspace = folder / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server: {{socket: {code_socket}, location_name: lakehouse}}\n"
    )
    form = ["--log-format", "json"] if as_json else []
    code = ["dagster", "code-server", "start", "-m", module, "--socket", str(code_socket), *form]
    daemon = ["lakehouse.platform.local_runtime.daemon", "-w", str(workspace), *form]
    webserver = [
        "lakehouse.platform.local_runtime.webserver",
        *("--after", str(code_socket)),
        *("-h", host, "-p", str(port), "-w", str(workspace)),
        *form,
    ]
    return [
        Service(name="code", command=code, answers=lambda: answers_grpc(code_socket)),
        Service(name="daemon", command=daemon),
        Service(
            name="webserver",
            command=webserver,
            answers=lambda: _answers_http(f"{url}/server_info"),
            port=port,
            starts_at_once=True,
        ),
    ]


def _page_service(page: Page, host: str, url: str) -> Service:
    return Service(
        name=page.name,
        command=[page.module, "--host", host, "--port", str(page.port)],
        answers=lambda: _answers_http(f"{url}{page.health}"),
        port=page.port,
    )


def _within(seconds: float, task: Callable[[], None]) -> None:
    """Call a function in a thread and wait for it for a limited time."""
    thread = threading.Thread(target=task, daemon=True)
    thread.start()
    thread.join(seconds)


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"Port {port} on {host} cannot be used: {error.strerror}."
                " hint: stop the program that listens there, or set LAKEHOUSE_PORT or"
                " LAKEHOUSE_DASHBOARD_PORT"
            ) from error


def _answers_http(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def answers_grpc(code_socket: Path) -> bool:
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

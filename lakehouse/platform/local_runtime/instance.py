"""Dagster's home: where it is, how it is made, how it is served, how it is kept small."""

import datetime as dt
import os
import shutil
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
from typing import TYPE_CHECKING

from lakehouse.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

CONFIG = Path(__file__).parents[3] / "dagster.yaml"
START_SECONDS = 180.0
STOP_SECONDS = 25.0
LOGS = "services"
"""Folder of what the services say; Dagster takes one named ``logs`` for telemetry to be sent."""


class ServeError(RuntimeError):
    """The services cannot be started or one of them ended; the message says why."""


def home() -> Path:
    """Dagster's home folder, absolute."""
    return Settings.from_env().home


def prepare_instance(home: Path) -> "DagsterInstance":
    """Make ``home`` a Dagster home and open it once, before services race to create its files.

    A ``dagster.yaml`` that is there stays as it is. ``DAGSTER_HOME`` of this process and its
    children is ``home`` from now on.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        shutil.copyfile(CONFIG, config)
    os.environ["DAGSTER_HOME"] = str(home)

    from dagster import DagsterInstance

    return DagsterInstance.from_config(str(home))


def prune_runs(
    instance: "DagsterInstance", older_than: dt.timedelta, dry_run: bool = False
) -> list[str]:
    """Delete runs that ended longer ago than ``older_than``; give their ids, oldest first.

    What a run materialized stays known: the embedded storage keeps the newest materialization of
    every asset and partition. Other storages forget it with the run, so there only runs without a
    materialization are deleted.
    """
    from dagster import DagsterEventType, RunsFilter
    from dagster._core.storage.dagster_run import FINISHED_STATUSES

    from lakehouse.platform.local_runtime.run_storage import EventLog

    before = dt.datetime.now(dt.UTC) - older_than
    keeps = isinstance(instance.event_log_storage, EventLog)
    finished = RunsFilter(statuses=list(FINISHED_STATUSES), updated_before=before)
    pruned = [
        record.dagster_run.run_id
        for record in reversed(instance.get_run_records(finished))
        if keeps
        or not instance.all_logs(
            record.dagster_run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION
        )
    ]
    if not dry_run:
        for run_id in pruned:
            instance.delete_run(run_id)
    return pruned


def serve(
    host: str,
    port: int,
    home: Path,
    module: str = "lakehouse.definitions",
    echo: Callable[[str], None] = print,
) -> None:
    """Run the code server, the web server and the daemon until Ctrl-C or SIGTERM.

    Each is a child in a session of its own, so Ctrl-C in a terminal reaches this process only,
    which then stops them in order. What they say goes to ``<home>/services``.

    Raises:
        ServeError: the port is taken, or a service did not start or ended by itself.
    """
    _require_free(host, port)
    prepare_instance(home).dispose()
    home = home.absolute()
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_signal())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lakehouse-")))
        services = stack.enter_context(_services(home / LOGS))
        place = folder / "code.sock"
        workspace = folder / "workspace.yaml"
        workspace.write_text(
            f"load_from:\n  - grpc_server: {{socket: {place}, location_name: lakehouse}}\n"
        )
        services.start(
            "code", ["dagster", "code-server", "start", "-m", module, "--socket", str(place)]
        )
        services.wait(lambda: _answers_grpc(place), stopped)
        services.start("daemon", ["lakehouse.platform.local_runtime.daemon", "-w", str(workspace)])
        services.start(
            "webserver",
            ["dagster_webserver", "-h", host, "-p", str(port), "-w", str(workspace)],
        )
        services.wait(lambda: _answers_http(f"{url}/server_info"), stopped)
        if not stopped():
            echo(f"the Dagster UI: {url}  (logs: {home / LOGS}; Ctrl-C stops)")
        services.wait(lambda: False, stopped, limit=float("inf"))


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"Port {port} on {host} cannot be used ({error.strerror});"
                " stop what listens there or set LAKEHOUSE_PORT"
            ) from error


def _answers_http(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _answers_grpc(place: Path) -> bool:
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    if not place.exists():
        return False
    try:
        DagsterGrpcClient(socket=str(place)).ping("")
    except DagsterUserCodeUnreachableError:
        return False
    return True


@contextmanager
def _stop_signal() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM has come, asked by calling."""
    seen: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        seen.append(number)

    before = {name: signal.signal(name, note) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(seen)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class _Services:
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
        """Wait until ``ready`` or ``stopped``, while every service lives."""
        end = time.monotonic() + limit
        while not stopped() and not ready():
            for name, child in self._children.items():
                if child.poll() is not None:
                    raise ServeError(
                        f"The {name} service ended with code {child.returncode};"
                        f" the end of {self._log(name)}:\n{self._tail(name)}"
                    )
            if time.monotonic() > end:
                raise ServeError(f"The services did not start in {limit:.0f} s; see {self._logs}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask the services to end, the last started first; kill what is left of their sessions."""
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
        return "\n".join(lines[-15:])


@contextmanager
def _services(logs: Path) -> Iterator[_Services]:
    services = _Services(logs)
    try:
        yield services
    finally:
        services.stop()

"""Starts a run in a process forked from a warm one, and knows whether it still lives.

The default launcher starts an interpreter per run and imports everything anew: seconds on a laptop.
Here a server process has libraries and tables in memory (:mod:`lakehouse.platform.local_runtime.preload`) and a run
is a fork of it, which loads the tables again when their code was edited meanwhile.

While a run lives, its worker holds a lock on ``$DAGSTER_HOME/workers/<run id>``. The kernel frees
the lock however the worker ends, so run monitoring finds a dead run without trusting process
numbers. A run outlives a killed daemon; a daemon that stops in order stops its runs first.
"""

import contextlib
import fcntl
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Mapping
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, DagsterRun
from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher.base import (
    CheckRunHealthResult,
    LaunchRunContext,
    RunLauncher,
    WorkerStatus,
)
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, ConfigurableClassData, serialize_value
from dagster._utils.interrupts import capture_interrupts

START_SECONDS = 120.0
STOP_SECONDS = 15.0

_context = multiprocessing.get_context("forkserver")


def warm() -> None:
    """Start the server that workers are forked from, so that the first run need not wait for it."""
    _context.set_forkserver_preload(["lakehouse.platform.local_runtime.preload"])
    forkserver.ensure_running()


@contextlib.contextmanager
def alive(path: Path) -> Iterator[None]:
    """Say for the length of the block that this process works on ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        path.unlink(missing_ok=True)


def worker_of(path: Path) -> int | None:
    """Number of the process that holds ``path``; None when there is none."""
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0) or None
    except FileNotFoundError:
        pass
    return None


def work(args: ExecuteRunArgs, path: Path, started: connection.Connection) -> None:
    """Carry out one run in this process, with the tables as they are on disk now."""
    from dagster._cli.api import execute_run_command

    from lakehouse.platform.local_runtime import preload as loaded

    loaded.forget_edited(loaded.LOADED)

    execute = execute_run_command.callback
    assert execute is not None  # noqa: S101
    with capture_interrupts(), alive(path):
        started.send(os.getpid())
        started.close()
        execute(serialize_value(args), None)


class PreloadedLauncher(RunLauncher, ConfigurableClass):
    """Runs on this machine, each in a fork of a warm process."""

    def __init__(self, inst_data: ConfigurableClassData | None = None):
        self._inst_data = inst_data
        self._workers: dict[str, Any] = {}
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PreloadedLauncher":
        return cls(inst_data=inst_data, **config_value)

    @property
    def _ref(self) -> InstanceRef:
        return self._instance.get_ref()

    def _path(self, run_id: str) -> Path:
        return worker_path(self._instance, run_id)

    def launch_run(self, context: LaunchRunContext) -> None:
        run = context.dagster_run
        if run.job_code_origin is None:
            raise DagsterLaunchFailedError(f"Run {run.run_id} does not say where its code is")
        warm()
        args = ExecuteRunArgs(
            job_origin=run.job_code_origin, run_id=run.run_id, instance_ref=self._ref
        )
        reader, writer = _context.Pipe(duplex=False)
        worker = _context.Process(target=work, args=(args, self._path(run.run_id), writer))
        worker.start()
        writer.close()
        self._forget_finished()
        self._workers[run.run_id] = worker
        with reader:
            if not self._has_started(reader):
                worker.kill()
                raise DagsterLaunchFailedError(
                    f"The worker of run {run.run_id} did not start (exit code {worker.exitcode});"
                    " the log of the daemon says why"
                )

    @staticmethod
    def _has_started(reader: connection.Connection) -> bool:
        try:
            return reader.poll(START_SECONDS) and bool(reader.recv())
        except EOFError:
            return False

    def _forget_finished(self) -> None:
        for run_id, worker in list(self._workers.items()):
            if not worker.is_alive():
                worker.join()
                self._workers.pop(run_id, None)

    def terminate(self, run_id: str) -> bool:
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        worker = worker_of(self._path(run_id))
        if worker is None:
            self._instance.report_engine_event("The run has no living worker to stop", run)
            return False
        os.kill(worker, signal.SIGINT)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        if worker_of(self._path(run.run_id)):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.NOT_FOUND, "the process of the run is gone", transient=False
        )

    def dispose(self) -> None:
        """Stop the runs that this process started; those that do not listen are killed."""
        self._forget_finished()
        for worker in self._workers.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._workers.values():
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                worker.kill()
                worker.join()
        self._workers.clear()


def launcher_of(instance: DagsterInstance) -> PreloadedLauncher | None:
    """The instance's launcher, when it is this one."""
    return instance.run_launcher if isinstance(instance.run_launcher, PreloadedLauncher) else None


def working(instance: DagsterInstance, run_id: str) -> contextlib.AbstractContextManager[None]:
    """Say that this process carries out a run itself, so that run monitoring sees it alive."""
    if launcher_of(instance) is None:
        return contextlib.nullcontext()
    return alive(worker_path(instance, run_id))


def worker_path(instance: DagsterInstance, run_id: str) -> Path:
    """The file that the worker of a run holds."""
    return Path(instance.root_directory) / "workers" / run_id

"""A run launcher that starts each run in a fork of a preloaded process.

The default launcher starts an interpreter per run and imports every library again, which takes
seconds on a laptop. Here a fork server has the libraries and the tables in memory
(:mod:`lakehouse.platform.local_runtime.preload`), and each run is a preloaded worker: a fork of
this server, which loads the tables again if their code was edited since.

A worker holds the lock file of its run (:mod:`lakehouse.platform.local_runtime.workers`), so run
monitoring finds a dead run. A run survives a daemon that is killed; a daemon that stops in order
stops its runs first.
"""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from multiprocessing import connection
from pathlib import Path
from typing import Any

from dagster import DagsterRun
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

from lakehouse.platform.local_runtime.fork_server import processes, start_fork_server
from lakehouse.platform.local_runtime.locks import hold, worker_of
from lakehouse.platform.local_runtime.workers import worker_path

START_SECONDS = 120.0
STOP_SECONDS = 2.0
"""How long runs may take to end in order when the daemon stops."""


def execute_run(args: ExecuteRunArgs, path: Path, started: connection.Connection) -> None:
    """Execute one run in this process, with the code that is on disk now.

    Args:
        args: the run, its job and its instance.
        path: lock file of the run.
        started: receives this process's id once the lock is held.
    """
    from dagster._cli.api import execute_run_command

    from lakehouse.platform.local_runtime import preload
    from lakehouse.platform.local_runtime.lifeline import end_with_services

    end_with_services()
    preload.unload_if_edited(preload.LOADED)
    execute = execute_run_command.callback
    assert execute is not None  # noqa: S101
    with capture_interrupts(), hold(path):
        started.send(os.getpid())
        started.close()
        execute(serialize_value(args), None)


class PreloadedLauncher(RunLauncher, ConfigurableClass):
    """Start each run on this machine in a fork of a preloaded process."""

    locks_every_run = True
    """Each run's lock file is held from before the run starts until it ends."""

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
            raise DagsterLaunchFailedError(f"Run {run.run_id} has no code origin")
        start_fork_server()
        args = ExecuteRunArgs(
            job_origin=run.job_code_origin, run_id=run.run_id, instance_ref=self._ref
        )
        reader, writer = processes.Pipe(duplex=False)
        worker = processes.Process(target=execute_run, args=(args, self._path(run.run_id), writer))
        worker.start()
        writer.close()
        self._forget_finished()
        self._workers[run.run_id] = worker
        with reader:
            if not self._has_started(reader):
                worker.kill()
                raise DagsterLaunchFailedError(
                    f"The worker of run {run.run_id} did not start (exit code {worker.exitcode})."
                    " hint: read the log of the daemon"
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
            self._instance.report_engine_event(
                "The run has no running worker that could be stopped", run
            )
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
            WorkerStatus.NOT_FOUND, "The process of the run is gone", transient=False
        )

    def dispose(self) -> None:
        """Interrupt the runs that this process started; kill those that do not end in time."""
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

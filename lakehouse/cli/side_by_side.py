"""Ingest several domains at once, each in a process of its own.

Domains share no table, so their runs need not wait for each other. The processes are forks of one
that has the libraries in memory; they report to the command, which alone prints.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.cli.interrupts import interruptible
from lakehouse.cli.messages import CommandError, one_line
from lakehouse.cli.progress import RunProgress, bars
from lakehouse.platform.local_runtime.fork_server import processes, start_fork_server

if TYPE_CHECKING:
    from lakehouse.cli.ingestion import Ingested, Request
    from lakehouse.platform.orchestration.local_runs import RunResult, StepResult
    from lakehouse.platform.orchestration.planning import DueBatch

AT_ONCE = 2
"""Domains that are ingested at once: as many runs as the daemon executes at once."""
END_SECONDS = 3.8
"""How long the processes may take to end after an interrupt; a little less than the command."""


class _Reports:
    """Sends the progress of a process to the command."""

    def __init__(self, to: connection.Connection) -> None:
        self._to = to

    def batch(self, due: "DueBatch", steps: int) -> None:
        self._send("start", f"{due.batch.first} to {due.batch.last}", steps)

    def step(self, step: "StepResult") -> None:
        self._send("step", step)

    def ended(self, ran: "RunResult") -> None:
        self._send("ended", ran)

    def result(self, result: "Ingested | Exception") -> None:
        """Send what the process did, or its error."""
        self._send("result", result)

    def _send(self, kind: str, *content: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # a killed command ends this process anyway
            self._to.send((kind, content))


@dataclass(eq=False)
class _Worker:
    """The process that ingests a domain, and its result."""

    domain: str
    process: BaseProcess
    reports: connection.Connection
    progress: RunProgress
    result: "Ingested | Exception | None" = None

    def receive(self) -> bool:
        """Show the next report, or keep the result; return whether the process goes on."""
        try:
            kind, content = self.reports.recv()
        except EOFError:
            self.process.join()
            self.progress.close()
            return False
        if kind == "result":
            (self.result,) = content
        else:
            getattr(self.progress, kind)(*content)
        return True

    def ingested(self) -> "Ingested":
        """Return the result of the process.

        Raises:
            CommandError: the process ended without a result.
            Exception: what the process raised.
        """
        if self.result is None:
            raise CommandError(
                f"the process of {self.domain} ended early, with exit code {self.process.exitcode}",
                "repeat the command: it goes on with what is left",
            )
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def ingest_side_by_side(domains: Sequence[str], request: "Request") -> "list[Ingested]":
    """Ingest domains, two at a time, show progress, and return what was done, in their order.

    Ctrl-C and SIGTERM end the processes and cancel their runs. When a domain fails, the others are
    finished first.

    Raises:
        CommandError: the process of a domain ended early.
        Exception: the first error of a domain.
    """
    start_fork_server()
    waiting = list(domains)
    workers: list[_Worker] = []
    interrupted = threading.Event()

    def end() -> None:
        interrupted.set()
        _end(workers)

    with bars() as shown, interruptible(end):
        running: dict[connection.Connection, _Worker] = {}
        while (waiting or running) and not interrupted.is_set():
            while waiting and len(running) < AT_ONCE:
                worker = _start(waiting.pop(0), request, RunProgress(shown))
                workers.append(worker)
                running[worker.reports] = worker
            for ready in connection.wait(list(running)):
                if not running[ready].receive():  # type: ignore[index]
                    del running[ready]  # type: ignore[arg-type]
        if interrupted.is_set():
            threading.Event().wait()  # the other thread ends this process
    return [worker.ingested() for worker in workers]


def _start(domain: str, request: "Request", progress: RunProgress) -> _Worker:
    reading, writing = processes.Pipe(duplex=False)
    arguments = (domain, request, dict(os.environ), str(Path.cwd()), writing)
    process = processes.Process(target=_ingest, args=arguments, name=f"ingest {domain}")
    process.start()
    writing.close()
    return _Worker(domain, process, reading, progress)


def _ingest(
    domain: str,
    request: "Request",
    environment: Mapping[str, str],
    folder: str,
    to: connection.Connection,
) -> None:
    """Ingest a domain in this process, with the environment of the command."""
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    os.setpgid(0, 0)  # Ctrl-C reaches the command alone, which ends this process
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from lakehouse.cli.ingestion import ingest_domain
    from lakehouse.cli.instances import interruptible_instance
    from lakehouse.platform.tables.registry import load_domain

    reports = _Reports(to)
    try:
        with interruptible_instance(request.settings, is_part=True) as instance:
            result = ingest_domain(load_domain(domain), request, instance, reports)
        reports.result(result)
    except Exception as error:  # noqa: BLE001  raised again by the command
        reports.result(_sendable(error))


def _end_with_the_command() -> None:
    """Interrupt this process when the command has ended, also when it was killed."""
    command = multiprocessing.parent_process()
    if command is not None:
        command.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _sendable(error: Exception) -> Exception:
    """Return an error that another process can read, with its traceback as a note."""
    try:
        error.add_note(traceback.format_exc())
        pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    except Exception:  # noqa: BLE001  whatever the classes of a library raise
        return RuntimeError(one_line(error))
    return error


def _end(workers: Sequence[_Worker]) -> None:
    """End the processes, which cancel their runs, and wait until they ended."""
    alive: list[Any] = [each.process for each in workers if each.process.is_alive()]
    for process in alive:
        os.kill(process.pid, signal.SIGTERM)
    until = time.monotonic() + END_SECONDS
    for process in alive:
        process.join(max(0.0, until - time.monotonic()))

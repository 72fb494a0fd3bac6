"""Keeps the services of a home running: starts them again when they end, and ends them in time."""

import datetime as dt
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from lakehouse.platform.local_runtime.locks import RUN_LOCKS, worker_of
from lakehouse.platform.local_runtime.service_log import ServiceLog
from lakehouse.platform.local_runtime.service_state import (
    FOLDER,
    HomeState,
    ServeError,
    ServiceState,
    now,
    write_state,
)

START_SECONDS = 180.0
STOP_SECONDS = 3.0
"""How long services and runs may take to end in order; what remains is killed."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a service is started again: doubled at each end in a row."""
HEALTHY_SECONDS = 120.0
"""A service that ran this long starts again after the first pause."""
MANY = 4
"""Ends in a row after which a service is reported to end repeatedly."""
CLOCK_SECONDS = 10.0
"""Seconds between two looks at the clock of the machine."""
SET_BACK_SECONDS = 30.0
"""From how many seconds on a clock that was set back matters to the daemon."""
RESTART = signal.SIGUSR1
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Remembers the signals that this process receives, and waits for the next one."""

    def __init__(self) -> None:
        self.stop: signal.Signals | None = None
        self.restart = False
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)

    def remember(self, number: int, _: FrameType | None) -> None:
        """Handle a signal."""
        if number in STOPS and self.stop is None:
            self.stop = signal.Signals(number)
        elif number == RESTART:
            self.restart = True

    def wait(self, seconds: float) -> None:
        """Wait until a signal arrives or the seconds passed."""
        if select.select([self._reading], [], [], seconds)[0]:
            os.read(self._reading, 4096)


@contextmanager
def signals() -> Iterator[Signals]:
    """Receive signals for the length of the block."""
    received = Signals()
    numbers = (*STOPS, RESTART, signal.SIGCHLD)
    before = {number: signal.signal(number, received.remember) for number in numbers}
    earlier = signal.set_wakeup_fd(received._writing, warn_on_full_buffer=False)
    try:
        yield received
    finally:
        signal.set_wakeup_fd(earlier)
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(kw_only=True)
class Service:
    """One service: how it is started, and its present process.

    Args:
        name: name in messages and of the log file.
        command: module and arguments.
        answers: returns whether the service is ready.
        port: port that it listens on; None when it has none.
        starts_at_once: it is started before the earlier services are ready, because it waits for
            them itself.
    """

    name: str
    command: Sequence[str]
    answers: Callable[[], bool] = lambda: True
    port: int | None = None
    starts_at_once: bool = False
    log: ServiceLog | None = None
    process: "subprocess.Popen[bytes] | None" = None
    is_ready: bool = False
    since: str = ""
    restarts: int = 0
    last_error: str | None = None
    started_at: float = 0.0
    ends_in_a_row: int = 0
    next_start: float | None = None
    sessions: set[int] = field(default_factory=set)

    def state(self) -> ServiceState:
        """Return what `lakehouse services` shows."""
        started = "running" if self.is_ready else "starting"
        return ServiceState(
            name=self.name,
            state=started if self.process else "waiting",
            pid=self.process.pid if self.process else None,
            port=self.port,
            since=self.since,
            restarts=self.restarts,
            last_error=self.last_error,
        )


class Supervisor:
    """The services of one home.

    Args:
        home: Dagster's home folder.
        url: address of the web server.
        services: the services in the order of their start.
        received: the signals of this process.
        report: prints a warning.
        verbose: show and log everything.
        as_json: write logs as JSON lines.
    """

    def __init__(
        self,
        home: Path,
        url: str,
        services: Sequence[Service],
        received: Signals,
        report: Callable[[str], None],
        *,
        verbose: bool = False,
        as_json: bool = False,
    ) -> None:
        self._home = home
        self._url = url
        self._services = services
        self._received = received
        self._report = report
        self._verbose = verbose
        self._is_state_written = True
        self._clock = _clock()
        for service in services:
            path = home / FOLDER / f"{service.name}.log"
            service.log = ServiceLog(
                service.name, path, as_json=as_json, verbose=verbose, report=report
            )

    @property
    def is_ready(self) -> bool:
        """Whether every service runs and has answered."""
        return all(service.is_ready for service in self._services)

    def start_all(self) -> None:
        """Start the services, or until a signal to stop; see `Service.starts_at_once`.

        Each other service is started after the one before is ready.

        Raises:
            ServeError: a service ended or did not answer in time.
        """
        end = time.monotonic() + START_SECONDS
        for service in self._services:
            if service.starts_at_once:
                self._start(service)
        for service in self._services:
            if service.process is None:
                self._start(service)
            while not self._received.stop and not service.is_ready:
                self._require_alive(end)
                service.is_ready = service.answers()
                if not service.is_ready:
                    self._received.wait(0.2)
        self._describe()

    def watch(self) -> None:
        """Start again what ends, until a signal to stop or to restart."""
        while not self._received.stop and not self._received.restart:
            changed = self._restart_after_an_earlier_time()
            for service in self._services:
                changed |= self._look_after(service)
            if changed:
                self._describe()
            self._received.wait(self._seconds_until_next())

    def stop(self, interrupt_runs: Callable[[list[str]], None]) -> None:
        """End runs and services within `STOP_SECONDS`, then kill what remains.

        Args:
            interrupt_runs: called with the ids of the executed runs before they are signalled.
        """
        end = time.monotonic() + STOP_SECONDS
        workers = self._workers()
        if workers:
            interrupt_runs(list(workers))
        processes = [each.process for each in reversed(self._services) if each.process]
        groups = {process.pid for process in processes} | _sessions(workers.values())
        for worker in workers.values():
            _signal(worker, signal.SIGINT)
        for process in processes:
            process.terminate()
        while time.monotonic() < end and (
            any(process.poll() is None for process in processes) or self._workers()
        ):
            time.sleep(0.05)
        for run_id, worker in self._workers().items():
            _signal(worker, signal.SIGKILL)
            (self._home / RUN_LOCKS / run_id).unlink(missing_ok=True)
        for group in groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        for process in processes:
            process.wait()
        for service in self._services:
            service.process, service.is_ready, service.next_start = None, False, None

    def _start(self, service: Service) -> None:
        assert service.log is not None  # noqa: S101
        mode = ["--verbose"] if self._verbose else []
        service.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "lakehouse.platform.local_runtime.child",
                *mode,
                str(self._home),
                service.name,
                *service.command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert service.process.stdout is not None  # noqa: S101
        service.log.follow(service.process.stdout)
        service.sessions.add(service.process.pid)
        service.started_at, service.since = time.monotonic(), now()
        service.is_ready, service.next_start = False, None
        self._describe()

    def _require_alive(self, end: float) -> None:
        for service in self._services:
            if service.process is not None and service.process.poll() is not None:
                raise ServeError(
                    f"The {service.name} service {_how_ended(service.process.returncode)}."
                    f" Last lines of its log:\n{_tail(service)}\nhint: the whole log is"
                    f" {self._log_of(service)}"
                )
        if time.monotonic() > end:
            raise ServeError(
                f"The services did not start within {START_SECONDS:.0f} s."
                f" hint: read the logs in {self._home / FOLDER}"
            )

    def _restart_after_an_earlier_time(self) -> bool:
        """End the daemon when the clock was set back; return whether it was.

        The loops of Dagster's daemon wait until a time of the clock, which is then hours away.
        """
        clock, before = _clock(), self._clock
        self._clock = clock
        daemon = next((each for each in self._services if each.name == "daemon"), None)
        if before - clock < SET_BACK_SECONDS or daemon is None or daemon.process is None:
            return False
        daemon.process.kill()
        daemon.process.wait()
        back = dt.timedelta(seconds=round(before - clock))
        self._handle_end(daemon, f"was ended because the clock was set back by {back}")
        return True

    def _look_after(self, service: Service) -> bool:
        """Start a service again when its pause is over; return whether its state changed."""
        process = service.process
        if process is not None and process.poll() is not None:
            self._handle_end(service, _how_ended(process.returncode))
            return True
        if process is None and service.next_start and time.monotonic() >= service.next_start:
            service.restarts += 1
            self._start(service)
            return True
        if process is not None and not service.is_ready and service.answers():
            service.is_ready = True
            return True
        return False

    def _handle_end(self, service: Service, how: str) -> None:
        assert service.process is not None  # noqa: S101
        if service.name != "daemon":  # the runs of a daemon go on without it
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(service.process.pid, signal.SIGKILL)
        if time.monotonic() - service.started_at > HEALTHY_SECONDS:
            service.ends_in_a_row = 0
        service.ends_in_a_row += 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (service.ends_in_a_row - 1))
        service.process, service.is_ready = None, False
        service.next_start, service.since = time.monotonic() + pause, now()
        service.last_error = f"{service.since}: {how}"
        if service.ends_in_a_row == 1:
            self._report(f"the {service.name} service {how}; it is started again")
        elif service.ends_in_a_row == MANY:
            self._report(
                f"the {service.name} service ended {MANY} times in a row; it is started again after"
                f" pauses of up to {LONGEST_PAUSE:.0f} s. Last lines of its log:\n{_tail(service)}"
                f"\nhint: remove the cause; the whole log is {self._log_of(service)}"
            )

    def _seconds_until_next(self) -> float:
        """Return how long nothing needs to be done unless a signal arrives."""
        if any(each.process and not each.is_ready for each in self._services):
            return 0.2
        starts = [each.next_start for each in self._services if each.next_start]
        pause = max(0.0, min(starts) - time.monotonic()) if starts else CLOCK_SECONDS
        return min(pause, CLOCK_SECONDS)

    def _workers(self) -> dict[str, int]:
        """Return the runs that the daemons of this supervisor started, with their processes."""
        sessions = {session for each in self._services for session in each.sessions}
        found = {}
        for path in (self._home / RUN_LOCKS).glob("*"):
            pid = worker_of(path)
            with suppress(ProcessLookupError):
                if pid is not None and os.getsid(pid) in sessions:
                    found[path.name] = pid
        return found

    def _describe(self) -> None:
        state = HomeState(
            pid=os.getpid(),
            url=self._url,
            is_ready=self.is_ready,
            services=tuple(each.state() for each in self._services),
        )
        try:
            write_state(self._home, state)
            self._is_state_written = True
        except OSError as error:
            if self._is_state_written:
                self._report(
                    f"the state of the services cannot be written below {self._home}"
                    f" ({error.strerror}); they go on. hint: free space on this disk"
                )
            self._is_state_written = False

    def _log_of(self, service: Service) -> Path:
        return self._home / FOLDER / f"{service.name}.log"


def _clock() -> float:
    """Return by how many seconds the clock of the machine is ahead of one that is never set."""
    return time.time() - time.monotonic()


def _tail(service: Service) -> str:
    return service.log.tail() if service.log else ""


def _how_ended(code: int) -> str:
    """Return how a process ended.

    >>> _how_ended(-9), _how_ended(1)
    ('was ended by signal SIGKILL', 'ended with exit code 1')
    """
    if code < 0:
        return f"was ended by signal {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _sessions(processes: Iterable[int]) -> set[int]:
    """Return the sessions of processes; a daemon leads the session of its runs."""
    found = set()
    for pid in processes:
        with suppress(ProcessLookupError):
            found.add(os.getsid(pid))
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)

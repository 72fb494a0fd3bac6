"""Domains that are ingested side by side are stored, reported, interrupted and killed as one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.cli import side_by_side
from lakehouse.cli.messages import CommandError
from lakehouse_tests.cli.conftest import Call
from lakehouse_tests.cli.test_workflow import one

SECONDS = 120
PEOPLE = (
    "Index,User Id,First Name,Last Name,Sex,Email,Phone,Date of birth,Job Title\n"
    "1,a1b2c3,Ana,Lima,Female,ana@example.com,555-0101,1990-01-02,Engineer\n"
)
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from lakehouse.cli import main\n"
    "if __name__ == '__main__': main(['ingest'])"
)


@pytest.fixture
def landed(call: Call, folder: Path) -> None:
    """Land files of two domains."""
    call("generate", "mrhealth", "out", "--units", "1", "--days", "1")
    call("land", "mrhealth", "out")
    (folder / "landing" / "people" / "2024-04-22").mkdir(parents=True)
    (folder / "landing" / "people" / "2024-04-22" / "people.csv").write_text(PEOPLE)


def executing(folder: Path) -> list[int]:
    """Return the processes that execute a run."""
    locks = (folder / "dagster" / "workers").glob("[!.]*")
    return [int(each.read_text() or 0) for each in locks]


@contextmanager
def ingesting(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Start `lakehouse ingest` and wait until both domains have a process that executes a run."""
    command = [sys.executable, "-c", COMMAND]
    until = time.monotonic() + SECONDS
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            while len(found := set(executing(folder))) < 2:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < until, "no two runs at once"
                time.sleep(0.02)
            yield process, sorted(found)
        finally:
            process.kill()


def ended(pid: int) -> bool:
    """Return whether a process ended; one that nobody has waited for yet counts as ended."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


@pytest.mark.usefixtures("landed")
def test_ctrl_c_ends_every_process_and_cancels_their_runs(call: Call, folder: Path) -> None:
    with ingesting(folder) as (process, workers):
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=SECONDS)
        assert process.returncode == 130
        assert printed.count("interrupted: nothing is half stored") == 1
    assert all(map(ended, workers))
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        states = [run.status for run in instance.get_runs()]
    assert not {dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE} & {*states}
    assert len([state for state in states if state is not dg.DagsterRunStatus.SUCCESS]) >= 1
    call("ingest")
    call("reconcile")
    assert one(call, "select count(distinct domain) from ops.deliveries") == 2


@pytest.mark.usefixtures("landed")
def test_a_killed_process_is_named_and_the_other_domain_is_finished(
    call: Call, folder: Path
) -> None:
    with ingesting(folder) as (process, workers):
        os.kill(workers[0], signal.SIGKILL)
        _, printed = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "ended early, with exit code -9" in printed
    assert "repeat the command" in printed
    call("ingest")
    assert one(call, "select count(distinct domain) from ops.deliveries") == 2


@pytest.mark.usefixtures("landed")
def test_the_processes_of_a_killed_command_end_and_cancel_their_runs(folder: Path) -> None:
    with ingesting(folder) as (process, workers):
        process.kill()
        _, printed = process.communicate(timeout=SECONDS)  # until nothing holds its stderr
    assert "Traceback" not in printed
    assert "Broken pipe" not in printed
    assert all(map(ended, workers))
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        states = [run.status for run in instance.get_runs()]
    assert dg.DagsterRunStatus.STARTED not in states


class OddError(Exception):
    """An error that cannot be made again from its text."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (CommandError("no landing zone", "create it"), "no landing zone"),
        (ValueError("no such day"), "no such day"),
        (OddError(reason="odd"), "OddError: odd"),
    ],
)
def test_an_error_of_a_process_reaches_the_command(error: Exception, shown: str) -> None:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001  any error
        sent = side_by_side._sendable(caught)
    assert shown in str(sent)
    assert sent is error or isinstance(sent, RuntimeError)

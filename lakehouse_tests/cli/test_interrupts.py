"""Ctrl-C and SIGTERM end a command soon, with a plain line and exit code 130 or 143."""

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # may be ignored by who started the tests
from lakehouse.cli.interrupts import interruptible
def stop():
    {stop}
with interruptible(stop):
    print("ready", flush=True)
    time.sleep(60)
"""


def started(stop: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(stop=stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_calls_the_function_and_ends_with_its_code(number: signal.Signals, code: int):
    process = started("print('stopped', flush=True)")
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (code, "stopped\n")
    assert err == "interrupted: nothing is half stored; repeat the command to continue\n"


def test_a_second_ctrl_c_ends_at_once():
    process = started("print('stopping', flush=True); time.sleep(60)")
    assert process.stdout is not None
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopping\n"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 4


def test_after_the_block_signals_are_handled_as_before():
    from lakehouse.cli.interrupts import interruptible

    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with interruptible(lambda: None):
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, inherited)

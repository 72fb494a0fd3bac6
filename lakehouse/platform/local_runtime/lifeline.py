"""Ends a process soon after the process that supervises it, however that one ended.

`lakehouse up` holds the lock file of its Dagster home from start to end. Every service and every
run that its daemon starts waits for this lock in a thread. The kernel frees the lock also when
`lakehouse up` is killed, and the waiting process then ends itself. This works on every system with
``flock``; on Linux a service is also signalled by the kernel itself.
"""

import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path

VARIABLE = "LAKEHOUSE_LIFELINE"
"""Environment variable with the path of the lock file, for the processes that a service starts."""
END_SECONDS = 3.0
"""How long a process may take to end in order before it is killed."""
_PR_SET_PDEATHSIG = 1


def end_with(lock: Path, *, group: bool) -> None:
    """End this process when no process holds the exclusive lock on a file any more.

    Args:
        lock: the file; nothing is watched when it does not exist.
        group: this process leads its process group, which is killed with it.
    """
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    arguments = (descriptor, signal.SIGTERM if group else signal.SIGINT, group)
    threading.Thread(target=_wait_and_end, args=arguments, daemon=True).start()


def is_service() -> bool:
    """Return whether this process was started by a service of `lakehouse up`, or is one."""
    return VARIABLE in os.environ


def end_with_services() -> None:
    """End this process with the services when it was started by one of them."""
    if lock := os.environ.get(VARIABLE):
        end_with(Path(lock), group=False)


def end_with_parent_process() -> None:
    """Let the kernel end this process with its parent; does nothing on other systems than Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _wait_and_end(descriptor: int, first: signal.Signals, group: bool) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    os.close(descriptor)
    os.kill(os.getpid(), first)
    time.sleep(END_SECONDS)
    if group and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

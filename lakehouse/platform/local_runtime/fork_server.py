"""A process that has every library in memory, from which other processes start at once."""

import multiprocessing
from multiprocessing import forkserver

PRELOADED = "lakehouse.platform.local_runtime.preload"

processes = multiprocessing.get_context("forkserver")
"""Starts processes as forks of the fork server, which ends with the process that started it."""


def start_fork_server() -> None:
    """Start the fork server before the first process is needed; does nothing if it runs."""
    processes.set_forkserver_preload([PRELOADED])
    forkserver.ensure_running()

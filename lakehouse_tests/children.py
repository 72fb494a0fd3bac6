"""Processes for tests, forked from one that has imported the platform already.

Starting Python and importing the platform costs seconds; forking a process that has done so,
and has started no thread yet, costs milliseconds.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "lakehouse.platform.storage.lake",
        "lakehouse.platform.connectors.postgres.extract",
        "boto3",
        "pytest",
    ]
)


def child(task: Callable[..., Any], *arguments: Any, **environment: str) -> ForkServerProcess:
    """Start a function of a test module, with this process's environment and what is given."""
    process = _context.Process(
        target=_run, args=(os.environ | environment, task, arguments), daemon=True
    )
    process.start()
    return process


def ended(process: ForkServerProcess, seconds: float = 120) -> int | None:
    """Exit status of a child, negative for a signal; one that takes too long is killed."""
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode


def _run(
    environment: Mapping[str, str], task: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    task(*arguments)

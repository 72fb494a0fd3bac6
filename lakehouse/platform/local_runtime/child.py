"""Runs one service: ``python -m …child [--verbose] <home> <name> <module> <arguments>``.

The service holds its lock file while it runs, ends when `lakehouse up` ends, and logs nothing for
evaluations that found nothing to do.
"""

import logging
import os
import re
import runpy
import sys
from pathlib import Path

from lakehouse.platform.local_runtime import lifeline
from lakehouse.platform.local_runtime.locks import hold
from lakehouse.platform.local_runtime.service_state import lock_path, service_path

LOGGERS = tuple(
    f"dagster.daemon.{name}Daemon"
    for name in ("Sensor", "Scheduler", "QueuedRunCoordinator", "Monitoring")
)
_ROUTINE = re.compile(
    r"Checking for new runs for (?:sensor|schedule)|Checking run |Collected \d+ runs"
)
_SKIPPED = re.compile(
    r"(?:Sensor|Schedule) (?P<name>\S+) skipped|No run requests? returned for"
    r"|\d+ runs are currently in progress|Skipping \d+ runs? for sensor"
)
_NUMBER = re.compile(r"\d+")


class OnlyNews(logging.Filter):
    """Drop routine messages, and results that differ from the last one in numbers only."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, str] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _ROUTINE.match(text):
            return False
        skipped = _SKIPPED.match(text)
        if not skipped:
            return True
        shape = _NUMBER.sub("0", text)
        name = skipped["name"] or shape
        is_news = self._last.get(name) != shape
        self._last[name] = shape
        return is_news


def main(arguments: list[str]) -> None:
    """Run the service until it ends or `lakehouse up` ends."""
    verbose = arguments[0] == "--verbose"
    home, name, module, *rest = arguments[1:] if verbose else arguments
    lock = lock_path(Path(home))
    os.environ[lifeline.VARIABLE] = str(lock)
    lifeline.end_with_parent_process()
    lifeline.end_with(lock, group=True)
    if not verbose:
        for logger in LOGGERS:
            logging.getLogger(logger).addFilter(OnlyNews())
    with hold(service_path(Path(home), name)):
        sys.argv = [module, *rest]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Copies the output of a service into a log file of bounded size."""

import datetime as dt
import json
import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from lakehouse.platform.local_runtime.only_news import NOTICE

MAX_BYTES = 5_000_000
KEPT_FILES = 3
"""Older files that are kept beside the present one, as ``<name>.log.1`` and so on."""
SHOWN_LINES = 15
COPY_SECONDS = 1.0
"""How long the output of a process that ended may take to be copied."""
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


class ServiceLog:
    """The log of one service, which outlives the service's processes.

    A line that cannot be written, for example because the disk is full, is dropped, so that the
    service goes on; this is reported once until lines are written again.

    Args:
        name: the service.
        path: the log file; lines are appended.
        as_json: write each line as one JSON object.
        verbose: copy each line to stderr.
        report: prints a warning.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        as_json: bool = False,
        verbose: bool = False,
        report: Callable[[str], None],
    ) -> None:
        self.path = path
        self.last_lines: deque[str] = deque(maxlen=SHOWN_LINES)
        self._name = name
        self._as_json = as_json
        self._verbose = verbose
        self._report = report
        self._file = _File(path, report)
        self._copying: threading.Thread | None = None

    def follow(self, output: IO[bytes]) -> None:
        """Copy a stream until its end, in a thread."""
        self.last_lines.clear()
        self._copying = threading.Thread(target=self._copy, args=(output,), daemon=True)
        self._copying.start()

    def tail(self) -> str:
        """Return the last lines of the present process, also those that are still to be copied."""
        if self._copying is not None:
            self._copying.join(COPY_SECONDS)
        return "\n".join(self.last_lines)

    def _copy(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self.write(_COLORS.sub("", line.decode(errors="replace").rstrip("\r\n")))

    def write(self, line: str) -> None:
        """Append one line; report it as well when it is a notice."""
        if line.startswith(NOTICE):
            self._report(line.removeprefix(NOTICE))
        self.last_lines.append(line)
        if self._verbose:
            print(f"{self._name}: {line}", file=sys.stderr, flush=True)
        text = as_json(self._name, line) if self._as_json else line
        self._file.emit(logging.makeLogRecord({"msg": text}))


def as_json(service: str, line: str) -> str:
    """Return a line as one JSON object; a line that is one already gets the service's name.

    >>> as_json("daemon", '{"level": "info", "event": "ready"}')
    '{"service": "daemon", "level": "info", "event": "ready"}'
    """
    found = None
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except ValueError:
            found = None
    if not isinstance(found, dict):
        found = {"timestamp": dt.datetime.now(dt.UTC).isoformat(), "event": line}
    return json.dumps({"service": service} | found, ensure_ascii=False)


class _File(RotatingFileHandler):
    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        super().__init__(
            path,
            maxBytes=MAX_BYTES,
            backupCount=KEPT_FILES,
            encoding="utf-8",
            errors="replace",
            delay=True,
        )
        self._report = report
        self._is_failing = False
        self._cause: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        failed = self._is_failing
        self._is_failing = False
        super().emit(record)
        if failed and not self._is_failing:
            self._report(f"{self.baseFilename} is written again")
        elif self._is_failing and not failed:
            cause = getattr(self._cause, "strerror", None) or self._cause
            self._report(
                f"{self.baseFilename} cannot be written ({cause});"
                " the service goes on without its log. hint: free space on this disk"
            )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is Python's
        self._is_failing = True
        self._cause = sys.exc_info()[1]
        with suppress(OSError):
            self.close()

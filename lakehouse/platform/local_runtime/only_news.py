"""Keeps the logs of the services small: routine is dropped, and an error is logged once.

While a disk, a store or a database is away, every evaluation fails with a long traceback. The
first one is logged as a plain sentence, and `lakehouse up` prints it; the tick in the Dagster UI
has the traceback. Warnings of libraries about the same cause are logged once, too.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator

from lakehouse.platform.plain_causes import plain_cause

LOGGERS = (
    "dagster.daemon",
    *(
        f"dagster.daemon.{name}Daemon"
        for name in (
            "Asset",
            "Backfill",
            "EventLogConsumer",
            "Freshness",
            "Monitoring",
            "QueuedRunCoordinator",
            "Scheduler",
            "Sensor",
        )
    ),
)
NOTICE = "notice: "
"""Beginning of a line that `lakehouse up` prints as a warning."""
SAME_ERROR_SECONDS = 600.0
"""After this time without it, an error is news again."""
_ROUTINE = re.compile(
    r"Checking for new runs for (?:sensor|schedule)|Checking run |Collected \d+ runs"
    r"|Priority sorting and checking tag concurrency limits"
)
_SKIPPED = re.compile(
    r"(?:Sensor|Schedule) (?P<name>\S+) skipped|No run requests? returned for"
    r"|\d+ runs are currently in progress|Skipping \d+ runs? for sensor"
)
_EVALUATION = re.compile(r"caught an error for (?:sensor|schedule) (?P<name>\S+)")
_HEARTBEAT = "Failed to add heartbeat"
"""Dagster's records cannot be written, so that no evaluation begins."""
_NUMBER = re.compile(r"\d+")


def keep_small(notice: Callable[[str], object] = lambda _: None) -> None:
    """Let this process log only what is new.

    The root logger gets a handler for what no other handler writes: the first warning on it would
    else add one that writes every line of Dagster's loggers again.
    """
    news = OnlyNews(notice)
    root = logging.getLogger()
    for logger in (root, *map(logging.getLogger, LOGGERS)):
        logger.addFilter(news)
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setLevel(logging.WARNING)
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        handler.addFilter(lambda record: not _has_handler(record.name))
        root.addHandler(handler)


def _has_handler(name: str) -> bool:
    """Return whether a logger, or one between it and the root, has a handler."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None and logger is not logging.root:
        if logger.handlers:
            return True
        logger = logger.parent
    return False


class OnlyNews(logging.Filter):
    """Drop routine, results that differ from the last one in numbers only, and repeated errors.

    Args:
        notice: gets a sentence when evaluations begin to fail for a known cause, and when the
            last of them succeeds again.
    """

    def __init__(self, notice: Callable[[str], object] = lambda _: None) -> None:
        super().__init__()
        self._notice = notice
        self._last: dict[str, str] = {}
        self._errors: dict[str, float] = {}
        self._failing: dict[str, str] = {}
        """Evaluations, or the heartbeat, that failed the last time, and the plain cause."""
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _ROUTINE.match(text):
            return False
        with self._lock:  # evaluations run in several threads
            return self._is_news(record, text)

    def _is_news(self, record: logging.LogRecord, text: str) -> bool:
        is_warning = record.levelno == logging.WARNING
        if record.levelno >= logging.ERROR or (
            is_warning and (record.exc_info or plain_cause(text))
        ):
            return self._is_new_error(record, text)
        self._succeeded(text)
        skipped = _SKIPPED.match(text)
        if not skipped:
            return True
        shape = _NUMBER.sub("0", text)
        name = skipped["name"] or shape
        is_news = self._last.get(name) != shape
        self._last[name] = shape
        return is_news

    def _is_new_error(self, record: logging.LogRecord, text: str) -> bool:
        """Return whether an error was not logged lately; make it a sentence if its cause is known.

        Without a known cause, errors with the same message, class and text are the same error.
        """
        error = record.exc_info[1] if record.exc_info else None
        whole = "\n".join((text, *_chain(error)))
        cause = plain_cause(whole)
        first = text.partition("\n")[0]
        if plain_cause(first):
            first = first.partition(":")[0]
        first = first.rstrip(": ")
        evaluation = _EVALUATION.search(first)
        if cause:
            record.msg, record.args = f"{first}: {cause}", ()
            record.exc_info = record.exc_text = None
            if evaluation or first == _HEARTBEAT:
                self._failed(evaluation["name"] if evaluation else _HEARTBEAT, cause)
        key, now = f"{first} {cause or _NUMBER.sub('0', whole)}", time.monotonic()
        is_news = now - self._errors.get(key, -SAME_ERROR_SECONDS) >= SAME_ERROR_SECONDS
        self._errors = {
            each: at for each, at in self._errors.items() if now - at < SAME_ERROR_SECONDS
        }
        self._errors[key] = now
        if evaluation:
            self._last.pop(evaluation["name"], None)  # its next result is news
        return is_news

    def _failed(self, name: str, cause: str) -> None:
        if cause not in self._failing.values():
            self._notice(f"{cause} (tried again until it succeeds)")
        self._failing[name] = cause

    def _succeeded(self, text: str) -> None:
        """Forget that an evaluation failed when a text says that it ended; heartbeats with any."""
        if not self._failing:
            return
        ended = _SKIPPED.match(text)
        named = [each for each in self._failing if f" {each}" in text]
        if ended and ended["name"] and _HEARTBEAT in self._failing:
            named.append(_HEARTBEAT)
        for name in named:
            cause = self._failing.pop(name)
            if cause not in self._failing.values():
                self._notice(f"over: {cause.partition('. hint: ')[0]}")


def _chain(error: BaseException | None) -> Iterator[str]:
    """Yield class and text of an error and of those that caused it."""
    while error:
        yield f"{type(error).__name__}: {error}"
        error = error.__cause__ or error.__context__

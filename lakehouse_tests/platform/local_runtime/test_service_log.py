"""Logs of services stay small, say only what is new, and never stop a service."""

import errno
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime import service_log
from lakehouse.platform.local_runtime.only_news import NOTICE, OnlyNews
from lakehouse.platform.local_runtime.service_log import ServiceLog


def test_a_log_has_a_bounded_size_and_keeps_its_newest_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service_log, "MAX_BYTES", 1000)
    log = ServiceLog("daemon", tmp_path / "daemon.log", report=print)
    for number in range(1000):
        log.write(f"line {number}")
    files = sorted(tmp_path.glob("daemon.log*"))
    assert len(files) == 1 + service_log.KEPT_FILES
    assert max(path.stat().st_size for path in files) <= 1000
    assert (tmp_path / "daemon.log").read_text().splitlines()[-1] == "line 999"
    assert log.tail().splitlines()[-2:] == ["line 998", "line 999"]


def test_json_logs_hold_one_object_in_each_line(tmp_path: Path):
    log = ServiceLog("code", tmp_path / "code.log", as_json=True, report=print)
    log.write('{"level": "error", "event": "lost"}')
    log.write("Traceback: {")
    first, second = map(json.loads, (tmp_path / "code.log").read_text().splitlines())
    assert first == {"service": "code", "level": "error", "event": "lost"}
    assert (second["service"], second["event"]) == ("code", "Traceback: {")


def test_a_full_disk_drops_lines_with_one_message_and_the_log_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    messages: list[str] = []
    log = ServiceLog("daemon", tmp_path / "daemon.log", report=messages.append)
    plain = service_log._File._open

    def full(file: service_log._File) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(service_log._File, "_open", full)
    log.write("lost")
    log.write("lost too")
    monkeypatch.setattr(service_log._File, "_open", plain)
    log.write("kept")
    assert (tmp_path / "daemon.log").read_text() == "kept\n"
    lost, again = messages
    assert "daemon.log cannot be written (No space left on device)" in lost
    assert "hint: free space on this disk" in lost
    assert again.endswith("daemon.log is written again")


def test_evaluations_that_find_nothing_are_logged_only_when_their_result_changes():
    def is_logged(text: str) -> bool:
        return news.filter(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))

    news = OnlyNews()
    assert not is_logged("Checking for new runs for sensor: shop_landing")
    assert is_logged("Sensor shop_landing skipped: 3 files compared")
    assert not is_logged("Sensor shop_landing skipped: 40 files compared")
    assert is_logged("Sensor bar_landing skipped: 40 files compared")
    assert is_logged("Sensor shop_landing skipped: 1 batch was given up")
    assert is_logged("2 runs are currently in progress. Maximum is 2, won't launch more.")
    assert not is_logged("2 runs are currently in progress. Maximum is 2, won't launch more.")
    assert is_logged("Completed launch of run 1 for shop_landing")
    assert is_logged("Completed launch of run 2 for shop_landing")


def failure(name: str, text: str) -> logging.LogRecord:
    message = f"Sensor daemon caught an error for sensor {name}"
    given: dict[str, object] = {"msg": message, "levelno": logging.ERROR}
    try:
        raise OSError(text)
    except OSError:
        given["exc_info"] = sys.exc_info()
    return logging.makeLogRecord(given)


def test_a_store_that_is_away_is_logged_once_for_each_sensor_and_noticed_once():
    notices: list[str] = []
    news = OnlyNews(notices.append)
    away = 'Could not connect to the endpoint URL: "http://s3/lake?prefix={}"'
    first = failure("shop_landing", away.format("a"))
    assert news.filter(first)
    assert first.getMessage().startswith(
        "Sensor daemon caught an error for sensor shop_landing: S3 does not answer. hint: "
    )
    assert first.exc_info is None
    assert not news.filter(failure("shop_landing", away.format("b")))
    assert news.filter(failure("bar_landing", away.format("c")))
    (notice,) = notices
    assert notice.startswith("S3 does not answer. hint: ")
    assert notice.endswith("(tried again until it succeeds)")
    for name in ("shop_landing", "bar_landing"):
        ended = {"msg": f"Sensor {name} skipped: nothing", "levelno": logging.INFO}
        assert news.filter(logging.makeLogRecord(ended))
    assert notices[1:] == ["over: S3 does not answer"]


NO_CONNECTION = """(psycopg2.OperationalError) connection to server at "db", port 5432 failed: \
Connection refused
\tIs the server running on that host and accepting TCP/IP connections?"""


def test_a_database_that_is_away_is_noticed_once_by_evaluations_and_heartbeats():
    notices: list[str] = []
    news = OnlyNews(notices.append)
    try:
        try:
            raise OSError(NO_CONNECTION)
        except OSError as cause:
            raise RuntimeError("too many retries for DB connection") from cause
    except RuntimeError:
        error = sys.exc_info()
    text = "Sensor daemon caught an error for sensor shop_landing"
    lost = logging.makeLogRecord({"msg": text, "levelno": logging.ERROR, "exc_info": error})
    assert news.filter(lost)
    assert lost.getMessage().startswith(f"{text}: PostgreSQL does not answer. hint: ")
    assert lost.exc_info is None
    heartbeat = {
        "msg": f"Failed to add heartbeat: \nOSError: {NO_CONNECTION}",
        "levelno": logging.ERROR,
    }
    first = logging.makeLogRecord(heartbeat)
    assert news.filter(first)
    assert first.getMessage().startswith("Failed to add heartbeat: PostgreSQL does not answer.")
    assert not news.filter(logging.makeLogRecord(heartbeat))
    (notice,) = notices
    assert notice.startswith("PostgreSQL does not answer. hint: ")
    ended = {"msg": "Sensor shop_landing skipped: nothing", "levelno": logging.INFO}
    news.filter(logging.makeLogRecord(ended))
    assert notices[1:] == ["over: PostgreSQL does not answer"]


def test_warnings_of_a_known_cause_and_with_tracebacks_are_logged_once():
    def is_logged(**given: object) -> bool:
        return news.filter(logging.makeLogRecord({"levelno": logging.WARNING, **given}))

    news = OnlyNews()
    retry = logging.makeLogRecord(
        {"msg": f"Retrying failed database connection: {NO_CONNECTION}", "levelno": logging.WARNING}
    )
    assert news.filter(retry)
    assert retry.getMessage().startswith(
        "Retrying failed database connection: PostgreSQL does not answer. hint: "
    )
    assert not is_logged(msg=f"Retrying failed database connection: {NO_CONNECTION}")
    trace = failure("shop_landing", "odd").exc_info
    assert is_logged(msg="Error attempting to check daemon heartbeats", exc_info=trace)
    assert not is_logged(msg="Error attempting to check daemon heartbeats", exc_info=trace)
    assert is_logged(msg="a plain warning")
    assert is_logged(msg="a plain warning")


def test_lines_are_not_doubled_after_a_library_warned_on_the_root_logger():
    program = """
import logging
from dagster._utils.log import configure_loggers
from lakehouse.platform.local_runtime.only_news import keep_small
keep_small()
configure_loggers()
for _ in range(3):
    logging.warning("Retrying failed database connection: server closed the connection \\
unexpectedly")
logging.getLogger("dagster.daemon.SensorDaemon").warning("from the daemon")
logging.getLogger("other").warning("from a library")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    lines = (done.stdout + done.stderr).splitlines()
    for text in ("PostgreSQL does not answer", "from the daemon", "from a library"):
        assert len([line for line in lines if text in line]) == 1
    assert len(lines) == 3


def test_the_same_unknown_error_is_logged_once_with_its_traceback():
    news = OnlyNews()
    first, second = (failure("shop_landing", f"row {number} is odd") for number in (1, 2))
    assert news.filter(first)
    assert first.exc_info is not None
    assert not news.filter(second)
    assert news.filter(failure("shop_landing", "another error"))


def test_a_notice_of_a_service_is_reported_without_its_mark(tmp_path: Path):
    messages: list[str] = []
    log = ServiceLog("daemon", tmp_path / "daemon.log", report=messages.append)
    log.write(f"{NOTICE}S3 does not answer")
    assert messages == ["S3 does not answer"]

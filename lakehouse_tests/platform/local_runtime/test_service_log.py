"""Logs of services stay small, say only what is new, and never stop a service."""

import errno
import json
import logging
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime import service_log
from lakehouse.platform.local_runtime.child import OnlyNews
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
        return news.filter(logging.makeLogRecord({"msg": text}))

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

"""Errors of full, read-only and damaged disks are plain sentences with a hint."""

import sqlite3

import pytest

from lakehouse.cli.messages import one_line
from lakehouse.platform.storage.plain_causes import plain_cause


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("OSError: [Errno 28] No space left on device: '/srv/lake/a b'", "a disk is full (/srv"),
        ("Generic LocalFileSystem error: No space left on device (os error 28)", "a disk is full."),
        (
            "[Errno 30] Read-only file system: '/srv/lake'",
            "a disk is mounted read-only (/srv/lake)",
        ),
        ("(sqlite3.OperationalError) disk I/O error", "a disk cannot be read or written"),
        ("attempt to write a readonly database", "Dagster's records in DAGSTER_HOME cannot"),
        ("file is not a database", "Dagster's records in DAGSTER_HOME are damaged"),
    ],
)
def test_a_cause_is_a_sentence_with_a_hint(text: str, start: str):
    plain = plain_cause(text) or ""
    assert plain.startswith(start)
    assert "hint: " in plain
    assert "rrno" not in plain
    assert "sqlite" not in plain.lower()


def test_an_error_of_sqlite_is_printed_without_its_raw_text():
    printed = one_line(sqlite3.OperationalError("database or disk is full"))
    assert printed.startswith("the disk of DAGSTER_HOME is full. hint: free space on it")

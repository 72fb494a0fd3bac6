"""Errors of disks and of servers that are away are plain sentences with a hint."""

import sqlite3

import pytest

from lakehouse.cli.messages import one_line
from lakehouse.platform.plain_causes import plain_cause
from lakehouse.platform.storage.outside_causes import is_outside_text


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
        (
            'EndpointConnectionError: Could not connect to the endpoint URL: "http://s3/lake?x"',
            "S3 does not answer",
        ),
        (
            (
                "OSError: Kernel error -> Generic S3 error\n ↳ Error performing GET http://s3/lake/a"
                " in 1.5s, after 10 retries\n  ↳ HTTP error\n   ↳ error sending request\n"
                " ↳ Connection refused (os error 111)"
            ),
            "S3 does not answer",
        ),
        (
            (
                "ClientError: An error occurred (RequestTimeTooSkewed) when calling the"
                " ListObjectsV2 operation: The difference between the request time and the"
                " server's time is too large."
            ),
            "S3 rejects requests because the clock of this machine is wrong",
        ),
        (
            "ClientError: An error occurred (SlowDown) when calling the PutObject operation",
            "S3 rejects requests because it is too busy",
        ),
        (
            (
                '(psycopg2.OperationalError) connection to server at "127.0.0.1", port 5432 failed:'
                " Connection refused\n\tIs the server running on that host?"
            ),
            "PostgreSQL does not answer",
        ),
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


def test_a_wrong_clock_is_a_cause_outside_of_the_data():
    assert is_outside_text("ClientError", "An error occurred (RequestTimeTooSkewed)")


def test_a_wrong_password_is_not_taken_for_a_server_that_is_away():
    text = 'connection to server at "db", port 5432 failed: FATAL:  password authentication failed'
    assert plain_cause(text) is None

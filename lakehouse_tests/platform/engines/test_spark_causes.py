"""Errors of Spark are named by their cause, with a hint; errors of values stay as they are."""

from pathlib import Path

import pytest

from lakehouse.platform.engines.spark_causes import naming_causes
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.outside_causes import is_outside_cause

errors = pytest.importorskip("pyspark.errors", reason="pip install 'lakehouse[spark]'")

BUSY = """Job aborted due to stage failure: Task 1 in stage 3.0 failed 4 times.
Traceback (most recent call last):
  File "botocore/client.py", line 1027, in _make_api_call
botocore.exceptions.ClientError: An error occurred (SlowDown) when calling the PutObject operation
	at org.apache.spark.api.python.BasePythonRunner
"""
UNKNOWN = """Job aborted due to stage failure: Task 1 in stage 3.0 failed 4 times.
Traceback (most recent call last):
botocore.exceptions.NoCredentialsError: Unable to locate credentials
"""
LOST = (
    "Task 0 in stage 1.0 failed 4 times: Lost task 0.3 (127.0.0.1 executor 7): ExecutorLostFailure"
    " (executor 7 exited caused by one of the running tasks) Reason: Command exited with code 137"
)
FULL = "java.io.IOException: No space left on device\n\tat java.base/sun.nio.ch.FileDispatcherImpl"


def failed(text: str, folder: Path) -> Exception:
    """Return the error that a session raises when Spark fails with this text."""
    with pytest.raises(Exception) as raised, naming_causes(ObjectStore.at(str(folder)), []):  # noqa: PT011
        raise errors.PySparkException(text)
    return raised.value


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (BUSY, "a task of Spark failed: S3 rejects requests because it is too busy. hint: "),
        (UNKNOWN, "botocore.exceptions.NoCredentialsError: Unable to locate credentials. hint: "),
        (LOST, "executors of Spark ended while they worked. hint: run again; raise"),
        (FULL, "a task of Spark failed: a disk is full. hint: free space"),
    ],
)
def test_what_is_outside_of_the_data_is_named(text: str, cause: str, tmp_path: Path):
    error = failed(text, tmp_path)
    assert isinstance(error, StorageError)
    assert cause in str(error)
    assert "hint: " in str(error)


def test_a_store_that_is_too_busy_is_tried_again_without_a_limit(tmp_path: Path):
    assert is_outside_cause(failed(BUSY, tmp_path))


def test_the_text_of_a_value_is_never_taken_for_a_cause(tmp_path: Path):
    text = "[CAST_INVALID_INPUT] The value 'No space left on device' cannot be cast to INT"
    assert isinstance(failed(text, tmp_path), errors.PySparkException)

"""The newest failed run of a domain is found with its error."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.failed_runs import newest_failed_run
from lakehouse.platform.local_runtime.instance import prepare_instance

BEGIN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def failing(message: str) -> dg.JobDefinition:
    @dg.op
    def fails() -> None:
        raise OSError(message)

    @dg.job
    def cafe_arrivals() -> None:
        fails()

    return cafe_arrivals


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("no row left\non the page", "OSError: no row left"),
        (
            "[Errno 28] No space left on device: '/srv/lake/part'",
            (
                "a disk is full (/srv/lake/part). hint: free space on it (`lakehouse doctor` shows"
                " the disks; `lakehouse vacuum` deletes old versions of tables)"
            ),
        ),
    ],
)
def test_a_failed_run_is_named_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, shown: str
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert newest_failed_run(tmp_path, "cafe_", BEGIN) is None
    with prepare_instance(tmp_path, "local") as instance:
        run = failing(message).execute_in_process(instance=instance, raise_on_error=False)
    found = newest_failed_run(tmp_path, "cafe_", BEGIN)
    assert found is not None
    assert (found.run_id, found.job) == (run.run_id, "cafe_arrivals")
    assert found.error == shown
    assert newest_failed_run(tmp_path, "shop_", BEGIN) is None
    assert newest_failed_run(tmp_path, "cafe_", found.ended_at) is None

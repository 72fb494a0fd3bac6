"""The newest failed run of a domain is found with its error."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.failed_runs import newest_failed_run
from lakehouse.platform.local_runtime.instance import prepare_instance

BEGIN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@dg.op
def fails() -> None:
    raise ValueError("no space left\non the disk")


@dg.job
def cafe_arrivals() -> None:
    fails()


def test_a_failed_run_is_named_with_the_first_line_of_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert newest_failed_run(tmp_path, "cafe_", BEGIN) is None
    with prepare_instance(tmp_path, "local") as instance:
        run = cafe_arrivals.execute_in_process(instance=instance, raise_on_error=False)
    found = newest_failed_run(tmp_path, "cafe_", BEGIN)
    assert found is not None
    assert (found.run_id, found.job) == (run.run_id, "cafe_arrivals")
    assert found.error == "ValueError: no space left"
    assert newest_failed_run(tmp_path, "shop_", BEGIN) is None
    assert newest_failed_run(tmp_path, "cafe_", found.ended_at) is None

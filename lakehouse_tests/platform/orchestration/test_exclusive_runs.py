"""A local run waits for other runs of its domain."""

import uuid
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.local_runtime.instance import prepare_instance
from lakehouse.platform.local_runtime.locks import hold
from lakehouse.platform.local_runtime.workers import worker_path
from lakehouse.platform.orchestration.exclusive_runs import DomainBusy, wait_for_other_runs
from lakehouse.platform.orchestration.run_tags import DOMAIN_TAG


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_instance(tmp_path / "home")


@dg.job
def nothing() -> None:
    """A job without steps, to record runs of."""


def started(instance: dg.DagsterInstance, domain: str) -> str:
    """Record a run of a domain as started."""
    run = instance.create_run_for_job(
        nothing,
        run_id=str(uuid.uuid4()),
        status=dg.DagsterRunStatus.STARTED,
        tags={DOMAIN_TAG: domain},
    )
    return run.run_id


def test_a_run_whose_process_is_alive_is_waited_for(instance):
    run_id = started(instance, "mrhealth")
    with hold(worker_path(instance, run_id)), pytest.raises(DomainBusy, match=run_id):
        wait_for_other_runs(instance, "mrhealth", seconds=0.1)


def test_a_run_of_another_domain_is_not_waited_for(instance):
    with hold(worker_path(instance, started(instance, "sales"))):
        wait_for_other_runs(instance, "mrhealth", seconds=0)


def test_a_run_whose_process_ended_is_marked_as_failed_and_not_waited_for(instance):
    run_id = started(instance, "mrhealth")
    wait_for_other_runs(instance, "mrhealth", seconds=0)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE

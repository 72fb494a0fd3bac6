"""Runs that no hook tells of are told by a sensor."""

import uuid
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.orchestration.run_messages import failed_runs
from lakehouse_tests.receiver import receiver


@dg.op
def reads_the_log() -> None:
    raise RuntimeError("the slot is gone")


@dg.job(tags={"lakehouse/domain": "sales"})
def sales_extraction() -> None:
    reads_the_log()


@dg.job(tags={"lakehouse/domain": "people"})
def people_arrivals() -> None:
    reads_the_log()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is told of the newest failure of an instance."""
    with receiver() as hook:
        monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
        monkeypatch.setenv("LAKEHOUSE_SLACK_WEBHOOK", hook.url)

        def tell(instance: dg.DagsterInstance) -> list[str]:
            (record,) = instance.get_run_records(limit=1)
            run = record.dagster_run
            failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
            event = failures[-1].dagster_event
            assert event is not None
            context = dg.build_run_status_sensor_context(
                sensor_name="failed_runs",
                dagster_event=event,
                dagster_instance=instance,
                dagster_run=run,
            ).for_run_failure()
            failed_runs()(context)
            texts, hook.bodies[:] = hook.texts, []
            return texts

        yield tell


def died(job: dg.JobDefinition, tags: dict[str, str]) -> dg.DagsterInstance:
    """An instance with one run whose worker is gone."""
    instance = dg.DagsterInstance.ephemeral()
    run = instance.create_run_for_job(
        job, run_id=str(uuid.uuid4()), tags=tags, status=dg.DagsterRunStatus.STARTED
    )
    instance.report_run_failed(run, "The process of the run is gone")
    return instance


def test_a_failed_job_without_hooks_is_told_once_with_its_error(told):
    instance = dg.DagsterInstance.ephemeral()
    assert not sales_extraction.execute_in_process(instance=instance, raise_on_error=False).success
    error, hint = told(instance)
    assert error == (
        "*[sales_extraction]*\n\nOcorreu o erro abaixo:\n\nRuntimeError: the slot is gone"
    )
    assert hint.startswith("*O que fazer*")
    assert told(instance) == []


def test_a_run_that_died_is_told_unless_it_is_tried_again(told):
    error, _ = told(died(people_arrivals, {"lakehouse/domain": "people"}))
    assert error.endswith("The process of the run is gone")
    assert told(died(people_arrivals, {"dagster/will_retry": "true"})) == []


def test_what_the_hooks_told_is_not_told_again(told):
    instance = dg.DagsterInstance.ephemeral()
    assert not people_arrivals.execute_in_process(instance=instance, raise_on_error=False).success
    assert told(instance) == []

"""A sensor sends the messages about finished runs of the daemon, each message once."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.platform.orchestration.run_messages import message_sensors, templates_of
from lakehouse_tests.receiver import receiver

Send = Callable[[dg.DagsterInstance], list[str]]
SENSORS = {sensor.name: sensor for sensor in message_sensors()}


@dg.op
def reads_the_log() -> None:
    raise RuntimeError("the slot is gone")


@dg.op(tags={"lakehouse/layer": "silver"})
def writes_silver() -> None:
    raise RuntimeError("no memory")


@dg.job(tags={"lakehouse/domain": "sales"})
def sales_extraction() -> None:
    reads_the_log()


@dg.job(tags={"lakehouse/domain": "people"})
def people_arrivals() -> None:
    writes_silver()


@pytest.fixture
def send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Send]:
    """Evaluate the sensor for the newest failure of an instance; return the messages it sends."""
    with receiver() as hook:
        monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path / "lake"))
        monkeypatch.setenv("LAKEHOUSE_SLACK_WEBHOOK", hook.url)

        def evaluate(instance: dg.DagsterInstance) -> list[str]:
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
            )
            SENSORS["failed_runs"](context)
            texts, hook.bodies[:] = hook.texts, []
            return texts

        yield evaluate


def failed(job: dg.JobDefinition, tags: dict[str, str] | None = None) -> dg.DagsterInstance:
    """Return an instance with one run of a job, whose step fails."""
    instance = dg.DagsterInstance.ephemeral()
    assert not job.execute_in_process(
        instance=instance, raise_on_error=False, tags=tags or {}
    ).success
    return instance


def died(job: dg.JobDefinition, tags: dict[str, str]) -> dg.DagsterInstance:
    """Return an instance with one run whose process ended without a failed step."""
    instance = dg.DagsterInstance.ephemeral()
    run = instance.create_run_for_job(
        job, run_id=str(uuid.uuid4()), tags=tags, status=dg.DagsterRunStatus.STARTED
    )
    instance.report_run_failed(run, "The process of the run is gone")
    return instance


def test_a_failed_job_without_tables_is_reported_once_with_its_error(send: Send):
    instance = failed(sales_extraction)
    error, hint = send(instance)
    assert error == (
        "*[sales_extraction]*\n\nOcorreu o erro abaixo:\n\nRuntimeError: the slot is gone"
    )
    assert hint.startswith("*O que fazer*")
    assert send(instance) == []


def test_a_run_that_died_is_reported_unless_it_is_retried(send: Send):
    error, _ = send(died(people_arrivals, {"lakehouse/domain": "people"}))
    assert error.endswith("The process of the run is gone")
    assert send(died(people_arrivals, {"dagster/will_retry": "true"})) == []


@pytest.mark.parametrize("tags", [{}, {"dagster/will_retry": "true"}], ids=["final", "retried"])
def test_a_failed_step_of_a_table_is_reported_once_for_its_layer(send: Send, tags: dict[str, str]):
    instance = failed(people_arrivals, tags)
    error, hint = send(instance)
    assert error == "*[Camada Silver]*\n\nOcorreu o erro abaixo:\n\nno memory"
    assert hint.startswith("*O que fazer*")
    assert send(instance) == []


def test_a_message_that_cannot_be_made_fails_nothing_and_is_logged_in_the_run(
    send: Send, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lakehouse.platform.orchestration.run_messages.report_of", lambda *_: 1 / 0)
    instance = failed(people_arrivals)
    assert send(instance) == []
    (run,) = instance.get_runs()
    log = [entry.message for entry in instance.all_logs(run.run_id)]
    assert any("no messages were sent about run" in line for line in log)


def test_a_domain_without_texts_gets_those_of_all_domains():
    assert templates_of("sales") == templates_of("") != templates_of("people")

"""Schedules request runs, and failed runs of schedules are retried."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from lakehouse.platform.orchestration import schedules
from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.orchestration.run_tags import DAYS_TAG, DOMAIN_TAG, RANGE_END, RANGE_START
from lakehouse.platform.orchestration.schedules import retry_request
from lakehouse.platform.tables.domain_spec import Schedule
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings

BIKES = load_domain("bikes")
(HOURLY,) = (schedule for schedule in BIKES.spec.schedules if schedule.retries)
LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
KEPT = (DOMAIN_TAG, DAYS_TAG, RANGE_START, RANGE_END)


@pytest.fixture(scope="module")
def location() -> dg.Definitions:
    return dg.Definitions.merge(shared_definitions(), definitions_of(BIKES, Settings()))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def requested(location: dg.Definitions, instance: dg.DagsterInstance, hour: int) -> dg.RunRequest:
    """Return the run that the hourly schedule requests."""
    at = dt.datetime(2026, 3, 2, hour, tzinfo=dt.UTC)
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=at)
    found = location.resolve_schedule_def("bikes_rox_bike_etl").evaluate_tick(context)
    (request,) = found.run_requests or ()
    return request


def record_failure(
    location: dg.Definitions, instance: dg.DagsterInstance, request: dg.RunRequest
) -> None:
    """Record a run of a request that started and failed."""
    run = instance.create_run_for_job(
        job_def=location.resolve_job_def("bikes_arrivals"),
        tags=dict(request.tags),
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.report_run_failed(run)


def test_a_failed_run_of_a_schedule_is_retried_as_often_as_declared(
    location: dg.Definitions, instance: dg.DagsterInstance
):
    request = first = requested(location, instance, 9)
    keys = []
    for _ in range(HOURLY.retries):
        record_failure(location, instance, request)
        again = retry_request(BIKES.spec, HOURLY, instance, LATER)
        assert again is not None
        assert again.job_name == "bikes_arrivals"
        assert [again.tags[tag] for tag in KEPT] == [first.tags[tag] for tag in KEPT]
        assert retry_request(BIKES.spec, HOURLY, instance, LATER) == again
        request = again
        keys.append(again.run_key)
    assert len({*keys, first.run_key}) == 4
    record_failure(location, instance, request)
    assert retry_request(BIKES.spec, HOURLY, instance, LATER) is None


def test_a_retry_waits_for_five_minutes(location: dg.Definitions, instance: dg.DagsterInstance):
    record_failure(location, instance, requested(location, instance, 9))
    ended = instance.get_run_records()[0].end_time
    assert ended is not None
    due = dt.datetime.fromtimestamp(ended, dt.UTC) + dt.timedelta(minutes=5)
    before = due - dt.timedelta(seconds=1)
    assert retry_request(BIKES.spec, HOURLY, instance, before) is None
    assert retry_request(BIKES.spec, HOURLY, instance, due) is not None


@pytest.mark.parametrize("status", ["STARTED", "SUCCESS", "CANCELED"])
def test_a_run_that_did_not_fail_is_not_retried(
    location: dg.Definitions, instance: dg.DagsterInstance, status: str
):
    instance.create_run_for_job(
        job_def=location.resolve_job_def("bikes_arrivals"),
        tags=dict(requested(location, instance, 9).tags),
        status=dg.DagsterRunStatus[status],
    )
    assert retry_request(BIKES.spec, HOURLY, instance, LATER) is None


def test_only_the_newest_run_of_a_schedule_is_retried(
    location: dg.Definitions, instance: dg.DagsterInstance
):
    record_failure(location, instance, requested(location, instance, 9))
    newest = requested(location, instance, 10)
    record_failure(location, instance, newest)
    again = retry_request(BIKES.spec, HOURLY, instance, LATER)
    assert again is not None
    assert again.run_key == f"{newest.run_key}-1"


def test_a_run_that_dagster_retries_is_not_retried_twice(
    location: dg.Definitions, instance: dg.DagsterInstance
):
    record_failure(location, instance, requested(location, instance, 9))
    (record,) = instance.get_run_records()
    instance.add_run_tags(record.dagster_run.run_id, {"dagster/will_retry": "true"})
    assert retry_request(BIKES.spec, HOURLY, instance, LATER) is None


def test_the_sensor_requests_due_retries(
    location: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    sensor = location.resolve_sensor_def("bikes_retries")

    def evaluated() -> object:
        with dg.build_sensor_context(instance=instance, definitions=location) as context:
            return sensor(context)

    assert isinstance(evaluated(), dg.SkipReason)
    record_failure(location, instance, requested(location, instance, 9))
    assert isinstance(evaluated(), dg.SkipReason)
    monkeypatch.setattr(schedules, "RETRY_AFTER", dt.timedelta(0))
    found = evaluated()
    assert isinstance(found, dg.SensorResult)
    assert found.run_requests == [retry_request(BIKES.spec, HOURLY, instance, LATER)]


def test_a_domain_without_retries_has_no_retry_sensor():
    names = {
        sensor.name for sensor in definitions_of(load_domain("sales"), Settings()).sensors or ()
    }
    assert not any(name.endswith("_retries") for name in names)


def test_a_negative_number_of_retries_is_rejected():
    with pytest.raises(ValueError, match="retries"):
        Schedule(name="x", cron="@daily", description="", retries=-1)


def test_a_schedule_of_unknown_work_is_an_error_that_names_the_choices():
    spec = replace(
        BIKES.spec, schedules=(Schedule(name="x", cron="@daily", description="", work="y"),)
    )
    with pytest.raises(ValueError, match=r"schedule 'x': expected work arrivals or .*, found 'y'"):
        definitions_of(replace(BIKES, spec=spec), Settings())


def test_no_nightly_schedule_starts_together_with_one_of_the_domain(location: dg.Definitions):
    schedules: list[Any] = [*(location.schedules or ())]
    crons = {each.name: each.cron_schedule for each in schedules}
    assert crons["bikes_rox_bike_etl"] == "0 * * * *"
    assert crons["bikes_midnight_arrival"] == "15 0 * * *"
    assert crons["bikes_daily_pipeline"] == "10 2 * * *"
    assert crons["bikes_data_quality"] == "10 3 * * *"

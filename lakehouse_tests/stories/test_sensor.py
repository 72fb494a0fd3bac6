"""The real sensor of a domain over a real landing zone, lake and run history."""

import datetime as dt
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.test_utils import freeze_time

from lakehouse.platform.ingestion.errors import LandingError
from lakehouse.platform.orchestration import sensors
from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
from lakehouse.platform.orchestration.run_tags import (
    ATTEMPT_TAG,
    BATCH_TAG,
    DOMAIN_TAG,
    OUTSIDE_TAG,
    RANGE_END,
    RANGE_START,
)
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.stories.conftest import IN_MEMORY
from lakehouse_tests.stories.world import MON, World, night

pytestmark = [pytest.mark.as_of(False), IN_MEMORY]

NOTHING_DUE = "no new files and no unfinished days"


@pytest.fixture(scope="module")
def location() -> dg.Definitions:
    return dg.Definitions.merge(
        shared_definitions(), definitions_of(load_domain("mrhealth"), Settings())
    )


class Tick:
    """Evaluate the sensor over a world; each call continues from the cursor of the one before."""

    def __init__(self, world: World, location: dg.Definitions) -> None:
        self.world = world
        self.sensor = location.resolve_sensor_def("mrhealth_landing")
        self.location = location
        self.cursor: str | None = None

    def __call__(self) -> dg.SkipReason | list[dg.RunRequest]:
        with dg.build_sensor_context(
            instance=self.world.instance, cursor=self.cursor, definitions=self.location
        ) as context:
            result = self.sensor(context)
            if isinstance(result, dg.SkipReason):
                self.cursor = context.cursor or self.cursor
                return result
            assert isinstance(result, dg.SensorResult)
            self.cursor = result.cursor
            return list(result.run_requests or [])

    def skip_reason(self) -> str:
        result = self()
        assert isinstance(result, dg.SkipReason), result
        return result.skip_message or ""

    def request(self) -> dg.RunRequest:
        result = self()
        assert isinstance(result, list)
        (request,) = result
        return request


@pytest.fixture
def tick(world: World, location: dg.Definitions) -> Tick:
    (Path(world.settings.landing) / "mrhealth").mkdir(parents=True)
    return Tick(world, location)


def record(tick: Tick, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """Record a run of a request with this status, as the daemon would."""
    job = tick.location.resolve_job_def(request.job_name or "")
    return tick.world.instance.create_run_for_job(
        job_def=job, tags=dict(request.tags), status=status
    )


def test_a_new_file_requests_one_run_for_its_day(tick: Tick):
    assert tick.skip_reason() == NOTHING_DUE
    tick.world.land_all(night(MON, 1, "10.00"))
    request = tick.request()
    assert request.job_name == "mrhealth_arrivals"
    assert request.run_key == f"{request.tags[BATCH_TAG]}-0"
    assert request.tags[DOMAIN_TAG] == "mrhealth"
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (str(MON), str(MON))
    assert tick.request().run_key == request.run_key


def test_loaded_files_are_not_requested_again_with_or_without_a_cursor(tick: Tick):
    tick.world.land_reference()
    tick.world.land_all(night(MON, 1, "10.00"))
    tick.world.ingest()
    assert tick.skip_reason() == NOTHING_DUE
    tick.cursor = None
    assert tick.skip_reason() == NOTHING_DUE
    late = night(MON - dt.timedelta(days=300), 1, "5.00")
    tick.world.land_all(late)
    for cursor in (None, tick.cursor, '{"position": "2023-02-01", "files_per_day": 1}'):
        tick.cursor = cursor
        request = tick.request()
        assert request.tags[RANGE_START] == str(MON - dt.timedelta(days=300))


def test_nothing_is_requested_while_a_run_is_in_progress(tick: Tick):
    tick.world.land_all(night(MON, 1, "10.00"))
    request = tick.request()
    run = record(tick, request, dg.DagsterRunStatus.STARTED)
    assert "has a run in progress" in tick.skip_reason()
    tick.world.instance.delete_run(run.run_id)
    assert tick.request().run_key == request.run_key


def test_a_failed_run_is_requested_again_up_to_the_limit_and_then_an_error_is_logged(
    tick: Tick, capfd: pytest.CaptureFixture[str]
):
    tick.world.land_all(night(MON, 1, "10.00"))
    keys = []
    for attempt in range(tick.world.settings.attempts):
        request = tick.request()
        assert request.tags[ATTEMPT_TAG] == str(attempt)
        keys.append(request.run_key)
        record(tick, request, dg.DagsterRunStatus.FAILURE)
    assert len(set(keys)) == 3
    assert tick.skip_reason() == "1 batch of days was given up after failed runs"
    log = capfd.readouterr().err
    assert f"{MON} to {MON}: failed 3 times and is not tried again" in log
    tick.world.land_all(night(MON, 1, "11.00"))
    assert tick.request().run_key not in keys


def test_a_file_that_is_still_growing_is_left_for_a_later_tick(
    tick: Tick, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "60")
    (path, content), _ = night(MON, 1, "10.00").items()
    now = dt.datetime.now(dt.UTC)
    tick.world.land(path, content, at=now)
    assert tick.skip_reason() == f"{NOTHING_DUE}; 1 files are still growing"
    tick.world.land(path, content, at=now - dt.timedelta(seconds=61))
    assert tick.request().tags[RANGE_START] == str(MON)


def test_a_local_run_loads_a_file_that_the_sensor_still_considers_growing(
    tick: Tick, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "60")
    tick.world.land_all(night(MON, 1, "10.00"))
    for path in (Path(tick.world.settings.landing) / "mrhealth").rglob("*.csv"):
        path.touch()
    assert "growing" in tick.skip_reason()
    tick.world.ingest()
    assert tick.world.statuses() == {"loaded": 1}


def test_a_missing_landing_zone_fails_the_evaluation_and_never_counts_as_empty(tick: Tick):
    landing = Path(tick.world.settings.landing)
    (landing / "mrhealth").rmdir()
    assert NOTHING_DUE in tick.skip_reason()
    landing.rmdir()
    with pytest.raises(LandingError, match=r"does not exist; hint: .* LAKEHOUSE_LANDING"):
        tick()


def test_a_file_of_a_day_to_come_is_recorded_once(tick: Tick):
    world = tick.world
    day = dt.datetime.now(world.settings.zone).date() + dt.timedelta(days=3)
    world.land_all(night(day, 1, "10.00"))
    world.ingest()
    found = world.rows("raw.mrhealth_unrecognized_files", "file", "reason")
    assert [reason for _, reason in found] == ["future_day", "future_day"]
    assert NOTHING_DUE in tick.skip_reason()


def test_bytes_that_changed_without_a_new_size_or_time_are_found_in_turn(tick: Tick):
    (path, content), _ = night(MON, 1, "10.00").items()
    at = dt.datetime(2024, 3, 5, tzinfo=dt.UTC)
    tick.world.land(path, content, at=at)
    tick.world.ingest()
    assert tick.skip_reason() == NOTHING_DUE
    tick.world.land(path, content.replace("10.00", "99.00"), at=at)
    assert tick.skip_reason() == NOTHING_DUE, "files are read once a minute"
    tick.cursor = None
    request = tick.request()
    assert request.tags[RANGE_START] == str(MON)
    assert request.run_config == {"resources": {"platform": {"config": {"reread": True}}}}
    tick.world.ingest()
    assert tick.world.statuses() == {"loaded": 1, "superseded": 1}
    tick.cursor = None
    assert tick.skip_reason() == NOTHING_DUE


def land_and_age(tick: Tick, day: dt.date, amount: str) -> None:
    """Land one unit's day as if its folders had been there for long."""
    tick.world.land_all(night(day, 1, amount))
    for folder in (Path(tick.world.settings.landing) / "mrhealth").rglob("*"):
        if folder.is_dir():
            os.utime(folder, (0, 0))


@pytest.fixture
def loaded(tick: Tick, monkeypatch: pytest.MonkeyPatch) -> Tick:
    """Return the ticks of a landing zone with five loaded days; each rotation lists one of them."""
    monkeypatch.setenv("LAKEHOUSE_SWEEP_FILES", "1")
    tick.world.land_reference()
    for n in range(1, 6):
        land_and_age(tick, MON + dt.timedelta(days=n), "10.00")
    tick.world.ingest()
    return tick


def test_older_days_are_listed_in_turn_at_intervals_however_often_the_sensor_is_evaluated(
    loaded: Tick, monkeypatch: pytest.MonkeyPatch
):
    assert loaded.skip_reason() == NOTHING_DUE
    monkeypatch.setattr(sensors, "ROTATION_SECONDS", 1e9)
    land_and_age(loaded, MON + dt.timedelta(days=2), "99.00")
    for _ in range(6):
        assert loaded.skip_reason() == NOTHING_DUE
    saved = json.loads(loaded.cursor or "")
    loaded.cursor = json.dumps({**saved, "position": str(MON + dt.timedelta(days=1))})
    assert loaded.skip_reason() == NOTHING_DUE
    monkeypatch.setattr(sensors, "ROTATION_SECONDS", -1.0)
    assert loaded.request().tags[RANGE_START] == str(MON + dt.timedelta(days=2))


def test_older_days_wait_for_their_interval_also_after_an_evaluation_late_in_a_second(
    loaded: Tick, monkeypatch: pytest.MonkeyPatch
):
    late = int(time.time()) + 3600.9
    monkeypatch.setattr(sensors, "time", SimpleNamespace(time=lambda: late))
    assert loaded.skip_reason() == NOTHING_DUE
    saved = json.loads(loaded.cursor or "")
    assert late - 1 < saved["rotated_at"] <= late
    assert late - 1 < saved["checked_at"] <= late


def test_an_older_day_that_fails_is_tried_again_and_its_correction_is_seen_by_the_next_tick(
    loaded: Tick,
):
    land_and_age(loaded, MON, "10.00")
    loaded.cursor = json.dumps({"position": str(MON - dt.timedelta(days=1))})
    keys = []
    for attempt in range(loaded.world.settings.attempts):
        request = loaded.request()
        assert request.tags[ATTEMPT_TAG] == str(attempt)
        keys.append(request.run_key)
        record(loaded, request, dg.DagsterRunStatus.FAILURE)
    for _ in range(2):
        assert loaded.skip_reason() == "1 batch of days was given up after failed runs"
    land_and_age(loaded, MON, "11.00")
    assert loaded.request().run_key not in keys


def test_a_clock_that_is_set_back_delays_neither_the_rotation_nor_a_run_that_is_tried_again(
    tick: Tick,
):
    tick.world.land_all(night(MON, 1, "10.00"))
    run = record(tick, tick.request(), dg.DagsterRunStatus.STARTED)
    tick.world.instance.add_run_tags(run.run_id, {OUTSIDE_TAG: "interrupted"})
    with freeze_time(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)):
        tick.world.instance.report_run_canceled(run, "The machine restarted")
    cursor = json.loads(tick.cursor or "{}")
    ahead = {name: cursor[name] + 3600 for name in ("rotated_at", "checked_at")}
    tick.cursor = json.dumps(cursor | ahead)
    assert tick.request().job_name == "mrhealth_arrivals"
    cursor = json.loads(tick.cursor or "{}")
    assert all(cursor[name] < ahead[name] for name in ahead), "they began again"

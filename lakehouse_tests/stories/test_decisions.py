"""What has to run is decided from what landed and what the books say, from nothing else."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import (
    RecognizedFile,
    UnrecognizedFile,
    UnrecognizedReason,
)
from lakehouse.platform.orchestration.code_location import definitions_of, shared
from lakehouse.platform.orchestration.planning import GAP_DAYS, Batch, decided, planned
from lakehouse.platform.orchestration.run_tags import (
    ATTEMPT_TAG,
    BATCH_TAG,
    DOMAIN_TAG,
    RANGE_END,
    RANGE_START,
)
from lakehouse.platform.reconciliation.balance import State
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings
from lakehouse_tests.stories.world import FRI, MON, THU, TUE, WED, World, night

LANDED = dt.datetime(2024, 3, 9, tzinfo=dt.UTC)
NOTHING_OPEN = State(unfinished={}, waiting={})
LIMITS = Settings(batch_days=400, batch_files=50_000)


def file(day: dt.date, unit: int = 1, *, size: int = 9, at: dt.datetime = LANDED) -> RecognizedFile:
    return RecognizedFile(
        path=f"mrhealth/{day}/unidade_{unit:03d}/PEDIDO.csv",
        dataset="orders",
        day=day,
        unit=unit,
        size=size,
        modified_at=at,
        etag=None,
        dated=True,
    )


def plan(
    *files: RecognizedFile,
    known: tuple[RecognizedFile, ...] = (),
    unrecognized_files: tuple[UnrecognizedFile, ...] = (),
    state: State = NOTHING_OPEN,
    limits: Settings = LIMITS,
) -> list[Batch]:
    listing = Listing(files=files, unrecognized_files=unrecognized_files, growing=(), temporary=())
    return planned(listing, lambda f: f in known, lambda stray: False, state, limits)


def spans(batches: list[Batch]) -> list[tuple[str, dt.date, dt.date, int]]:
    return [(batch.work.value, batch.first, batch.last, batch.files) for batch in batches]


def test_files_that_the_lake_has_ask_for_nothing():
    assert plan(file(MON), known=(file(MON),)) == []


def test_days_that_lie_close_together_are_one_run_and_far_ones_another():
    far = MON - dt.timedelta(days=GAP_DAYS + 1)
    found = plan(file(far), file(MON), file(MON, 2), file(WED))
    assert spans(found) == [("arrivals", far, far, 1), ("arrivals", MON, WED, 3)]


def test_no_run_is_larger_than_the_limits_of_days_and_files():
    days = [MON + dt.timedelta(days=n) for n in range(5)]
    by_days = plan(*map(file, days), limits=replace(LIMITS, batch_days=2))
    assert [(b.first, b.last) for b in by_days] == [(MON, TUE), (WED, THU), (FRI, FRI)]
    full = [file(day, unit) for day in days for unit in (1, 2)]
    by_files = plan(*full, limits=replace(LIMITS, batch_files=5))
    assert [batch.files for batch in by_files] == [4, 4, 2]
    one_large_day = plan(file(MON, 1), file(MON, 2), limits=replace(LIMITS, batch_files=1))
    assert spans(one_large_day) == [("arrivals", MON, MON, 2)]


def test_a_day_whose_balance_was_not_made_is_run_again():
    open_days = State(unfinished={MON: "abc"}, waiting={})
    assert spans(plan(state=open_days)) == [("arrivals", MON, MON, 1)]


def test_days_that_rows_wait_for_are_refreshed_unless_a_run_covers_them():
    waiting = State(unfinished={}, waiting={MON: "abc", TUE: "abc", FRI: "abc"})
    covered = plan(file(MON), file(WED), state=waiting)
    assert spans(covered) == [("arrivals", MON, WED, 2), ("refresh", FRI, FRI, 1)]
    assert spans(plan(state=waiting)) == [("refresh", MON, FRI, 3)]


def test_a_rejected_name_is_recorded_on_the_day_of_its_folder():
    stray = UnrecognizedFile(
        path=f"mrhealth/{TUE}/unidade_001/menu.pdf",
        size=1,
        modified_at=LANDED,
        reason=UnrecognizedReason.UNKNOWN_FILE,
        detail="no",
    )
    assert spans(plan(unrecognized_files=(stray,))) == [("arrivals", TUE, TUE, 1)]


def test_the_same_files_give_the_same_digest_and_other_bytes_another():
    (first,), (again,) = plan(file(MON), file(MON, 2)), plan(file(MON, 2), file(MON))
    assert first.digest == again.digest
    corrected = [
        plan(file(MON, size=10), file(MON, 2)),
        plan(file(MON, at=LANDED + dt.timedelta(microseconds=1)), file(MON, 2)),
        plan(file(MON)),
        plan(state=State(unfinished={}, waiting={MON: "abc"})),
    ]
    assert len({first.digest} | {batch.digest for (batch,) in corrected}) == 5


def decide(batches: list[Batch], failures: Mapping[str, int], limit: int = 3) -> Any:
    found = decided(batches, lambda digest: failures.get(digest, 0), limit)
    due = [(d.batch.first, d.batch.last, d.attempt) for d in found.due]
    return due, [(batch.first, batch.last) for batch in found.given_up]


def test_a_range_that_failed_is_halved_until_the_bad_day_stands_alone():
    (week,) = plan(file(MON), file(TUE), file(WED), file(THU))
    left, right = week.halves()
    first, second = left.halves()
    assert decide([week], {}) == ([(MON, THU, 0)], [])
    assert decide([week], {week.digest: 1}) == ([(MON, TUE, 0), (WED, THU, 0)], [])
    failed = {week.digest: 1, left.digest: 1}
    assert decide([week], failed) == ([(MON, MON, 0), (TUE, TUE, 0), (WED, THU, 0)], [])
    failed |= {second.digest: 2}
    due, given_up = decide([first, second, right], failed)
    assert due == [(MON, MON, 0), (TUE, TUE, 2), (WED, THU, 0)]
    assert given_up == []


def test_a_range_that_nothing_can_be_made_of_yet_is_tried_again_as_it_is():
    (week,) = plan(file(MON), file(TUE))
    for failed in (1, 2):
        found = decided([week], {week.digest: failed}.__getitem__, 3, lambda _: True)
        assert [(due.batch.digest, due.attempt) for due in found.due] == [(week.digest, failed)]
    found = decided([week], {week.digest: 3}.__getitem__, 3, lambda _: True)
    assert [batch.digest for batch in found.given_up] == [week.digest]


def test_a_day_is_given_up_after_its_last_attempt_and_comes_back_with_other_bytes():
    (bad,) = plan(file(MON))
    assert decide([bad], {bad.digest: 2}) == ([(MON, MON, 2)], [])
    assert decide([bad], {bad.digest: 3}) == ([], [(MON, MON)])
    (mended,) = plan(file(MON, size=10))
    assert decide([mended], {bad.digest: 3}) == ([(MON, MON, 0)], [])


@pytest.fixture(scope="module")
def location() -> dg.Definitions:
    return dg.Definitions.merge(shared(), definitions_of(load_domain("mrhealth"), Settings()))


class Tick:
    """Evaluations of the real sensor over a world, each with what the one before it left."""

    def __init__(self, world: World, location: dg.Definitions) -> None:
        self.world = world
        self.sensor = location.resolve_sensor_def("mrhealth_landing")
        self.location = location
        self.cursor: str | None = None

    def __call__(self) -> dg.SkipReason | list[dg.RunRequest]:
        with dg.build_sensor_context(
            instance=self.world.instance, cursor=self.cursor, definitions=self.location
        ) as context:
            given = self.sensor(context)
            if isinstance(given, dg.SkipReason):
                self.cursor = context.cursor or self.cursor
                return given
            assert isinstance(given, dg.SensorResult)
            self.cursor = given.cursor
            return list(given.run_requests or [])

    def skipped(self) -> str:
        given = self()
        assert isinstance(given, dg.SkipReason), given
        return given.skip_message or ""

    def asked(self) -> dg.RunRequest:
        given = self()
        assert isinstance(given, list)
        (request,) = given
        return request


@pytest.fixture
def tick(world: World, location: dg.Definitions) -> Tick:
    (Path(world.settings.landing) / "mrhealth").mkdir(parents=True)
    return Tick(world, location)


def record(tick: Tick, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run of a request in this state, as the daemon would leave it."""
    job = tick.location.resolve_job_def(request.job_name or "")
    return tick.world.instance.create_run_for_job(
        job_def=job, tags=dict(request.tags), status=status
    )


def test_nothing_new_is_said_and_a_file_asks_for_one_run_over_its_day(tick: Tick):
    assert tick.skipped() == "nothing new"
    tick.world.land_all(night(MON, 1, "10.00"))
    request = tick.asked()
    assert request.job_name == "mrhealth_arrivals"
    assert request.run_key == f"{request.tags[BATCH_TAG]}-0"
    assert request.tags[DOMAIN_TAG] == "mrhealth"
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (str(MON), str(MON))
    assert tick.asked().run_key == request.run_key


def test_what_was_taken_in_is_not_asked_for_again_with_or_without_the_cursor(tick: Tick):
    tick.world.refer()
    tick.world.land_all(night(MON, 1, "10.00"))
    tick.world.ingest()
    assert tick.skipped() == "nothing new"
    tick.cursor = None
    assert tick.skipped() == "nothing new"
    late = night(MON - dt.timedelta(days=300), 1, "5.00")
    tick.world.land_all(late)
    for cursor in (None, tick.cursor, '{"position": "2023-02-01", "files_per_day": 1}'):
        tick.cursor = cursor
        request = tick.asked()
        assert request.tags[RANGE_START] == str(MON - dt.timedelta(days=300))


def test_while_a_run_is_under_way_nothing_is_asked_for(tick: Tick):
    tick.world.land_all(night(MON, 1, "10.00"))
    request = tick.asked()
    run = record(tick, request, dg.DagsterRunStatus.STARTED)
    assert "under way" in tick.skipped()
    tick.world.instance.delete_run(run.run_id)
    assert tick.asked().run_key == request.run_key


def test_a_failed_run_is_asked_for_again_up_to_the_limit_and_then_an_error_is_logged(
    tick: Tick, capfd: pytest.CaptureFixture[str]
):
    tick.world.land_all(night(MON, 1, "10.00"))
    keys = []
    for attempt in range(tick.world.settings.attempts):
        request = tick.asked()
        assert request.tags[ATTEMPT_TAG] == str(attempt)
        keys.append(request.run_key)
        record(tick, request, dg.DagsterRunStatus.FAILURE)
    assert len(set(keys)) == 3
    assert tick.skipped() == "nothing new"
    said = capfd.readouterr().err
    assert f"{MON} to {MON}: failed 3 times and is not tried any more" in said
    tick.world.land_all(night(MON, 1, "11.00"))
    assert tick.asked().run_key not in keys


def test_a_file_that_may_still_grow_is_left_alone(tick: Tick, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LAKEHOUSE_QUIET_SECONDS", "60")
    (path, content), _ = night(MON, 1, "10.00").items()
    now = dt.datetime.now(dt.UTC)
    tick.world.land(path, content, at=now)
    assert tick.skipped() == "nothing new; 1 files still grow"
    tick.world.land(path, content, at=now - dt.timedelta(seconds=61))
    assert tick.asked().tags[RANGE_START] == str(MON)

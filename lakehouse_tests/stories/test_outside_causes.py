"""Causes outside of the data stop nothing else and use up no attempts."""

import datetime as dt
import errno
import os
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from lakehouse.platform.orchestration import failures
from lakehouse.platform.orchestration.unloaded import not_loaded
from lakehouse.platform.storage.disk import DiskStore
from lakehouse_tests.stories.test_sensor import NOTHING_DUE, Tick, location, record, tick
from lakehouse_tests.stories.world import MON, World, night, orders

pytestmark = pytest.mark.as_of(False)

__all__ = ["location", "tick"]  # fixtures

UNREADABLE = f"mrhealth/{MON}/unidade_002/unreadable/PEDIDO.csv"


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make files in folders named ``unreadable`` unreadable; the result makes them readable."""
    plain = os.open

    def locked(path: Any, flags: int, *more: Any, **options: Any) -> int:
        if path == "unreadable":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return plain(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", locked)
    return lambda: monkeypatch.setattr(os, "open", plain)


def arrivals(tick: Tick) -> list[dg.RunRequest]:
    """Return the runs that a tick requests for delivered files."""
    result = tick()
    requests = [] if isinstance(result, dg.SkipReason) else result
    return [request for request in requests if request.job_name == "mrhealth_arrivals"]


def left(world: World) -> list[str]:
    return not_loaded(world.domain, world.settings, world.instance)


def test_an_unreadable_file_is_named_and_the_others_are_loaded_until_it_is_readable(
    world: World, lock: Callable[[], None]
):
    world.land_reference()
    world.land_all(night(MON, 1, "10.00"))
    world.land(UNREADABLE, orders((2, 1, MON, "5.00")))
    assert len(world.ingest()) == 1
    assert world.statuses() == {"loaded": 1, "rejected": 1}
    assert world.revenue() == {(MON, 1): "10.00"}
    (problem,) = left(world)
    assert f"{UNREADABLE} cannot be read (Permission denied)" in problem
    assert "hint:" in problem
    assert len(world.ingest()) == 1, "each command tries it once"
    lock()
    world.ingest()
    assert world.statuses() == {"loaded": 2}
    assert world.revenue() == {(MON, 1): "10.00", (MON, 2): "5.00"}
    assert left(world) == []
    assert world.ingest() == []
    assert set(world.balance()) == {"balanced"}


def test_the_sensor_tries_an_unreadable_file_again_after_growing_pauses(
    tick: Tick, lock: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    tick.world.land(UNREADABLE, orders((2, 1, MON, "5.00")))
    tick.world.ingest()
    keys = []
    for _ in range(5):
        with monkeypatch.context() as patch:
            patch.setattr(failures, "SHORTEST_PAUSE", dt.timedelta(0))
            (request,) = arrivals(tick)
        keys.append(request.run_key)
        record(tick, request, dg.DagsterRunStatus.SUCCESS)
        assert arrivals(tick) == [], "the pause has not passed"
    assert len(set(keys)) == 5
    lock()
    tick.world.ingest()
    assert tick.world.statuses() == {"loaded": 1}
    assert arrivals(tick) == []


def test_a_full_disk_uses_up_no_attempt_and_the_next_ingestion_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.land_reference()
    world.land_all(night(MON, 1, "10.00"))
    plain = DiskStore.move_in

    def full(store: DiskStore, local: Any, path: str) -> None:
        if "/objects/" in path:
            raise OSError(errno.ENOSPC, "No space left on device", path)
        plain(store, local, path)

    for _ in range(world.settings.attempts + 1):
        with monkeypatch.context() as patch:
            patch.setattr(DiskStore, "move_in", full)
            assert len(world.ingest(fails=True)) <= 2
        (problem, *_) = left(world)
        assert "cause outside of the data" in problem
    world.ingest()
    assert world.revenue() == {(MON, 1): "10.00"}
    assert left(world) == []


def test_what_was_given_up_is_work_that_a_person_can_repeat(tick: Tick):
    tick.world.land_all(night(MON, 1, "10.00"))
    for _ in range(tick.world.settings.attempts):
        record(tick, tick.request(), dg.DagsterRunStatus.FAILURE)
    assert tick.skip_reason() == "1 batch of days was given up after failed runs"
    (problem,) = left(tick.world)
    assert f"mrhealth {MON} to {MON}: failed 3 times and was given up" in problem
    tick.world.ingest()
    assert tick.world.statuses() == {"loaded": 1}
    assert left(tick.world) == []
    assert tick.skip_reason() == NOTHING_DUE

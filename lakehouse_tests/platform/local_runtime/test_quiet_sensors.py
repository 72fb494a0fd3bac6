"""The evaluation of a landing sensor waits only while nothing that it looks at changes."""

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster._daemon import sensor as stock

from lakehouse.platform.local_runtime.quiet_sensors import (
    ACTIVE_SECONDS,
    MOST_ENTRIES,
    MOST_SECONDS,
    QuietSensors,
    State,
    has_running,
    state_of,
    wait_while_quiet,
)
from lakehouse.settings import Settings

TODAY = dt.date(2026, 3, 20)
NOW = 4_000_000_000.0
"""Seconds of the epoch, decades after the files of the tests are written."""
RECENT, OLD = "landing/shop/2026-03-19/unit_1", "landing/shop/2020-01-01/unit_1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a landing zone and a lake of one domain."""
    for day in (RECENT, OLD):
        (tmp_path / day).mkdir(parents=True)
        (tmp_path / day / "orders.csv").write_text("1")
    for table in ("gold/shop/orders", "silver/shop/quarantine/orders"):
        (tmp_path / "lake" / table / "_delta_log").mkdir(parents=True)
    (tmp_path / "lake/_published/shop").mkdir(parents=True)
    return tmp_path


def state(folder: Path, now: float = NOW) -> State | None:
    settings = Settings(root=str(folder / "lake"), landing=str(folder / "landing"))
    return state_of("shop", settings, TODAY, now)


def rewritten_in_place(folder: Path) -> None:
    path = folder / RECENT / "orders.csv"
    path.write_text("2")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize(
    "change",
    [
        rewritten_in_place,
        lambda folder: (folder / RECENT / "items.csv").write_text("1"),
        lambda folder: (folder / RECENT / "orders.csv").unlink(),
        lambda folder: (folder / "landing/shop/2026-03-20").mkdir(),
        lambda folder: (folder / "landing/shop/products.csv").write_text("1"),
        lambda folder: (folder / "landing/shop/2020-01-01/unit_2").mkdir(),
        lambda folder: (folder / "lake/gold/shop/orders/_delta_log/1.json").write_text("1"),
        lambda folder: (folder / "lake/silver/shop/quarantine/orders/_delta_log/1.json").write_text(
            "1"
        ),
        lambda folder: (folder / "lake/gold/shop/items/_delta_log").mkdir(parents=True),
        lambda folder: (folder / "lake/_published/shop/1.json").write_text("1"),
    ],
)
def test_a_change_gives_another_state(folder: Path, change: Callable[[Path], object]):
    before = state(folder)
    assert before is not None
    assert state(folder) == before
    for place in folder.rglob("*"):  # the clock of a file system moves in steps
        os.utime(place, ns=(0, place.stat().st_mtime_ns - 10**9))
    before = state(folder)
    change(folder)
    assert state(folder) != before


def test_files_below_an_old_day_count_while_its_folder_has_just_changed(folder: Path):
    changed = (folder / "landing/shop/2020-01-01").stat().st_mtime
    for now, counts in ((changed + 1, True), (NOW, False)):
        before = state(folder, now)
        (folder / OLD / f"{now}.csv").write_text("1")
        assert (state(folder, now) != before) is counts


def test_no_state_on_s3_or_with_too_many_files(folder: Path):
    settings = Settings(root=str(folder / "lake"), landing=str(folder / "landing"))
    assert state_of("shop", replace(settings, root="s3://bucket/lake"), TODAY, NOW) is None
    assert state_of("shop", replace(settings, landing="s3://bucket/in"), TODAY, NOW) is None
    for number in range(MOST_ENTRIES):
        (folder / RECENT / str(number)).touch()
    assert state(folder) is None


class Watched:
    """A sensor that is looked at every second; `waits` says whether it waited then."""

    def __init__(self) -> None:
        self.state: State | None = ("a",)
        self.is_busy = False
        self.now = 0.0
        self.quiet = QuietSensors(lambda _: self.state, lambda: self.is_busy)

    def waits(self, seconds: float, *, elapsed: float | None = 2.0, name: str = "_landing") -> bool:
        self.now += seconds
        return self.quiet.may_wait(f"shop{name}", elapsed, self.now)


def test_a_sensor_waits_a_minute_after_the_last_change():
    watched = Watched()
    assert not watched.waits(0)
    assert not watched.waits(ACTIVE_SECONDS - 1)
    assert watched.waits(1)
    watched.state = ("b",)
    assert not watched.waits(1)
    assert not watched.waits(ACTIVE_SECONDS - 1)
    assert watched.waits(1)


def test_a_sensor_never_waits_longer_than_15_seconds_nor_for_a_run():
    watched = Watched()
    watched.waits(0)
    assert watched.waits(ACTIVE_SECONDS, elapsed=MOST_SECONDS - 1)
    assert not watched.waits(1, elapsed=MOST_SECONDS)
    assert not watched.waits(1, elapsed=None)
    assert watched.waits(1)
    watched.is_busy = True
    assert not watched.waits(1)


def test_only_landing_sensors_with_a_known_state_wait():
    watched = Watched()
    watched.waits(0)
    assert not watched.waits(ACTIVE_SECONDS, name="_messages")
    watched.state = None
    assert not watched.waits(1)
    assert not watched.waits(ACTIVE_SECONDS)


def test_a_lock_file_of_a_run_says_that_one_is_running(tmp_path: Path):
    assert not has_running(str(tmp_path))
    (tmp_path / "workers").mkdir()
    assert not has_running(str(tmp_path))
    (tmp_path / "workers" / "run").touch()
    assert has_running(str(tmp_path))


def test_the_daemon_keeps_the_interval_of_a_sensor(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stock, "is_under_min_interval", lambda elapsed, _: elapsed < 2.0)
    monkeypatch.setattr(stock, "get_elapsed", lambda elapsed: elapsed)
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(folder / "lake"))
    monkeypatch.setenv("LAKEHOUSE_LANDING", str(folder / "landing"))
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "home"))
    wait_while_quiet()

    class Sensor:
        name = "shop_landing"

    waits: Any = stock.is_under_min_interval
    assert waits(1.0, Sensor()) is True
    assert waits(2.0, Sensor()) is False
    assert waits(-3600.0, Sensor()) is False, "the clock was set back"

"""Silent units: every day from the first delivery on has a row of each, once the day is over."""

import datetime as dt
from collections.abc import Callable

import pytest

from lakehouse_tests.stories.world import World, items, night, orders, reference

pytestmark = pytest.mark.as_of(False)

TODAY = dt.datetime.now(dt.UTC).date()
LAST = TODAY - dt.timedelta(days=2)
"""A day that is over whatever the time of the test."""


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world(SILENCE_DAYS="3650", TIMEZONE="UTC")


def units_by_day(world: World) -> dict[dt.date, list[int]]:
    found: dict[dt.date, list[int]] = {}
    for day, unit in world.rows("gold.mrhealth_unit_day", "day", "unit_id"):
        found.setdefault(day, []).append(unit)
    return found


def test_days_without_any_run_have_a_row_of_each_unit_and_today_has_none(world: World) -> None:
    first = TODAY - dt.timedelta(days=40)
    for name, content in reference().items():
        world.land(f"mrhealth/{name}", content, at=dt.datetime.now(dt.UTC))
    world.land_all(night(first, 1, "10.00"))
    world.land_all(night(TODAY - dt.timedelta(days=12), 2, "12.00"))
    runs = world.ingest()
    found = units_by_day(world)
    over = [first + dt.timedelta(days=n) for n in range((LAST - first).days + 1)]
    assert {day: found.get(day) for day in over} == {day: [1, 2] for day in over}
    assert not [day for day in found if day < first or day >= TODAY]
    assert len(runs) <= 3
    assert world.ingest() == []


def test_a_unit_that_delivers_for_today_has_a_row_and_the_others_have_none(world: World) -> None:
    world.land_reference(LAST)
    world.land_all(night(LAST, 1, "10.00"))
    world.land_all(night(TODAY, 2, "12.00"))
    world.ingest()
    found = units_by_day(world)
    assert (found[LAST], found[TODAY]) == ([1, 2], [2])


def test_orders_on_many_scattered_days_need_few_runs(make_world: Callable[..., World]) -> None:
    world = make_world()
    start = dt.date(2024, 1, 3)
    days = [start + dt.timedelta(days=13 * n) for n in range(24)]
    world.land_reference(start)
    folder = f"mrhealth/{days[-1] + dt.timedelta(days=1)}/unidade_001"
    sold = [(1, number, day, "10.00") for number, day in enumerate(days, start=1)]
    world.land(f"{folder}/PEDIDO.csv", orders(*sold))
    lines = [(number, 1, 10, 1, "9.00") for number in range(1, 25)]
    world.land(f"{folder}/ITEM_PEDIDO.csv", items(*lines))
    runs = world.ingest()
    assert len(world.revenue()) == 24
    assert set(world.balance()) == {"balanced"}
    assert len(runs) <= 3

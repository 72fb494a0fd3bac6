"""Circumstances of the restaurants that are harmless."""

import datetime as dt
from dataclasses import replace

import pytest

from lakehouse.demo.mrhealth.business import PRICE, PRODUCT, state_of
from lakehouse.demo.mrhealth.conditions import Conditions, is_holiday
from lakehouse.demo.mrhealth.scenario import Scenario, scenario_of, shipments_of

FIRST = dt.date(2026, 1, 1)
DAY = dt.date(2026, 3, 18)
PLAIN = replace(
    scenario_of(5, first=FIRST, units=6, days=120, rounds=0), conditions=Conditions(seed=5)
)


def under(**values: object) -> Scenario:
    return replace(PLAIN, conditions=Conditions(seed=5, **values))  # type: ignore[arg-type]


def prices(scenario: Scenario, day: dt.date, product: str) -> set[str]:
    return {
        item.fields[PRICE]
        for shipment in shipments_of(scenario, day)
        for order in shipment.orders
        for item in order.items
        if item.fields[PRODUCT] == product
    }


def test_national_and_state_holidays_are_known() -> None:
    assert is_holiday(dt.date(2026, 4, 3), 41)  # Good Friday
    assert is_holiday(dt.date(2026, 9, 20), 43)
    assert not is_holiday(dt.date(2026, 9, 20), 41)


def test_a_unit_exists_from_its_opening_to_its_closing() -> None:
    scenario = under(opens={2: DAY}, closes={3: DAY})
    before, after = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
    assert scenario.units(before) == [1, 3, 4, 5, 6]
    assert scenario.units(DAY) == [1, 2, 3, 4, 5, 6]
    assert scenario.units(after) == [1, 2, 4, 5, 6]


def test_a_promotion_changes_the_price_in_all_units_while_it_lasts() -> None:
    scenario = under(promotions=((DAY, DAY, 301, 0.8),))
    assert prices(scenario, DAY, "301") == {"27.90"}
    assert prices(scenario, DAY + dt.timedelta(days=1), "301") == {"34.90"}


def test_a_price_rises_for_good() -> None:
    scenario = under(rises=((DAY, 302, 1.1),))
    assert prices(scenario, DAY - dt.timedelta(days=1), "302") == {"33.90"}
    assert prices(scenario, DAY + dt.timedelta(days=9), "302") == {"37.30"}


def test_a_retired_product_is_not_sold_again() -> None:
    assert prices(under(retired={303: DAY}), DAY, "303") == set()


def test_some_units_do_not_open_on_a_holiday_and_deliver_no_orders() -> None:
    holiday = dt.date(2026, 4, 3)
    counts = [len(each.orders) for each in shipments_of(scenario_of(3, first=FIRST), holiday)]
    assert 0 < sum(count == 0 for count in counts) < len(counts)


def test_a_fair_brings_guests_to_one_unit_and_a_season_takes_them_from_a_state() -> None:
    busy = under(events=((DAY, DAY, 2, 1.4),), seasons=((DAY, DAY, state_of(1), 0.9),))
    times = {
        unit: busy.conditions.predictable(DAY, unit) / PLAIN.conditions.predictable(DAY, unit)
        for unit in (1, 2)
    }
    assert times == {1: pytest.approx(0.9), 2: pytest.approx(1.4)}


def test_half_fees_let_guests_order_online_and_lose_none() -> None:
    half = under(free_delivery=((DAY, DAY, state_of(1)),))
    before, after = (next(iter(shipments_of(each, DAY))) for each in (PLAIN, half))
    assert len(before.orders) == len(after.orders)
    assert sum(o.fee > 0 for o in after.orders) > sum(o.fee > 0 for o in before.orders)


def test_a_general_rise_changes_all_prices() -> None:
    risen = under(general_rise=(DAY, 1.1))
    assert prices(risen, DAY, "301") == {"38.40"}
    assert prices(risen, DAY - dt.timedelta(days=1), "301") == {"34.90"}


def test_the_circumstances_thought_of_later_leave_the_others_as_they_are() -> None:
    plain, more = (scenario_of(3, first=FIRST, rounds=0, later=later) for later in (False, True))
    assert more.conditions.events
    assert replace(more.conditions, events=(), seasons=(), free_delivery=(), general_rise=None) == (
        plain.conditions
    )

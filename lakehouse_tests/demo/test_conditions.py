"""Circumstances of the restaurants that are harmless."""

import datetime as dt
from dataclasses import replace

from lakehouse.demo.mrhealth.business import PRICE, PRODUCT
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

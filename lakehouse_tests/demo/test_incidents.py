"""Incidents of the restaurants: each changes what its mechanism reaches, and nothing else."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from lakehouse.demo.mrhealth import incidents
from lakehouse.demo.mrhealth.business import ORDER, PARENT, PRICE, PRODUCT, STATUS, state_of
from lakehouse.demo.mrhealth.incidents import Incident, Mechanism, incidents_of
from lakehouse.demo.mrhealth.scenario import (
    Scenario,
    deliveries,
    labels,
    scenario_of,
    shipments_of,
)
from lakehouse.demo.mrhealth.shipments import Shipment

FIRST = dt.date(2026, 1, 1)
DAY = dt.date(2026, 3, 18)
SCENARIO = replace(scenario_of(5, first=FIRST, units=12, days=120, rounds=0), incidents=())


def of_unit(scenario: Scenario, unit: int, day: dt.date = DAY) -> Shipment:
    return next(each for each in shipments_of(scenario, day) if each.unit == unit)


def after(mechanism: Mechanism, unit: int = 3, **values: object) -> tuple[Shipment, Shipment]:
    """The same unit-day without and with an incident."""
    content = {"units": (unit,), "first": DAY, "last": DAY, "strength": 0.8, **values}
    incident = Incident(mechanism=mechanism, **content)  # type: ignore[arg-type]
    return of_unit(SCENARIO, unit), of_unit(replace(SCENARIO, incidents=(incident,)), unit)


def written(shipment: Shipment) -> list[tuple[list[str], list[list[str]]]]:
    return [(order.fields, [item.fields for item in order.items]) for order in shipment.orders]


def test_equal_seeds_give_equal_scenarios_and_other_seeds_give_others() -> None:
    one, same, other = (scenario_of(seed, first=FIRST) for seed in (1, 1, 2))
    assert one == same
    assert labels(one) != labels(other)


def test_each_mechanism_is_planted_in_each_round() -> None:
    found = incidents_of(1, range(1, 21), FIRST, FIRST + dt.timedelta(days=90), rounds=2)
    assert {incident.mechanism for incident in found} == set(incidents.FIRST)
    later = scenario_of(1, first=FIRST, rounds=1, later=True)
    assert {incident.mechanism for incident in later.incidents} == set(incidents.LATER)


def test_incidents_of_a_unit_are_ten_quiet_days_apart() -> None:
    found = incidents_of(3, range(1, 21), FIRST, FIRST + dt.timedelta(days=90), rounds=2)
    for n, one in enumerate(found):
        for other in found[n + 1 :]:
            if {*one.units} & {*other.units}:
                assert other.first - one.last > dt.timedelta(days=10)


def test_a_unit_without_an_incident_delivers_the_same_as_before() -> None:
    incident = Incident(
        mechanism=Mechanism.TILL_DOWN, units=(3,), first=DAY, last=DAY, strength=0.9
    )
    hit = replace(SCENARIO, incidents=(incident,))
    assert written(of_unit(SCENARIO, 4)) == written(of_unit(hit, 4))
    after_it = DAY + dt.timedelta(days=1)
    assert written(of_unit(SCENARIO, 3, after_it)) == written(of_unit(hit, 3, after_it))


@pytest.mark.parametrize(
    "mechanism", [Mechanism.TILL_DOWN, Mechanism.REGION_OUTAGE, Mechanism.HALF_DAY]
)
def test_most_orders_are_lost_and_the_till_numbers_the_others(mechanism: Mechanism) -> None:
    before, shipment = after(mechanism)
    assert 0 < len(shipment.orders) < 0.5 * len(before.orders)
    numbers = [order.fields[ORDER] for order in shipment.orders]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]


def test_a_closed_road_stops_couriers_more_than_guests() -> None:
    before, shipment = after(Mechanism.ROAD_CLOSED)
    online, on_foot = (
        [sum((order.fee > 0) is channel for order in each.orders) for each in (shipment, before)]
        for channel in (True, False)
    )
    assert online[0] / online[1] < on_foot[0] / on_foot[1]


def test_a_product_that_the_supplier_does_not_bring_is_not_sold() -> None:
    before, shipment = after(Mechanism.SUPPLIER_OUT, products=(305,))

    def sold(each: Shipment) -> set[str]:
        return {item.fields[PRODUCT] for order in each.orders for item in order.items}

    assert "305" in sold(before)
    assert "305" not in sold(shipment)
    assert all(o.cents == o.fee + sum(i.cents for i in o.items) for o in shipment.orders)


def test_a_wrong_price_list_changes_prices_and_the_values_of_orders_with_them() -> None:
    before, shipment = after(Mechanism.WRONG_PRICE_LIST, products=(301,), strength=1.5)
    prices = [
        {i.fields[PRICE] for o in each.orders for i in o.items if i.fields[PRODUCT] == "301"}
        for each in (before, shipment)
    ]
    assert prices[0] == {"34.90"}
    assert prices[1] == {"52.40"}  # 52.35 to ten cents, half to even
    assert all(o.cents == o.fee + sum(i.cents for i in o.items) for o in shipment.orders)


def test_a_broken_link_sends_no_file() -> None:
    _, shipment = after(Mechanism.LINK_DOWN)
    assert shipment.sent == (False, False)


def test_a_failing_kitchen_cancels_orders() -> None:
    before, shipment = after(Mechanism.KITCHEN_FAILURE)
    cancelled = [
        sum(order.fields[STATUS] == "Cancelado" for order in each.orders)
        for each in (before, shipment)
    ]
    assert len(shipment.orders) == len(before.orders)
    assert cancelled[1] > 3 * cancelled[0]


def test_a_bug_in_the_totals_changes_the_value_of_orders_but_no_item() -> None:
    before, shipment = after(Mechanism.TOTALS_BUG, strength=0.1)
    assert [items for _, items in written(before)] == [items for _, items in written(shipment)]
    assert all(o.cents > o.fee + sum(i.cents for i in o.items) for o in shipment.orders)


@pytest.mark.parametrize("unit", [1, 2, 3, 4])
def test_orders_that_are_sent_twice_have_new_numbers_and_equal_items(unit: int) -> None:
    before, shipment = after(Mechanism.SENT_TWICE, unit=unit)
    keys = [order.fields[ORDER] for order in shipment.orders]
    assert len(keys) == len(set(keys)) == 2 * len(before.orders)
    assert all(i.fields[PARENT] == o.fields[ORDER] for o in shipment.orders for i in o.items)
    once, again = shipment.orders[: len(before.orders)], shipment.orders[len(before.orders) :]
    assert [[i.cents for i in o.items] for o in once] == [[i.cents for i in o.items] for o in again]


def test_guests_of_a_closed_dining_room_order_online_or_not_at_all() -> None:
    before, shipment = after(Mechanism.DINING_CLOSED, strength=1.0)
    assert all(order.fee > 0 for order in shipment.orders)
    online = sum(order.fee > 0 for order in before.orders)
    assert online < len(shipment.orders) < len(before.orders)
    assert all(o.cents == o.fee + sum(i.cents for i in o.items) for o in shipment.orders)


def test_a_shop_that_is_down_loses_online_orders_only() -> None:
    before, shipment = after(Mechanism.APP_DOWN, strength=1.0)
    assert [o.fee for o in shipment.orders] == [0 for order in before.orders if not order.fee]


def test_orders_whose_status_is_stuck_are_pending() -> None:
    before, shipment = after(Mechanism.STATUS_STUCK, strength=1.0)
    assert {order.fields[STATUS] for order in before.orders} >= {"Finalizado"}
    assert "Finalizado" not in {order.fields[STATUS] for order in shipment.orders}


def test_orders_after_a_cut_of_the_items_have_values_and_no_items() -> None:
    before, shipment = after(Mechanism.ITEMS_CUT, strength=0.5)
    bare = [order for order in shipment.orders if not order.items]
    assert 0.4 < len(bare) / len(before.orders) < 0.6
    assert all(order.cents > order.fee for order in bare)


def test_a_region_outage_hits_all_units_of_one_state() -> None:
    found = incidents_of(1, range(1, 21), FIRST, FIRST + dt.timedelta(days=90))
    for incident in found:
        if incident.mechanism is Mechanism.REGION_OUTAGE:
            state = state_of(incident.units[0])
            assert set(incident.units) == {u for u in range(1, 21) if state_of(u) == state}


def test_the_labels_are_beside_the_landing_zone_and_name_what_happened() -> None:
    scenario = scenario_of(1, first=FIRST, units=12, days=120, rounds=1)
    rows = [json.loads(line) for line in labels(scenario).splitlines()]
    assert [row["first"] for row in rows] == [str(each.first) for each in scenario.incidents]
    paths = {
        file.path for file in deliveries(replace(scenario, plan=replace(scenario.plan, days=2)))
    }
    assert all(path.lower().endswith((".csv", ".gz")) for path in paths)

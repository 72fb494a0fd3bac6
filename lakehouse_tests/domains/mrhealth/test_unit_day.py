"""Sales of every active unit by day."""

from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.gold.unit_day import unit_day
from lakehouse.domains.mrhealth.rules import CANCELLED, PENDING
from lakehouse_tests.domains.mrhealth.rows import MONDAY, fact_order, only, placed_unit

ORDERS = [
    fact_order("1", order_value=Decimal("10.01"), quantity=3),
    fact_order("2", order_value=Decimal("20.00"), order_type="PHYSICAL"),
    fact_order("3", status=PENDING, order_value=Decimal("7.00"), order_type="PHYSICAL"),
    fact_order("4", status=CANCELLED, order_value=Decimal("9.00")),
]


def test_counts_amounts_and_rates_of_a_unit_on_a_day(made):
    (row,) = made(unit_day, [placed_unit()], ORDERS, [])
    counts = ("orders", "completed_orders", "pending_orders", "cancelled_orders", "items_sold")
    assert only(row, *counts) == (4, 2, 1, 1, 5)
    money = ("revenue", "pending_value", "cancelled_value", "delivery_fees", "average_ticket")
    assert only(row, *money) == tuple(map(Decimal, ("30.01", "7.00", "9.00", "10.00", "15.01")))
    assert only(row, "online_pct", "cancellation_rate") == (Decimal("0.5000"), Decimal("0.2500"))


def test_a_unit_without_a_delivery_is_a_row_of_zeros_without_rates(made):
    (row,) = made(unit_day, [placed_unit(2)], ORDERS, [])
    assert only(row, "unit_id", "orders", "revenue", "items_sold") == (2, 0, Decimal("0.00"), 0)
    assert only(row, "average_ticket", "online_pct", "cancellation_rate") == (None, None, None)


@pytest.mark.parametrize(("files", "delivered"), [([], False), ([True], True), ([False], False)])
def test_a_unit_delivered_when_a_readable_file_of_orders_arrived(made, files, delivered):
    came = [{"day": MONDAY, "unit_id": 1, "orders_delivered": flag} for flag in files]
    (row,) = made(unit_day, [placed_unit()], [], came)
    assert row["delivered"] is delivered


def test_before_the_day_is_due_only_units_that_delivered_have_a_row(made):
    units = [placed_unit(1), placed_unit(2), placed_unit(3)]
    came = [{"day": MONDAY, "unit_id": 3, "orders_delivered": False}]
    rows = made(unit_day, units, [fact_order("1")], came, due=False)
    assert sorted(row["unit_id"] for row in rows) == [1, 3]
    rows = made(unit_day, units, [fact_order("1")], came)
    assert sorted(row["unit_id"] for row in rows) == [1, 2, 3]

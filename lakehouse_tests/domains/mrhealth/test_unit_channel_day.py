"""Sales of each unit by channel and day."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day
from lakehouse.domains.mrhealth.rules import CANCELLED, PENDING
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, fact_order, only, placed_unit


def test_each_channel_of_a_unit_and_day_is_a_row(made):
    orders = [
        fact_order("1"),
        fact_order("2", status=PENDING, quantity=5),
        fact_order("3", order_type="PHYSICAL", status=CANCELLED),
        fact_order("1", unit_id=2, day=TUESDAY),
    ]
    units = [placed_unit(1), placed_unit(2, day=TUESDAY, state_name="Acre")]
    rows = made(unit_channel_day, orders, units)
    columns = ("day", "unit_id", "order_type", "state_name", "orders", "quantity", "items_sold")
    assert sorted(only(row, *columns) for row in rows) == [
        (MONDAY, 1, "ONLINE", "Bahia", 2, 7, 2),
        (MONDAY, 1, "PHYSICAL", "Bahia", 1, 2, 0),
        (TUESDAY, 2, "ONLINE", "Acre", 1, 2, 2),
    ]


def test_money_is_summed_by_status(made):
    orders = [fact_order("1"), fact_order("2", status=PENDING), fact_order("3", status=CANCELLED)]
    (row,) = made(unit_channel_day, orders, [placed_unit()])
    assert only(row, "completed_orders", "pending_orders", "cancelled_orders") == (1, 1, 1)
    money = ("revenue", "pending_value", "cancelled_value", "delivery_fees")
    assert only(row, *money) == (
        Decimal("50.00"),
        Decimal("50.00"),
        Decimal("50.00"),
        Decimal("5.00"),
    )

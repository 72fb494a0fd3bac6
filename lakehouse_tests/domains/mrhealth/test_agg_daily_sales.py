"""Sales of all units by day."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.agg_daily_sales import agg_daily_sales
from lakehouse.domains.mrhealth.rules import CANCELLED, PENDING
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, fact_order, only


def test_a_day_counts_by_channel_and_status_and_adds_finished_orders_only(made):
    orders = [
        fact_order("1", order_value=Decimal("10.00")),
        fact_order("1", unit_id=2, order_value=Decimal("0.01"), order_type="PHYSICAL"),
        fact_order("2", status=PENDING, order_type="UNKNOWN"),
        fact_order("3", status=CANCELLED),
    ]
    (row,) = made(agg_daily_sales, orders, [unit_day_row()])
    channels = ("orders", "online_orders", "physical_orders", "unknown_orders", "active_units")
    assert only(row, *channels) == (4, 2, 1, 1, 2)
    assert only(row, "completed_orders", "pending_orders", "cancelled_orders") == (2, 1, 1)
    money = ("revenue", "pending_value", "cancelled_value", "delivery_fees", "average_ticket")
    assert only(row, *money) == tuple(map(Decimal, ("10.01", "50.00", "50.00", "10.00", "5.01")))
    assert only(row, "online_pct", "cancellation_rate") == (Decimal("0.5000"), Decimal("0.2500"))


def test_a_day_without_orders_is_a_row_of_zeros_without_rates(made):
    days = [unit_day_row(), unit_day_row(unit_id=2), unit_day_row(day=TUESDAY)]
    rows = made(agg_daily_sales, [], days)
    assert [only(row, "day", "orders", "revenue", "active_units") for row in rows] == [
        (MONDAY, 0, Decimal("0.00"), 0),
        (TUESDAY, 0, Decimal("0.00"), 0),
    ]
    assert {only(r, "average_ticket", "online_pct", "cancellation_rate") for r in rows} == {
        (None, None, None)
    }


def unit_day_row(**values):
    return {"day": MONDAY, "unit_id": 1, **values}

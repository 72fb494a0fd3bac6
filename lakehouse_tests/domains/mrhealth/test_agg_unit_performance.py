"""Sales of each unit."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.agg_unit_performance import agg_unit_performance
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day
from lakehouse.domains.mrhealth.rules import PENDING
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, fact_order, only, placed_unit


def test_units_are_ranked_by_revenue_and_by_volume_with_ties_by_number(made):
    orders = [
        fact_order("1", unit_id=1, order_value=Decimal("10.00")),
        fact_order("2", unit_id=1, order_value=Decimal("10.00")),
        fact_order("1", unit_id=2, order_value=Decimal("99.00")),
    ]
    units = [placed_unit(n) for n in (4, 3, 2, 1)]
    rows = made(agg_unit_performance, made(unit_channel_day, orders, units), units)
    assert [only(row, "unit_id", "revenue_rank", "volume_rank") for row in rows] == [
        (1, 2, 1),
        (2, 1, 2),
        (3, 3, 3),
        (4, 4, 4),
    ]


def test_a_unit_without_orders_is_a_row_of_zeros(made):
    (row,) = made(agg_unit_performance, [], [placed_unit(10)])
    assert only(row, "unit_id", "orders", "revenue", "days_active") == (10, 0, Decimal("0.00"), 0)
    rates = ("items_per_order", "average_ticket", "online_pct", "first_order_date")
    assert only(row, *rates) == (None, None, None, None)


def test_days_and_pieces_count_orders_of_every_status(made):
    orders = [fact_order("1", quantity=1), fact_order("2", quantity=2, day=TUESDAY, status=PENDING)]
    (row,) = made(agg_unit_performance, made(unit_channel_day, orders, []), [placed_unit()])
    assert only(row, "first_order_date", "last_order_date", "days_active") == (MONDAY, TUESDAY, 2)
    assert only(row, "items_per_order", "items_sold") == (Decimal("1.50"), 1)


def test_the_name_of_a_unit_is_the_newest(made):
    units = [placed_unit(day=TUESDAY, unit_name="New"), placed_unit(unit_name="Old")]
    (row,) = made(agg_unit_performance, [], units)
    assert row["unit_name"] == "New"

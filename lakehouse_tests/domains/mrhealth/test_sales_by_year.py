"""Orders and revenue by year, unit and country."""

import datetime as dt
from decimal import Decimal

from lakehouse.domains.mrhealth.gold.sales_by_year import sales_by_year
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day
from lakehouse.domains.mrhealth.rules import PENDING
from lakehouse_tests.domains.mrhealth.rows import fact_order, only, placed_unit


def test_years_and_units_are_separate_rows_and_the_newest_year_is_first(made):
    old = dt.date(2024, 12, 31)
    units = [placed_unit(1, day=old, unit_name="Old"), placed_unit(1), placed_unit(2)]
    orders = [
        fact_order("1", day=old),
        fact_order("1"),
        fact_order("2", status=PENDING),
        fact_order("1", unit_id=2),
    ]
    rows = made(sales_by_year, made(unit_channel_day, orders, units), units)
    columns = ("year", "unit_name", "orders", "completed_orders", "revenue")
    assert [only(row, *columns) for row in rows] == [
        (2026, "Unit 1", 2, 1, Decimal("50.00")),
        (2026, "Unit 2", 1, 1, Decimal("50.00")),
        (2024, "Unit 1", 1, 1, Decimal("50.00")),
    ]

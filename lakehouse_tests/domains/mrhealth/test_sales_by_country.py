"""Orders and revenue by country."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.sales_by_country import sales_by_country
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day
from lakehouse.domains.mrhealth.rules import PENDING
from lakehouse_tests.domains.mrhealth.rows import TUESDAY, fact_order, only, placed_unit


def test_orders_count_in_the_country_of_their_unit_on_their_day(made):
    units = [
        placed_unit(1),
        placed_unit(1, day=TUESDAY, country_name="Chile"),
        placed_unit(2, country_name="Chile"),
    ]
    orders = [
        fact_order("1"),
        fact_order("1", day=TUESDAY),
        fact_order("1", unit_id=2, status=PENDING),
    ]
    rows = made(sales_by_country, made(unit_channel_day, orders, units))
    assert [tuple(row.values()) for row in rows] == [
        ("Brasil", 1, 1, Decimal("50.00")),
        ("Chile", 2, 1, Decimal("50.00")),
    ]


def test_an_order_of_an_unknown_country_is_counted(made):
    (row,) = made(sales_by_country, made(unit_channel_day, [fact_order()], []))
    assert only(row, "country_name", "orders") == (None, 1)

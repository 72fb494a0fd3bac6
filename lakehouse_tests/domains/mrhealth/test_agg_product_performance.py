"""Sales of each product."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.agg_product_performance import agg_product_performance
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day
from lakehouse.domains.mrhealth.rules import CANCELLED
from lakehouse_tests.domains.mrhealth.rows import TUESDAY, fact_item, only, placed_unit, product


def test_lines_quantity_and_value_of_a_product(made):
    lines = [
        fact_item("1", quantity=3, line_total=Decimal("10.00")),
        fact_item("2", quantity=3, line_total=Decimal("10.00")),
        fact_item("1", unit_id=2, status=CANCELLED, quantity=1, line_total=Decimal("5.00")),
        fact_item("1", day=TUESDAY, quantity=1, line_total=Decimal("0.00")),
    ]
    units = [placed_unit(n) for n in range(1, 5)]
    (row,) = made(agg_product_performance, made(unit_product_day, lines), [product()], units)
    assert only(row, "orders", "lines", "quantity", "units_selling") == (3, 4, 8, 2)
    assert only(row, "line_revenue", "completed_line_revenue") == (
        Decimal("25.00"),
        Decimal("20.00"),
    )
    assert only(row, "average_price", "unit_penetration_pct") == (
        Decimal("3.13"),
        Decimal("0.5000"),
    )


def test_a_product_without_orders_ranks_last_with_ties_by_number(made):
    products = [product(n) for n in (303, 302, 301)]
    lines = [
        fact_item("1", product_id=303, quantity=1, line_total=Decimal("9.00")),
        fact_item("2", product_id=302, quantity=5, line_total=Decimal("9.00")),
    ]
    rows = made(agg_product_performance, made(unit_product_day, lines), products, [placed_unit()])
    columns = ("product_id", "revenue_rank", "volume_rank", "average_price")
    assert [only(row, *columns) for row in rows] == [
        (301, 3, 3, None),
        (302, 1, 1, Decimal("1.80")),
        (303, 2, 2, Decimal("9.00")),
    ]

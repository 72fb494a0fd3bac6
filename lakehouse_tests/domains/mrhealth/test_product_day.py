"""Sales of each product by day."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.product_day import product_day
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, fact_item, only, product


def test_two_lines_of_one_order_are_one_order(made):
    lines = [fact_item("1"), fact_item("2"), fact_item(unit_id=2), fact_item(day=TUESDAY)]
    rows = made(product_day, lines, [product(), product(day=TUESDAY, product_name="New name")])
    columns = ("day", "product_name", "orders", "quantity", "line_revenue", "units_selling")
    assert sorted(only(row, *columns) for row in rows) == [
        (MONDAY, "Product 301", 2, 6, Decimal("60.00"), 2),
        (TUESDAY, "New name", 1, 2, Decimal("20.00"), 1),
    ]


def test_a_product_without_orders_has_no_row(made):
    assert made(product_day, [], [product()]) == []

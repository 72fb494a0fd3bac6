"""Sales of each product by unit and day."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day
from lakehouse.domains.mrhealth.rules import CANCELLED
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, fact_item, only


def test_two_lines_of_one_order_are_one_order(made):
    lines = [
        fact_item("1"),
        fact_item("2", status=CANCELLED),
        fact_item("1", order_id="202"),
        fact_item("1", unit_id=2),
        fact_item("1", day=TUESDAY),
    ]
    rows = made(unit_product_day, lines)
    columns = ("day", "unit_id", "orders", "lines", "quantity", "line_revenue")
    assert sorted(only(row, *columns, "completed_line_revenue") for row in rows) == [
        (MONDAY, 1, 2, 3, 6, Decimal("60.00"), Decimal("40.00")),
        (MONDAY, 2, 1, 1, 2, Decimal("20.00"), Decimal("20.00")),
        (TUESDAY, 1, 1, 1, 2, Decimal("20.00"), Decimal("20.00")),
    ]

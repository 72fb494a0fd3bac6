"""Order items with the status of their order."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.fact_order_items import fact_order_items
from lakehouse.domains.mrhealth.rules import CANCELLED
from lakehouse_tests.domains.mrhealth.rows import TUESDAY, only, valid_item, valid_order


def test_an_item_has_the_status_of_its_own_order(made):
    orders = [valid_order(status=CANCELLED), valid_order(unit_id=2), valid_order(day=TUESDAY)]
    (row,) = made(fact_order_items, [valid_item()], orders)
    assert only(row, "unit_id", "status", "line_total") == (1, CANCELLED, Decimal("20.00"))


def test_the_table_has_as_many_rows_as_items(made):
    items = [valid_item(str(n)) for n in range(3)]
    assert len(made(fact_order_items, items, [valid_order(), valid_order("202")])) == 3

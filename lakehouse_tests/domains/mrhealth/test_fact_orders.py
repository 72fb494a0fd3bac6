"""Orders with the totals of their items."""

from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders
from lakehouse.domains.mrhealth.rules import CANCELLED, PENDING
from lakehouse_tests.domains.mrhealth.rows import TUESDAY, only, valid_item, valid_order


def test_an_order_with_two_items_is_one_row_with_its_value_once(made):
    (row,) = made(fact_orders, [valid_order()], [valid_item("1"), valid_item("2")])
    assert only(row, "items", "quantity", "line_total") == (2, 4, Decimal("40.00"))
    assert only(row, "order_value", "items_subtotal", "revenue") == (
        Decimal("50.00"),
        Decimal("45.00"),
        Decimal("50.00"),
    )
    assert row["reconciliation_difference"] == Decimal("5.00")


def test_an_order_without_items_is_kept(made):
    (row,) = made(fact_orders, [valid_order()], [])
    assert only(row, "items", "quantity", "line_total") == (0, 0, Decimal("0.00"))
    assert row["reconciliation_difference"] == Decimal("45.00")


@pytest.mark.parametrize("status", [PENDING, CANCELLED])
def test_only_a_finished_order_is_revenue(made, status):
    (row,) = made(fact_orders, [valid_order(status=status)], [])
    assert only(row, "order_value", "revenue") == (Decimal("50.00"), Decimal("0.00"))


def test_items_of_the_same_number_in_another_unit_or_day_do_not_count(made):
    others = [valid_item(unit_id=2), valid_item(day=TUESDAY), valid_item(order_id="202")]
    (row,) = made(fact_orders, [valid_order()], others)
    assert row["items"] == 0

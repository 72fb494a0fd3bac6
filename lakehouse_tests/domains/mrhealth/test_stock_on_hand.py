"""How many pieces are in stock, and how counts differ from movements."""

import datetime as dt
from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.gold.stock_movements import stock_movements
from lakehouse.domains.mrhealth.gold.stock_on_hand import stock_on_hand
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, only
from lakehouse_tests.domains.mrhealth.stock import movement, sold

WEDNESDAY = dt.date(2026, 1, 7)


@pytest.fixture
def stock(made):
    """Return the stock after movements and sales."""

    def of(movements, sales=()):
        return made(stock_on_hand, made(stock_movements, movements), list(sales), movements)

    return of


def test_stock_is_the_initial_stock_and_what_came_and_went(stock):
    movements = [
        movement("INITIAL", 10),
        movement("RECEIVED", 5, day=TUESDAY),
        movement("WASTED", 1, day=TUESDAY),
    ]
    (row,) = stock(movements, [sold(4), sold(2, day=TUESDAY), sold(9, product_id=302)])
    assert only(row, "level_day", "level", "received_since", "wasted_since") == (MONDAY, 6, 5, 1)
    assert only(row, "sold_since", "book_balance", "on_hand") == (2, 8, 8)
    assert only(row, "last_count_day", "last_count_difference", "unexplained") == (None, None, 0)


def test_a_count_that_contradicts_the_movements_is_kept_with_its_difference(stock):
    movements = [
        movement("INITIAL", 10, unit_cost=Decimal("2.50")),
        movement("COUNTED", 5),
        movement("COUNTED", 6, day=TUESDAY),
    ]
    (row,) = stock(movements, [sold(3), sold(1, day=WEDNESDAY)])
    assert only(row, "level_day", "level", "on_hand") == (TUESDAY, 6, 5)
    assert only(row, "last_count_difference", "differing_counts") == (1, 2)
    assert only(row, "unexplained", "unexplained_value") == (-1, Decimal("-2.50"))


def test_the_first_count_is_compared_with_nothing(stock):
    (row,) = stock([movement("COUNTED", 5)], [sold(3)])
    assert only(row, "on_hand", "last_count_difference", "differing_counts") == (5, None, 0)


def test_stock_that_was_never_counted_is_unknown(stock):
    (row,) = stock([movement("RECEIVED", 5)], [sold(3)])
    assert only(row, "level", "book_balance", "on_hand") == (None, None, None)
    assert only(row, "received_since", "sold_since") == (5, 3)


def test_sales_without_receipts_leave_a_negative_balance_and_no_stock(stock):
    (row,) = stock([movement("INITIAL", 2)], [sold(3)])
    assert only(row, "book_balance", "on_hand") == (-1, 0)


def test_a_unit_without_stock_movements_has_no_row(stock):
    assert stock([], [sold(3)]) == []


def test_orders_are_open_until_they_arrive_and_for_thirty_days(stock):
    old = MONDAY - dt.timedelta(days=30)
    movements = [
        movement("ORDERED", 12, purchase_day=MONDAY),
        movement("ORDERED", 8, day=TUESDAY, purchase_day=TUESDAY),
        movement("ORDERED", 99, day=old, purchase_day=old),
        movement("RECEIVED", 9, day=TUESDAY, purchase_day=MONDAY),
    ]
    (row,) = stock(movements)
    assert row["on_order"] == 11


def test_delivery_times_are_measured_from_order_to_receipt(stock):
    movements = [
        movement("RECEIVED", 9, day=TUESDAY, purchase_day=MONDAY),
        movement("RECEIVED", 9, day=WEDNESDAY, purchase_day=MONDAY),
        movement("RECEIVED", 9, day=WEDNESDAY),
    ]
    (row,) = stock(movements)
    assert only(row, "timed_deliveries", "lead_days", "lead_days_variance") == (
        2,
        Decimal("1.50"),
        Decimal("0.5000"),
    )


def test_the_newest_cost_above_zero_counts(stock):
    movements = [
        movement("RECEIVED", 9, unit_cost=Decimal("2.00")),
        movement("RECEIVED", 9, day=TUESDAY, unit_cost=Decimal("0.00")),
    ]
    (row,) = stock(movements)
    assert row["unit_cost"] == Decimal("2.00")

"""Deliveries of each unit by day."""

import pytest

from lakehouse.domains.mrhealth.silver.deliveries import deliveries
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, only


def file(subject="orders", **values):
    return {"day": MONDAY, "unit": 1, "subject": subject, "status": "loaded", "rows": 3, **values}


def test_a_unit_that_sent_both_files_delivered(made):
    (row,) = made(deliveries, [file(), file("order_items")])
    assert only(row, "unit_id", "files", "orders_delivered", "items_delivered") == (
        1,
        2,
        True,
        True,
    )


@pytest.mark.parametrize("status", ["rejected", "held", "duplicate"])
def test_a_file_that_was_not_loaded_is_not_counted(made, status):
    (row,) = made(deliveries, [file(status=status)])
    assert only(row, "files", "orders_delivered") == (0, False)


def test_two_units_without_sales_and_with_equal_files_both_delivered(made):
    (row,) = made(deliveries, [file(status="duplicate", rows=0)])
    assert row["orders_delivered"] is True


def test_units_and_days_are_separate_rows(made):
    rows = made(deliveries, [file(), file(unit=2), file(day=TUESDAY, status="held")])
    assert sorted(only(row, "day", "unit_id", "orders_delivered") for row in rows) == [
        (MONDAY, 1, True),
        (MONDAY, 2, True),
        (TUESDAY, 1, False),
    ]

"""Few and large files of Mr. Health, generated without holding them in memory."""

import datetime as dt

from lakehouse.demo.mrhealth import (
    LargePlan,
    large_deliveries,
    large_expected,
)
from lakehouse_tests.demo.plain_mrhealth import read, text_of

MONDAY = dt.date(2026, 1, 5)


def test_large_files_have_exactly_the_planned_items_and_the_expected_outcomes():
    plan = LargePlan(first=MONDAY, items=20_003, days=2, units=3, errors=0.01)
    files, total = list(large_deliveries(plan)), large_expected(plan)
    lines = [text_of(file).count("\n") - 1 for file in files if "ITEM" in file.path]
    assert sum(lines) == plan.items == total.item_rows.total()
    assert max(lines) - min(lines) == 1
    reading = read(files)
    assert reading.days == total.days
    assert reading.unreconciled == total.unreconciled
    assert reading.rejected_orders["bad_status"] == total.order_rows["bad_status"] > 0
    rejected = total.item_rows["orphan_item"] + total.item_rows["parent_rejected"]
    unknown = total.item_rows["unknown_product"]
    assert (rejected > 0, unknown > 0) == (True, True)
    assert sum((+reading.rejected_items).values()) == rejected + unknown


def test_large_files_without_errors_have_no_rejections():
    total = large_expected(LargePlan(first=MONDAY, items=9_000, days=1, units=2, errors=0))
    assert (total.items, total.unreconciled) == (9_000, 0)
    assert set(+total.order_rows) == set(+total.item_rows) == {"kept"}

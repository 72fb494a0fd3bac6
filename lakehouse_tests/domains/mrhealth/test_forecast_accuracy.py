"""What was promised and what came."""

import datetime as dt
from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.gold.forecast_accuracy import forecast_accuracy
from lakehouse_tests.domains.mrhealth.rows import Row

DAY = dt.date(2026, 3, 20)


def promised(back: int, **values: object) -> Row:
    return {
        "day": DAY - dt.timedelta(days=back),
        "target_day": DAY,
        "unit_id": 1,
        "expected": Decimal("10.00"),
        "q05": Decimal("6.00"),
        "q95": Decimal("15.00"),
        "model": "decomposition",
        **values,
    }


SALES = {"day": DAY, "unit_id": 1, "delivered": True, "orders": 12, "revenue": Decimal("300.00")}
SOLD = [
    {"day": DAY, "unit_id": 1, "product_id": 301, "quantity": 20},
    {"day": DAY, "unit_id": 1, "product_id": 302, "quantity": 1},
]


def test_each_forecast_of_a_day_is_compared_with_what_came(made):
    units = [promised(back, measure="orders") for back in (1, 2, 7, 28)]
    rows = made(forecast_accuracy, units, [], [SALES], SOLD)
    found = [(row["step"], row["actual"], row["error"], row["is_inside"]) for row in rows]
    assert found == [(n, Decimal("12.00"), Decimal("2.00"), True) for n in (1, 7, 28)]


def test_products_of_a_unit_are_counted_with_its_pieces(made):
    products = [promised(1, product_id=number) for number in (301, 302, 303)]
    (row,) = made(forecast_accuracy, [promised(1, measure="pieces")], products, [SALES], SOLD)
    assert (row["actual"], row["is_inside"]) == (Decimal("21.00"), False)
    assert (row["products"], row["products_inside"]) == (3, 0)
    assert row["products_error"] == Decimal("29.00")


@pytest.mark.parametrize("measure", ["orders", "pieces"])
def test_a_day_without_a_delivery_is_not_compared(made, measure):
    silent = SALES | {"delivered": False, "orders": 0, "revenue": Decimal(0)}
    assert made(forecast_accuracy, [promised(1, measure=measure)], [], [silent], []) == []

"""Ambiguous items, kept for the views of the previous system only."""

from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.silver.ambiguous_items import ambiguous_items
from lakehouse_tests.domains.mrhealth.rows import TUESDAY, item_row, only, order_row, product

FOLDER = {"_unit": None}
TWO_ORDERS = [order_row(**FOLDER), order_row(**FOLDER, Id_Unidade="2")]


def test_an_item_of_a_single_folder_with_two_possible_orders_is_kept(made):
    (row,) = made(ambiguous_items, [product()], [item_row(**FOLDER)], TWO_ORDERS)
    assert only(
        row, "order_id", "item_id", "product_id", "quantity", "unit_price", "candidates"
    ) == (
        "201",
        "1",
        301,
        2,
        Decimal("10.50"),
        2,
    )


def test_an_item_with_one_order_or_of_a_single_unit_is_not_ambiguous(made):
    assert made(ambiguous_items, [product()], [item_row(**FOLDER)], TWO_ORDERS[:1]) == []
    assert made(ambiguous_items, [product()], [item_row()], TWO_ORDERS) == []


def test_an_order_number_of_another_days_folder_does_not_count(made):
    other_day = order_row(**FOLDER, Id_Unidade="3", day=TUESDAY)
    (row,) = made(ambiguous_items, [product()], [item_row(**FOLDER)], [*TWO_ORDERS, other_day])
    assert row["candidates"] == 2


@pytest.mark.parametrize(
    "fault",
    [{"Qtd": "0"}, {"Qtd": "x"}, {"Vlr_Item": "-1"}, {"Id_Produto": "9"}, {"Id_Item_Pedido": ""}],
)
def test_an_item_with_another_error_is_left_out(made, fault):
    item = item_row(**FOLDER, **fault)
    assert made(ambiguous_items, [product()], [item], TWO_ORDERS) == []

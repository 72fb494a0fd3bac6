"""Items are assigned to the order of their delivery, or rejected."""

from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.silver.order_items import order_items
from lakehouse_tests.domains.mrhealth.rows import (
    MONDAY,
    TUESDAY,
    item_row,
    only,
    order_row,
    product,
    valid_order,
)


def read(made, items, landed_orders=None, orders=None, products=None):
    return made(
        order_items,
        items,
        [order_row()] if landed_orders is None else landed_orders,
        [valid_order()] if orders is None else orders,
        [product()] if products is None else products,
    )


def test_an_item_gets_unit_and_day_from_the_order_of_its_delivery(made):
    (row,) = read(
        made,
        [item_row()],
        [order_row(Data_Pedido="2026-01-04")],
        [valid_order(day=MONDAY - DAY)],
        [product(day=MONDAY - DAY)],
    )
    assert row["_reasons"] == []
    assert only(row, "day", "unit_id", "order_id", "item_id", "line_total") == (
        MONDAY - DAY,
        1,
        "201",
        "1",
        Decimal("21.00"),
    )


def test_an_order_of_another_unit_or_day_is_not_the_order_of_the_item(made):
    (row,) = read(
        made,
        [item_row()],
        [order_row(_unit=2, Id_Unidade="2"), order_row(day=TUESDAY)],
        [valid_order(unit_id=2, delivery_unit=2), valid_order(day=TUESDAY)],
    )
    assert row["_reasons"] == ["orphan_item"]
    assert row["_detail"] == "no order of the delivery has this number"


def test_an_item_of_a_rejected_order_is_an_orphan(made):
    (row,) = read(made, [item_row()], orders=[])
    assert row["_reasons"] == ["orphan_item"]
    assert row["_detail"] == "the order of this number was rejected"


def test_an_item_with_several_possible_orders_is_rejected(made):
    folder = {"_unit": None}
    (row,) = read(
        made,
        [item_row(**folder)],
        [order_row(**folder), order_row(**folder, Id_Unidade="2")],
        [valid_order(delivery_unit=-1), valid_order(unit_id=2, delivery_unit=-1)],
    )
    assert row["_reasons"] == ["ambiguous_parent"]
    assert row["_detail"] == "2 orders of the delivery have this number"


def test_an_order_that_is_written_twice_is_one_parent(made):
    (row,) = read(made, [item_row()], [order_row(), order_row(_line=3, Status="Pendente")])
    assert row["_reasons"] == []


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("Id_Item_Pedido", None, "missing_required"),
        ("Id_Produto", "", "missing_required"),
        ("Qtd", None, "missing_required"),
        ("Vlr_Item", " ", "missing_required"),
        ("Qtd", "1.5", "bad_amount"),
        ("Vlr_Item", "1.005", "bad_amount"),
        ("Id_Produto", "999", "unknown_product"),
        ("Id_Produto", "abc", "unknown_product"),
    ],
)
def test_an_invalid_item_is_rejected_with_the_reason(made, column, text, reason):
    (row,) = read(made, [item_row(**{column: text})])
    assert row["_reasons"] == [reason]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Qtd", "0"),
        ("Qtd", "-1"),
        ("Vlr_Item", "-1.00"),
        ("Qtd", "7891000315507"),
        ("Vlr_Item", "100000000.00"),
    ],
)
def test_an_amount_out_of_range_is_rejected_with_the_range(made, column, text):
    (row,) = read(made, [item_row(**{column: text})])
    assert row["_reasons"] == ["bad_amount"]
    assert row["_detail"].startswith(f"{column} is {text}, expected a")


def test_a_product_that_is_too_large_is_rejected(made):
    (row,) = read(made, [item_row(Qtd="100000", Vlr_Item="1000.00")])
    assert (row["_reasons"], row["line_total"]) == (["bad_amount"], Decimal("100000000.00"))
    (row,) = read(made, [item_row(Qtd="1", Vlr_Item="99999999.99")])
    assert row["_reasons"] == []


@pytest.mark.parametrize("text", ["1,7E+38", "1.70141E+38", "17.0"])
def test_an_item_with_a_damaged_number_is_rejected_with_a_hint(made, text):
    (row,) = read(made, [item_row(Id_Pedido=text)])
    assert row["_reasons"] == ["damaged_id"]
    assert "format the column as text" in row["_detail"]


def test_items_are_superseded_when_another_delivery_contains_their_order(made):
    (row,) = read(made, [item_row()], orders=[valid_order(delivery_day=TUESDAY)])
    assert row["_reasons"] == []
    assert row["_replaced"] is True


def test_every_bronze_item_is_one_row(made):
    items = [item_row(_line=n, Id_Pedido=p) for n, p in enumerate(["201", "201", "9", None], 2)]
    rows = read(made, items, [order_row()] * 2)
    assert sorted(row["_line"] for row in rows) == [2, 3, 4, 5]


DAY = TUESDAY - MONDAY

"""Which stock movements are valid, why others are rejected, and their sums by day."""

import datetime as dt
from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.gold import stock_movements as by_day
from lakehouse.domains.mrhealth.silver.stock_movements import stock_movements
from lakehouse_tests.domains.mrhealth.rows import MONDAY, only, product, unit
from lakehouse_tests.domains.mrhealth.stock import movement, movement_row


def read(made, row):
    (found,) = made(stock_movements, [row], [unit(1), unit(2)], [product()])
    return found


def test_a_movement_is_typed(made):
    row = read(made, movement_row(Custo_Unitario="3,50", Qtd=" 0 "))
    assert row["_reasons"] == []
    assert only(row, "day", "unit_id", "movement_id", "kind") == (MONDAY, 1, "7", "COUNTED")
    assert only(row, "product_id", "quantity", "unit_cost") == (301, 0, Decimal("3.50"))


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("Qtd", "-3", "bad_amount"),
        ("Qtd", "1.5", "bad_amount"),
        ("Qtd", "100001", "bad_amount"),
        ("Qtd", None, "missing_required"),
        ("Id_Movimento", "", "missing_required"),
        ("Id_Produto", "999", "unknown_product"),
        ("Id_Unidade", "2", "unit_mismatch"),
        ("Id_Unidade", "x", "unknown_unit"),
        ("Tipo_Movimento", "Devolução", "bad_movement"),
        ("Data_Movimento", "2026-02-30", "bad_date"),
        ("Data_Compra", "2026-01-06", "bad_date"),
        ("Custo_Unitario", "-1", "bad_amount"),
        ("Custo_Unitario", "99999999.99", "bad_amount"),
        ("Id_Movimento", "1,7E+38", "damaged_id"),
    ],
)
def test_an_invalid_movement_is_rejected_with_the_reason(made, column, text, reason):
    assert reason in read(made, movement_row(**{column: text}))["_reasons"]


@pytest.mark.parametrize("kind", ["Compra", "Entrada", "Perda"])
def test_no_pieces_are_a_count_and_not_another_movement(made, kind):
    assert read(made, movement_row(Qtd="0", Tipo_Movimento=kind))["_reasons"] == ["bad_amount"]


def test_a_negative_count_is_explained(made):
    assert read(made, movement_row(Qtd="-3"))["_detail"].startswith("Qtd is -3, expected a whole")


@pytest.mark.parametrize(
    ("kind", "purchased"), [("Compra", MONDAY), ("Entrada", dt.date(2026, 1, 2)), ("Perda", None)]
)
def test_orders_and_receipts_have_a_day_of_purchase(made, kind, purchased):
    row = read(made, movement_row(Tipo_Movimento=kind, Data_Compra="02/01/2026"))
    assert row["purchase_day"] == purchased


def test_movements_of_a_day_are_added_up(made):
    rows = [
        movement("RECEIVED", 10, unit_cost=Decimal("2.00")),
        movement("RECEIVED", 5, unit_cost=Decimal("2.50")),
        movement("RECEIVED", 1),
        movement("WASTED", 2),
        movement("ORDERED", 20),
        movement("COUNTED", 3),
        movement("COUNTED", 4),
    ]
    (row,) = made(by_day.stock_movements, rows)
    assert only(row, "initial", "ordered", "received", "wasted", "counted") == (None, 20, 16, 2, 7)
    assert only(row, "received_value", "unit_cost") == (Decimal("32.50"), Decimal("2.50"))

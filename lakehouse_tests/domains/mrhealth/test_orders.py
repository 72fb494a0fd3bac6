"""Which orders are valid, and why others are rejected."""

from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.silver.orders import orders
from lakehouse_tests.domains.mrhealth.rows import MONDAY, TUESDAY, only, order_row, unit


def read(made, order, units=None):
    (row,) = made(orders, [order], units if units is not None else [unit()])
    return row


def test_an_order_is_typed_and_keeps_its_provenance(made):
    row = read(made, order_row())
    assert row["_reasons"] == []
    assert only(row, "_file", "_line", "_day") == (
        "mrhealth/2026-01-05/unidade_001/PEDIDO.csv",
        2,
        MONDAY,
    )
    assert only(row, "day", "unit_id", "order_id", "order_type", "status") == (
        MONDAY,
        1,
        "201",
        "ONLINE",
        "Finalizado",
    )
    assert only(row, "order_value", "delivery_fee") == (Decimal("50.00"), Decimal("5.00"))


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("Id_Pedido", " ", "missing_required"),
        ("Id_Unidade", None, "missing_required"),
        ("Data_Pedido", None, "missing_required"),
        ("Vlr_Pedido", "", "missing_required"),
        ("Status", None, "missing_required"),
        ("Data_Pedido", "2026-02-30", "bad_date"),
        ("Data_Pedido", "2022-12-31", "bad_date"),
        ("Data_Pedido", "2026-01-07", "bad_date"),
        ("Vlr_Pedido", "abc", "bad_amount"),
        ("Vlr_Pedido", "1.234", "bad_amount"),
        ("Vlr_Pedido", "100000000.00", "bad_amount"),
        ("Taxa_Entrega", "?", "bad_amount"),
        ("Data_Pedido", "2026-01-05 99:99", "bad_date"),
        ("Id_Pedido", "1,7E+38", "damaged_id"),
        ("Id_Pedido", "170141183460469000000000000000000000000", "damaged_id"),
        ("Id_Pedido", "2 01", "bad_id"),
        ("Id_Pedido", "２０１", "bad_id"),
        ("Id_Pedido", "NULL", "bad_id"),
        ("Status", "Entregue", "bad_status"),
        ("Id_Unidade", "2", "unit_mismatch"),
        ("Id_Unidade", "x", "unknown_unit"),
    ],
)
def test_an_invalid_order_is_rejected_with_the_reason(made, column, text, reason):
    units = [unit(1), unit(2)]
    assert reason in read(made, order_row(**{column: text}), units)["_reasons"]


def test_an_order_has_all_its_reasons(made):
    row = read(made, order_row(Status="?", Vlr_Pedido="x"))
    assert sorted(row["_reasons"]) == ["bad_amount", "bad_status"]


def test_an_order_of_a_unit_that_is_unknown_on_the_day_is_rejected(made):
    row = read(made, order_row(), [unit(1, day=TUESDAY)])
    assert row["_reasons"] == ["unknown_unit"]


def test_an_order_is_on_its_own_day_and_not_on_the_day_of_the_delivery(made):
    units = [unit(day=day) for day in (MONDAY, TUESDAY)]
    row = read(made, order_row(Data_Pedido="2026-01-06"), units)
    assert row["_reasons"] == []
    assert only(row, "day", "order_date", "delivery_day") == (TUESDAY, TUESDAY, MONDAY)


def test_an_order_with_an_invalid_date_is_on_the_day_of_its_delivery(made):
    assert read(made, order_row(Data_Pedido="soon"))["day"] == MONDAY


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Loja Física", "PHYSICAL"),
        ("loja fisica ", "PHYSICAL"),
        ("Loja Fi\u0301sica", "PHYSICAL"),
        ("Loja\u00a0 Online", "ONLINE"),
        ("Balcão", "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
def test_the_channel_of_an_order_is_parsed_without_case_and_accents(made, written, meant):
    assert read(made, order_row(Tipo_Pedido=written))["order_type"] == meant


@pytest.mark.parametrize("written", ["finalizado", " FINALIZADO "])
def test_a_status_is_parsed_without_case_and_blanks(made, written):
    row = read(made, order_row(Status=written))
    assert row["_reasons"] == []
    assert row["status"] == "Finalizado"


@pytest.mark.parametrize("written", ["--", " -- ", "", None])
def test_a_missing_address_is_null(made, written):
    assert read(made, order_row(Endereco_Entrega=written))["delivery_address"] is None


def test_a_missing_fee_is_zero(made):
    assert read(made, order_row(Taxa_Entrega=None))["delivery_fee"] == Decimal("0.00")


def test_an_order_of_a_single_folder_delivery_has_the_unit_of_its_row(made):
    row = read(made, order_row(_unit=None, Id_Unidade="2"), [unit(2)])
    assert row["_reasons"] == []
    assert only(row, "unit_id", "delivery_unit") == (2, -1)


@pytest.mark.parametrize("written", ["\ufeff201", "201\u200b", "\u00a0201 "])
def test_blanks_and_invisible_characters_around_a_number_do_not_count(made, written):
    assert read(made, order_row(Id_Pedido=written))["order_id"] == "201"


def test_a_uuid_is_stored_in_lower_case(made):
    written = "3F2504E0-4F89-11D3-9A0C-0305E82C3301"
    assert read(made, order_row(Id_Pedido=written))["order_id"] == written.lower()

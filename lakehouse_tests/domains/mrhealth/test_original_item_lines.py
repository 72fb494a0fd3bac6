"""Item lines as the previous system computed them, with its errors."""

import re
from decimal import Decimal

import pytest

from lakehouse.domains.mrhealth.gold.original_item_lines import original_item_lines
from lakehouse.domains.mrhealth.gold.original_lines_by_country import (
    original_lines_by_country as by_country,
)
from lakehouse.domains.mrhealth.gold.original_lines_by_product import (
    original_lines_by_product as by_product,
)
from lakehouse.domains.mrhealth.gold.original_lines_by_year import original_lines_by_year as by_year
from lakehouse.domains.mrhealth.rules import CANCELLED
from lakehouse_tests.domains.mrhealth.rows import (
    MONDAY,
    TUESDAY,
    fact_item,
    fact_order,
    only,
    placed_unit,
    product,
)


def lines(made, items, orders, unattached=()):
    products, units = [product(301), product(302)], [placed_unit(1), placed_unit(2)]
    return made(original_item_lines, items, list(unattached), orders, products, units)


def test_an_item_appears_with_every_order_of_its_number_of_any_unit_day_and_status(made):
    orders = [
        fact_order(),
        fact_order(unit_id=2, status=CANCELLED),
        fact_order(day=TUESDAY, order_date=TUESDAY),
        fact_order("202"),
    ]
    rows = lines(made, [fact_item()], orders)
    assert sorted(only(row, "uid", "Filial", "Status") for row in rows) == [
        ("201-1-2026-01-05", "Unit 1", "Finalizado"),
        ("201-1-2026-01-05", "Unit 2", "Cancelado"),
        ("201-1-2026-01-06", "Unit 1", "Finalizado"),
    ]


def test_the_value_of_an_order_repeats_on_each_line(made):
    rows = lines(made, [fact_item("1"), fact_item("2", quantity=9)], [fact_order()])
    assert [row["Valor do pedido"] for row in rows] == [Decimal("50.00")] * 2
    assert sorted(only(row, "Quantidade do item", "Valor do item") for row in rows) == [
        (2, Decimal("10.00")),
        (9, Decimal("10.00")),
    ]


def test_items_with_an_ambiguous_order_are_included(made):
    item = {
        "day": TUESDAY, "order_id": "201", "item_id": "7", "product_id": 302,
        "quantity": 1, "unit_price": Decimal("3.00"),
    }  # fmt: skip
    rows = lines(made, [], [fact_order(), fact_order(unit_id=2)], [item])
    assert sorted(only(row, "uid", "Produto", "Filial") for row in rows) == [
        ("201-7-2026-01-05", "Product 302", "Unit 1"),
        ("201-7-2026-01-05", "Product 302", "Unit 2"),
    ]


def test_columns_have_the_names_and_forms_of_the_previous_system(made):
    order = fact_order(order_type="PHYSICAL", delivery_address=None)
    (row,) = lines(made, [fact_item(note="Sem sal")], [order])
    assert row == {
        "uid": "201-1-2026-01-05",
        "Forma de venda": "Loja Física",
        "Data": MONDAY,
        "Valor do pedido": Decimal("50.00"),
        "Endereço de entraega": "--",
        "Taxa de entrega": Decimal("5.00"),
        "Status": "Finalizado",
        "Quantidade do item": 2,
        "Valor do item": Decimal("10.00"),
        "Observacao": "Sem sal",
        "Ano": 2026,
        "Mês": 1,
        "Produto": "Product 301",
        "Filial": "Unit 1",
        "Estado": "Bahia",
        "País": "Brasil",
    }
    assert [*row, "day"] == list(original_item_lines.contract.schema.names)


@pytest.mark.parametrize("view", [original_item_lines, by_product, by_country, by_year])
def test_the_description_warns_readers_and_names_the_tables_to_use(view):
    text = " ".join(view.description.split())
    assert "Id_Pedido" in text
    assert re.search(r"every status", text)
    assert re.search(r"[Uu]se `", text) or "use `fact_orders`" in text

"""The original's sales by product."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.original_lines_by_product import original_lines_by_product


def line(**values):
    return {
        "Ano": 2026,
        "Filial": "Unit 1",
        "País": "Brasil",
        "Produto": "Suco",
        "Quantidade do item": 2,
        "Valor do item": Decimal("10.00"),
        "Valor do pedido": Decimal("50.00"),
        **values,
    }


def test_prices_are_added_without_their_quantity_and_the_most_sold_comes_first(made):
    lines = [line(), line(**{"Quantidade do item": 7}), line(Produto="Sopa"), line(Produto="Arroz")]
    assert [tuple(row.values()) for row in made(original_lines_by_product, lines)] == [
        ("Suco", 9, Decimal("20.00")),
        ("Arroz", 2, Decimal("10.00")),
        ("Sopa", 2, Decimal("10.00")),
    ]

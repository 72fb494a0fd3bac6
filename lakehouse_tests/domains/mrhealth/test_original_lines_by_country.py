"""The original's sales by country."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.original_lines_by_country import original_lines_by_country


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


def test_sales_count_lines_and_add_the_orders_value_on_each(made):
    rows = made(original_lines_by_country, [line(), line(), line(País="Chile")])
    assert rows == [
        {"País": "Brasil", "Vendas": 2, "Receita (R$)": Decimal("100.00")},
        {"País": "Chile", "Vendas": 1, "Receita (R$)": Decimal("50.00")},
    ]

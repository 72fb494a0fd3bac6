"""Sales by country as the previous system computed them."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.original_lines_by_country import original_lines_by_country
from lakehouse_tests.domains.mrhealth.rows import original_line as line


def test_sales_count_lines_and_add_the_order_value_on_each_line(made):
    rows = made(original_lines_by_country, [line(), line(), line(País="Chile")])
    assert rows == [
        {"País": "Brasil", "Vendas": 2, "Receita (R$)": Decimal("100.00")},
        {"País": "Chile", "Vendas": 1, "Receita (R$)": Decimal("50.00")},
    ]

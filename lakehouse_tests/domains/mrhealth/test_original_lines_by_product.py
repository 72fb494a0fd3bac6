"""Sales by product as the previous system computed them."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.original_lines_by_product import original_lines_by_product
from lakehouse_tests.domains.mrhealth.rows import original_line as line


def test_prices_are_added_without_quantity_and_the_most_sold_product_is_first(made):
    lines = [line(), line(**{"Quantidade do item": 7}), line(Produto="Sopa"), line(Produto="Arroz")]
    assert [tuple(row.values()) for row in made(original_lines_by_product, lines)] == [
        ("Suco", 9, Decimal("20.00")),
        ("Arroz", 2, Decimal("10.00")),
        ("Sopa", 2, Decimal("10.00")),
    ]

"""Sales by year and unit as the previous system computed them."""

from decimal import Decimal

from lakehouse.domains.mrhealth.gold.original_lines_by_year import original_lines_by_year
from lakehouse_tests.domains.mrhealth.rows import original_line as line


def test_the_newest_year_is_first_and_within_it_the_unit_with_the_highest_sum(made):
    lines = [line(Ano=2025), line(), line(Filial="Unit 2"), line(Filial="Unit 2")]
    assert [tuple(row.values()) for row in made(original_lines_by_year, lines)] == [
        (2026, "Unit 2", "Brasil", 2, Decimal("100.00")),
        (2026, "Unit 1", "Brasil", 1, Decimal("50.00")),
        (2025, "Unit 1", "Brasil", 1, Decimal("50.00")),
    ]

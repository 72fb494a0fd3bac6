"""Files with decimal points in columns that have a decimal comma."""

import pytest

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import read

PRICES = CsvFormat(columns=("Id", "Preco"), decimal_comma=("Preco",), delimiters=";")


def prices(*texts: str) -> list[str]:
    lines = [f"{number};{text}" for number, text in enumerate(texts)]
    file = read("Id;Preco\n" + "\n".join(lines) + "\n", PRICES)
    return file.rows["Preco"].to_pylist()


def test_a_file_of_numbers_with_a_decimal_point_is_read():
    assert prices("1.50", "-0.4", "1.431", "7") == ["1,50", "-0,4", "1,431", "7"]
    file = read("Id;Preco\n1;2.50\n", PRICES)
    assert file.drift == ("numbers have a decimal point, expected a decimal comma: Preco",)


@pytest.mark.parametrize(
    "texts",
    [
        ("1,50", "1.431"),
        ("1.50", "2,5"),
        ("1.431", "2.000"),
        ("1.431", "2.50", "1.000"),
        ("1.431.000", "7"),
        ("7", "x"),
    ],
)
def test_a_point_that_may_stand_between_thousands_is_left(texts: tuple[str, ...]):
    assert prices(*texts) == list(texts)

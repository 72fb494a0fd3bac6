"""Headers with other delimiters than the rows below them."""

import pytest

from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import bad, read, rejected, rows

ROWS = "1,a\n2,b\n3,c\n"
FOUND = [("1", "a"), ("2", "b"), ("3", "c")]


@pytest.mark.parametrize("header", ["Id,,Cidade", ",Id,Cidade", "Id,Cidade,", "Id, ,Cidade\r"])
def test_a_header_with_one_delimiter_too_many_is_read_when_all_rows_agree(header: str):
    text = f"{header}\n{ROWS}"
    assert rows(text) == FOUND
    assert "the header has one delimiter too many" in read(text).drift


def test_a_header_with_blanks_in_place_of_delimiters_is_read_when_all_rows_agree():
    text = f"Id Cidade\n{ROWS}"
    assert rows(text) == FOUND
    assert "the header has blanks in place of delimiters" in read(text).drift
    wanted = CsvFormat(columns=("Id", "Nome da rua"))
    assert rows("Id Nome da rua\r\n1;a\r\n2;b\r\n3;c\r\n", wanted) == FOUND


@pytest.mark.parametrize("lines", ["1,a\n2,b\n", "1,a\n2,b\n3,c\n4\n", '1,a\n2,b\n3,c\n4,x"y\n'])
def test_few_rows_or_rows_that_do_not_agree_decide_nothing(lines: str):
    assert rows(f"Id,,Cidade\n{lines}") == []
    assert len(bad(f"Id,,Cidade\n{lines}")) == lines.count("\n")
    assert rejected(f"Id Cidade\n{lines}").reason == "schema"

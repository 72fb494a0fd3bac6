"""The header line is matched with the format."""

import json

import pytest

from lakehouse.platform.ingestion.csv.errors import FileReason
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import THREE, read, rejected, rows


def test_header_names_match_without_case_and_accents_and_with_blanks_as_underscores():
    assert rows("STATUS;endereço_entrega;id\nok;Rua A;1\n", THREE) == [("1", "Rua A", "ok")]


def test_an_alias_is_read_as_its_column():
    wanted = CsvFormat(columns=("Id", "Cidade"), aliases={"city name": "Cidade"})
    assert rows("Id,City_Name\n1,Rio\n", wanted) == [("1", "Rio")]


def test_undeclared_columns_are_kept_in_rescued_and_reported():
    file = read("Id,Cidade,Nota,\n1,a,ção,\n2,b,,\n")
    assert [json.loads(text or "null") for text in file.rows["_rescued"].to_pylist()] == [
        {"Nota": "ção"},
        None,
    ]
    assert file.extra_columns == ("Nota", "column_4")
    assert "Nota" in file.drift[0]


def test_columns_in_another_order_are_reordered_and_reported():
    file = read("Cidade,Id\na,1\n")
    assert rows("Cidade,Id\na,1\n") == [("1", "a")]
    assert file.reordered
    assert len(file.drift) == 1
    assert not read("Id,Cidade\n1,a\n").drift


def test_an_optional_column_may_be_missing():
    wanted = CsvFormat(columns=("Id", "Minimo"), optional=("Minimo",))
    assert rows("Id\n1\n\n", wanted) == [("1", None)]
    assert "Minimo" in read("Id\n1\n", wanted).drift[0]


def test_a_missing_column_is_reported_with_expected_found_and_similar_names():
    rejection = rejected("Id,Cidadde\n1,a\n")
    assert (rejection.reason, rejection.line, rejection.column) == (FileReason.SCHEMA, 1, "Cidade")
    assert not rejection.held
    for words in ("a.csv, line 1, column 'Cidade'", "'Id', 'Cidade'", "is 'Cidadde' meant"):
        assert words in str(rejection)


@pytest.mark.parametrize("header", ["Id,Cidade,cidáde", "Id,Cidade,Nota,nota", "Id,id,Cidade"])
def test_a_repeated_column_rejects_the_file(header):
    assert "twice" in str(rejected(f"{header}\n"))
    assert rejected(f"{header}\n").reason is FileReason.SCHEMA

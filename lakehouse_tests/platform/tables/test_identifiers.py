"""Identifiers that a spreadsheet shortened or rounded are recognized, others are not."""

import ibis
import pytest

from lakehouse.platform.tables import identifiers


def value(expression):
    return ibis.get_backend().to_pyarrow(expression).as_py()


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("1,7E+38", True),
        ("1.70141E+38", True),
        ("2E+15", True),
        ("1.5e20", True),
        (" 1,7E+38\u00a0", True),
        ("17.0", False),
        ("3E12", False),
        ("8E-12", False),
        ("1.7", False),
        ("0001", False),
        ("ABE+38", False),
        (None, False),
    ],
)
def test_a_number_that_a_spreadsheet_shortened(text, shortened):
    assert value(identifiers.is_shortened(ibis.literal(text, "string"))) is shortened


def test_a_number_that_was_turned_into_a_fraction_is_damaged():
    assert value(identifiers.is_damaged(ibis.literal("17.0")))
    assert not value(identifiers.is_damaged(ibis.literal("1.7")))


def test_the_apostrophe_of_a_spreadsheet_is_no_part_of_an_identifier():
    assert value(identifiers.is_damaged(ibis.literal("'00001")))
    assert not value(identifiers.is_damaged(ibis.literal("d'Ouro 1")))


@pytest.mark.parametrize("text", ["05/jan", "5-Jan", "jan/26", "Mar-17", "1-mai-2026", " 05/dez "])
def test_an_identifier_that_became_a_date_with_a_month_is_damaged(text: str):
    assert value(identifiers.is_damaged(ibis.literal(text)))


@pytest.mark.parametrize("text", ["MAR-17", "17", "05/01", "1-5", "janela/26", "A-05/jan", "set"])
def test_an_identifier_that_only_resembles_a_date_is_not_damaged(text: str):
    assert not value(identifiers.is_damaged(ibis.literal(text)))


def rounded(*ids: str) -> list[bool]:
    rows = ibis.memtable(
        [{"_file": "f", "_digest": "d", "_line": n, "id": text} for n, text in enumerate(ids)]
        + [{"_file": "other", "_digest": "d", "_line": 99, "id": "1234567890123456789"}]
    )
    found = identifiers.with_rounded(rows, "id")
    return found.filter(found["_file"] == "f").order_by("_line").rounded_id.to_list()


def test_long_identifiers_of_a_file_that_all_end_in_zeros_were_rounded():
    assert rounded("1234567890123450", "9876543210123460", "17") == [True, True, False]
    assert rounded("17014118346046900000000000000000000000") == [True]


@pytest.mark.parametrize(
    "ids",
    [
        ("1234567890123450", "1234567890123451"),
        ("1234567890123450",),
        ("17014118346046900000000000000000000000", "17014118346046923173168730371588410572"),
        ("100000000000000", "10"),
        ("a1234567890123450", "b1234567890123450"),
    ],
)
def test_identifiers_with_zeros_by_chance_were_not_rounded(ids):
    assert not any(rounded(*ids))

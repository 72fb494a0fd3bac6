"""Lines with bad quotes, the wrong width or undecodable bytes do not affect the others."""

import time

import pytest
from hypothesis import given, settings

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import LINE_LIMIT, LineReason
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import (
    DAMAGED,
    FORMATS,
    HEADERS,
    TWO,
    bad,
    read_or_reason,
    rows,
)


def test_records_of_the_wrong_width_are_unparsable_and_the_others_are_read():
    text = 'Id,Cidade\n1,a\n2\n3,b,c\n4,"x\ny",z\n5,d\n'
    assert rows(text) == [("1", "a"), ("5", "d")]
    assert bad(text) == [
        (3, "2", LineReason.COLUMN_COUNT),
        (4, "3,b,c", LineReason.COLUMN_COUNT),
        (5, '4,"x', LineReason.COLUMN_COUNT),
        (6, 'y",z', LineReason.COLUMN_COUNT),
    ]


def test_an_opened_quote_that_is_contradicted_later_rejects_only_its_own_line():
    text = 'Id,Cidade\n1,"oops\n2,b\n3,c\n4,"ok"\n'
    assert rows(text) == [("2", "b"), ("3", "c"), ("4", "ok")]
    assert bad(text) == [(2, '1,"oops', LineReason.BAD_QUOTING)]


def test_records_between_two_bad_quotes_are_read():
    text = 'Id,Cidade\n1,"oops\n2,b\n3,c\n4,d",\n5,e\n'
    assert rows(text) == [("2", "b"), ("3", "c"), ("5", "e")]
    assert [line for line, _, _ in bad(text)] == [2, 5]


def test_the_end_of_a_rejected_value_does_not_become_a_row():
    text = 'Id,Cidade\n1,"one\ntwo,x" y\n2,b\n'
    assert rows(text) == [("2", "b")]
    assert [line for line, _, _ in bad(text)] == [2, 3]


def test_a_quote_that_is_never_closed_rejects_only_its_line_if_the_other_lines_are_valid():
    text = 'Id,Cidade\n1,a\n2,"oops\n3,c\n4,d\n'
    assert rows(text) == [("1", "a"), ("3", "c"), ("4", "d")]
    assert bad(text) == [(3, '2,"oops', LineReason.BAD_QUOTING)]


def test_a_line_that_is_too_long_is_unparsable_and_the_others_are_read():
    text = "Id,Cidade\n1,a\n2," + "x" * LINE_LIMIT + "\n3,c\n"
    assert rows(text) == [("1", "a"), ("3", "c")]
    assert [reason for _, _, reason in bad(text)] == [LineReason.LINE_TOO_LONG]


@pytest.mark.parametrize("line", ['1,5"a', '$1"2,a"', '1 "a",b', '"a" ,b', "'1',a", "1,'a'"])
def test_a_quote_that_does_not_enclose_a_whole_value_is_never_data(line):
    text = f'Id,Cidade\n1,a\n{line}\n2,"b ""x"" c"\n3,"\'x\'"\n'
    assert rows(text) == [("1", "a"), ("2", 'b "x" c'), ("3", "'x'")]
    assert bad(text) == [(3, line, LineReason.BAD_QUOTING)]


def test_a_column_may_allow_quotes_inside_unquoted_values():
    wanted = CsvFormat(columns=TWO.columns, quotes_inside=("Cidade",))
    text = 'Id,Cidade\n1,<a b="c">\n2"x",a\n3,$1"2\n'
    assert rows(text, wanted) == [("1", '<a b="c">'), ("3", '$1"2')]
    assert [line for line, _, _ in bad(text, wanted)] == [3]


@pytest.mark.parametrize("line", ['a","b', 'a","b""', '"""', '1,"'])
def test_hostile_quotes_are_read_in_linear_time(line):
    text = "Id,Cidade\n" + f"{line}\n" * 100_000 + 'z"x\n1,a\n'
    began = time.perf_counter()
    read_or_reason(text.encode(), TWO)
    assert time.perf_counter() - began < 10


@settings(max_examples=400, deadline=None)
@given(header=HEADERS, body=DAMAGED, wanted=FORMATS)
def test_every_line_of_a_damaged_file_is_accounted_for_and_no_text_is_lost(header, body, wanted):
    file = read_or_reason(header + body, wanted)
    if not isinstance(file, CsvFile):
        return
    assert file.balance == 0
    numbers = [line.line for line in file.unparsable]
    assert numbers == sorted(set(numbers))
    columns = ("Id", "Cidade", "_rescued")
    kept = [line.text for line in file.unparsable]
    kept += [row[c] for row in file.rows.to_pylist() for c in columns if row[c] is not None]
    text = body.decode(file.encoding, "surrogateescape")
    for letter in "12abcxé":
        assert "".join(kept).count(letter) >= text.count(letter)

"""Files are read record by record."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion.csv import records
from lakehouse.platform.ingestion.csv.errors import FileReason, LineReason
from lakehouse.platform.tables.csv_format import CsvFormat, header_key
from lakehouse_tests.platform.ingestion.csv.reading import (
    DAMAGED,
    FORMATS,
    HEADERS,
    THREE,
    TWO,
    bad,
    read,
    read_or_reason,
    rejected,
    rows,
)


@pytest.mark.parametrize(
    "text",
    [
        "Id,Cidade\n1,Itajaí\n",
        "\ufeffid;CIDADE\r\n1;Itajaí\r\n",
        '"ID" , "cidade"\n1,Itajaí\n'.replace(" ,", ",").replace(", ", ","),
        " id ,Cidáde\r\n1,Itajaí\n",
        "Id,Cidade\r1,Itajaí\r",
        "Id,Cidade\r\r\n1,Itajaí\r\r\n",
        "\r\n \nId,Cidade\n1,Itajaí\n",
        "Id,Cidade\n1,Itajaí\n".encode("latin-1"),
    ],
    ids=[
        "comma",
        "semicolon, byte order mark and CR LF",
        "quoted header",
        "blanks and accents in the header",
        "CR as line end",
        "CR CR LF as line end",
        "blank lines first",
        "Latin-1",
    ],
)
def test_every_supported_dialect_gives_the_same_rows(text):
    assert rows(text) == [("1", "Itajaí")]


def test_empty_text_and_null_texts_become_null_and_blanks_stay_unless_stripped():
    text = 'Id,Endereco Entrega,Status\n1,,NULL\n2,""," ok "\n'
    assert rows(text, THREE) == [("1", None, None), ("2", None, " ok ")]
    stripped = CsvFormat(columns=THREE.columns, strip=True)
    assert rows(text, stripped)[1] == ("2", None, "ok")


def test_a_line_break_in_quotes_stays_in_its_value_and_is_counted():
    file = read('Id,Cidade\n1,"Rua A\r\n\r\nfundos"\n2,B\n')
    assert file.rows.to_pylist() == [
        {"Id": "1", "Cidade": "Rua A\r\n\r\nfundos", "_line": 2, "_rescued": None},
        {"Id": "2", "Cidade": "B", "_line": 5, "_rescued": None},
    ]
    assert (file.physical_lines, file.continuation_lines) == (5, 2)


def test_a_lone_carriage_return_belongs_to_its_value():
    assert rows("Id,Cidade\n1,a\rb\n2,c\r\n") == [("1", "a\rb"), ("2", "c")]


def test_a_file_with_only_a_header_has_no_rows():
    file = read("Id,Cidade\n")
    assert file.rows.num_rows == 0
    assert file.rows.schema == read("Id,Cidade\n1,a\n").rows.schema


def test_blank_lines_are_unparsable_lines():
    assert bad("\nId,Cidade\n1,a\n \r\n2,b\n\n") == [
        (1, "", LineReason.BLANK_LINE),
        (4, " ", LineReason.BLANK_LINE),
        (6, "", LineReason.BLANK_LINE),
    ]


@pytest.mark.parametrize("text", ['Id,Cidade\n1,"cut\n', 'Id,Cidade\n1,a\n2,"first line\nsecond\n'])
def test_a_file_with_a_quote_open_until_the_end_is_held(text):
    rejection = rejected(text)
    assert (rejection.reason, rejection.held) == (FileReason.TRUNCATED, True)


@pytest.mark.parametrize("text", ["Id,Cidade\n1,a\n2,b", "Id,Cid", "Id,Cidade\r\n1,a\r"])
def test_a_file_without_its_final_line_end_is_held(text):
    assert rejected(text).reason is FileReason.TRUNCATED
    assert rejected(text).held


def test_a_format_may_allow_files_without_a_final_line_end():
    wanted = CsvFormat(columns=TWO.columns, final_newline=False)
    assert rows("Id,Cidade\n1,a\n2,b", wanted) == [("1", "a"), ("2", "b")]
    assert not read("Id,Cidade\n1,a\n2,b", wanted).final_newline
    assert rows("Id,Cidade", wanted) == []


@settings(max_examples=400, deadline=None)
@given(header=HEADERS, body=DAMAGED, wanted=FORMATS)
def test_the_fast_path_for_short_plain_files_equals_the_recovering_reader(header, body, wanted):
    short = read_or_reason(header + body, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "_plain_records", lambda *_: None)
        assert read_or_reason(header + body, wanted) == short


VALUES = st.text(
    st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=8
)


@settings(max_examples=200, deadline=None)
@given(
    table=st.lists(st.tuples(VALUES, VALUES), max_size=8),
    ending=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from(",;"),
)
@example(table=[("ID", "ID")], ending="\n", delimiter=",")
@example(table=[("\r", '"'), ("\n\n", ";,")], ending="\r\n", delimiter=";")
def test_quoted_values_of_any_text_are_read_unchanged(table, ending, delimiter):
    assume(
        not any(header_key(first) == "id" and header_key(last) == "cidade" for first, last in table)
    )
    lines = [("Id", "Cidade"), *table]
    quoted = (delimiter.join('"' + v.replace('"', '""') + '"' for v in line) for line in lines)
    text = "".join(line + ending for line in quoted)
    expected = [tuple(value or None for value in line) for line in table]
    plain = CsvFormat(columns=TWO.columns, totals=())
    assert rows(text, plain) == expected

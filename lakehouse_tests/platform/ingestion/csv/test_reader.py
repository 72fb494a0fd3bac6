import gzip
import io
import json
import pickle
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion.csv import reader as csvfile
from lakehouse.platform.ingestion.csv.reader import (
    LINE_LIMIT,
    CsvFile,
    FileReason,
    FileRejected,
    LineReason,
    Unparsable,
    decompress,
    read_csv,
)
from lakehouse.platform.tables.csv_format import CsvFormat

TWO = CsvFormat(columns=("Id", "Cidade"))
THREE = CsvFormat(columns=("Id", "Endereco Entrega", "Status"), null_texts=frozenset({"NULL"}))


def read(text: str | bytes, wanted: CsvFormat = TWO) -> CsvFile:
    data = text.encode() if isinstance(text, str) else text
    file = read_csv(data, wanted, name="a.csv")
    assert file.balance == 0
    return file


def rows(text: str | bytes, wanted: CsvFormat = TWO) -> list[tuple[str | None, ...]]:
    return [tuple(row[c] for c in wanted.columns) for row in read(text, wanted).rows.to_pylist()]


def bad(text: str | bytes, wanted: CsvFormat = TWO) -> list[tuple[int, str, LineReason]]:
    return [(line.line, line.text, line.reason) for line in read(text, wanted).unparsable]


def rejected(text: str | bytes, wanted: CsvFormat = TWO) -> FileRejected:
    with pytest.raises(FileRejected) as caught:
        read(text, wanted)
    assert str(caught.value).startswith("a.csv")
    return caught.value


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
)
def test_a_file_reads_alike_in_every_dialect_that_sources_send(text):
    assert rows(text) == [("1", "Itajaí")]


def test_header_names_match_without_case_accents_and_with_blanks_as_underscores():
    assert rows("STATUS;endereço_entrega;id\nok;Rua A;1\n", THREE) == [("1", "Rua A", "ok")]


def test_an_alias_stands_for_its_column():
    wanted = CsvFormat(columns=("Id", "Cidade"), aliases={"city name": "Cidade"})
    assert rows("Id,City_Name\n1,Rio\n", wanted) == [("1", "Rio")]


def test_empty_text_and_null_texts_are_null_and_blanks_stay_unless_stripped():
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


def test_a_header_without_rows_is_a_file_of_no_rows():
    file = read("Id,Cidade\n")
    assert file.rows.num_rows == 0
    assert file.rows.schema == read("Id,Cidade\n1,a\n").rows.schema


def test_blank_lines_are_accounted_for_as_unparsable():
    assert bad("\nId,Cidade\n1,a\n \r\n2,b\n\n") == [
        (1, "", LineReason.BLANK_LINE),
        (4, " ", LineReason.BLANK_LINE),
        (6, "", LineReason.BLANK_LINE),
    ]


def test_a_record_of_the_wrong_width_is_kept_and_the_good_rows_go_on():
    text = 'Id,Cidade\n1,a\n2\n3,b,c\n4,"x\ny",z\n5,d\n'
    assert rows(text) == [("1", "a"), ("5", "d")]
    assert bad(text) == [
        (3, "2", LineReason.COLUMN_COUNT),
        (4, "3,b,c", LineReason.COLUMN_COUNT),
        (5, '4,"x', LineReason.COLUMN_COUNT),
        (6, 'y",z', LineReason.COLUMN_COUNT),
    ]


def test_a_quote_contradicted_later_costs_its_own_line_only():
    text = 'Id,Cidade\n1,"oops\n2,b\n3,c\n4,"ok"\n'
    assert rows(text) == [("2", "b"), ("3", "c"), ("4", "ok")]
    assert bad(text) == [(2, '1,"oops', LineReason.BAD_QUOTING)]


def test_two_stray_quotes_do_not_swallow_the_records_between_them():
    text = 'Id,Cidade\n1,"oops\n2,b\n3,c\n4,d",\n5,e\n'
    assert rows(text) == [("2", "b"), ("3", "c"), ("5", "e")]
    assert [line for line, _, _ in bad(text)] == [2, 5]


def test_the_end_of_a_rejected_value_does_not_become_a_row():
    text = 'Id,Cidade\n1,"one\ntwo,x" y\n2,b\n'
    assert rows(text) == [("2", "b")]
    assert [line for line, _, _ in bad(text)] == [2, 3]


def test_a_quote_never_closed_costs_its_line_when_the_rest_reads_well():
    text = 'Id,Cidade\n1,a\n2,"oops\n3,c\n4,d\n'
    assert rows(text) == [("1", "a"), ("3", "c"), ("4", "d")]
    assert bad(text) == [(3, '2,"oops', LineReason.BAD_QUOTING)]


@pytest.mark.parametrize("text", ['Id,Cidade\n1,"cut\n', 'Id,Cidade\n1,a\n2,"first line\nsecond\n'])
def test_a_quote_open_until_the_end_holds_the_file(text):
    verdict = rejected(text)
    assert (verdict.reason, verdict.held) == (FileReason.TRUNCATED, True)


@pytest.mark.parametrize("text", ["Id,Cidade\n1,a\n2,b", "Id,Cid", "Id,Cidade\r\n1,a\r"])
def test_a_file_without_its_final_line_end_is_held(text):
    assert rejected(text).reason is FileReason.TRUNCATED
    assert rejected(text).held


def test_a_source_may_end_its_files_without_a_line_end():
    wanted = CsvFormat(columns=TWO.columns, final_newline=False)
    assert rows("Id,Cidade\n1,a\n2,b", wanted) == [("1", "a"), ("2", "b")]
    assert not read("Id,Cidade\n1,a\n2,b", wanted).final_newline
    assert rows("Id,Cidade", wanted) == []


def test_undecodable_bytes_cost_their_line_in_latin_1():
    text = b"Id,Cidade\n1,S\xe3o\n2,\x81\x9d\n3,c\n"
    assert rows(text) == [("1", "São"), ("3", "c")]
    assert bad(text) == [(3, r"2,\x81\x9d", LineReason.UNDECODABLE)]


def test_one_damaged_line_does_not_turn_a_utf_8_file_into_latin_1():
    text = "Id,Cidade\n1,São\n2,Córdoba\n".encode() + b"3,Valpara\xc3\n4,d\n"
    assert rows(text) == [("1", "São"), ("2", "Córdoba"), ("4", "d")]
    assert bad(text) == [(4, r"3,Valpara\xc3", LineReason.UNDECODABLE)]


def test_a_line_too_long_is_kept_and_the_others_are_read():
    text = "Id,Cidade\n1,a\n2," + "x" * LINE_LIMIT + "\n3,c\n"
    assert rows(text) == [("1", "a"), ("3", "c")]
    assert [reason for _, _, reason in bad(text)] == [LineReason.LINE_TOO_LONG]


def test_undeclared_columns_are_kept_aside_and_reported():
    file = read("Id,Cidade,Nota,\n1,a,ção,\n2,b,,\n")
    assert [json.loads(text or "null") for text in file.rows["_rescued"].to_pylist()] == [
        {"Nota": "ção"},
        None,
    ]
    assert file.extra_columns == ("Nota", "column_4")
    assert "Nota" in file.drift[0]


def test_columns_in_another_order_are_put_right_and_reported():
    file = read("Cidade,Id\na,1\n")
    assert rows("Cidade,Id\na,1\n") == [("1", "a")]
    assert file.reordered
    assert len(file.drift) == 1
    assert not read("Id,Cidade\n1,a\n").drift


def test_an_optional_column_may_be_missing():
    wanted = CsvFormat(columns=("Id", "Minimo"), optional=("Minimo",))
    assert rows("Id\n1\n\n", wanted) == [("1", None)]
    assert "Minimo" in read("Id\n1\n", wanted).drift[0]


def test_a_missing_column_is_named_with_what_was_expected_found_and_near():
    verdict = rejected("Id,Cidadde\n1,a\n")
    assert (verdict.reason, verdict.line, verdict.column) == (FileReason.SCHEMA, 1, "Cidade")
    assert not verdict.held
    for words in ("a.csv, line 1, column 'Cidade'", "'Id', 'Cidade'", "is 'Cidadde' meant"):
        assert words in str(verdict)


@pytest.mark.parametrize("header", ["Id,Cidade,cidáde", "Id,Cidade,Nota,nota", "Id,id,Cidade"])
def test_a_repeated_column_rejects_the_file(header):
    assert "twice" in str(rejected(f"{header}\n"))
    assert rejected(f"{header}\n").reason is FileReason.SCHEMA


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", FileReason.EMPTY_FILE),
        (b"\xef\xbb\xbf", FileReason.EMPTY_FILE),
        (b"\r\n \n", FileReason.EMPTY_FILE),
        (b"\x89PNG\r\n\x1a\n1,2\n", FileReason.NOT_CSV),
        (b"PK\x03\x04,\n", FileReason.NOT_CSV),
        (b"%PDF-1.7\n", FileReason.NOT_CSV),
        (b"\n<!doctype html>\n", FileReason.NOT_CSV),
        (b"Id,Cidade\n1,\x00\n", FileReason.NOT_CSV),
        ("Id,Cidade\n1,a\n".encode("utf-16"), FileReason.NOT_CSV),
        (b"Id,Cidade\x81\n1,a\n", FileReason.UNDECODABLE),
        (b'Id,"Cidade\n1,a\n', FileReason.SCHEMA),
        (b"1,Rio\n2,Natal\n", FileReason.SCHEMA),
    ],
)
def test_what_is_no_table_is_rejected_with_its_reason(data, reason):
    assert rejected(data).reason is reason
    assert not rejected(data).held


def test_a_verdict_survives_pickling():
    verdict = pickle.loads(pickle.dumps(rejected("Id\n1\n")))
    assert str(verdict) == str(rejected("Id\n1\n"))


@pytest.mark.parametrize("line", ['a","b', 'a","b""', '"""', '1,"'])
def test_hostile_quotes_are_read_in_linear_time(line):
    text = "Id,Cidade\n" + f"{line}\n" * 100_000 + 'z"x\n1,a\n'
    began = time.perf_counter()
    read_or_verdict(text.encode(), TWO)
    assert time.perf_counter() - began < 10


def read_or_verdict(data: bytes, wanted: CsvFormat) -> CsvFile | FileReason:
    try:
        return read_csv(data, wanted, name="a.csv")
    except FileRejected as verdict:
        return verdict.reason


PIECES = [
    "1",
    "a",
    "x",
    '"',
    ",",
    ";",
    "é",
    ',"',
    '",',
    '""',
    "1,a",
    '2,"b"',
    "NULL",
    "\ufeff",
    "\x85",
    "\u2028",
    "\x0b",
    "\x1c",
    "ção",
    "3,c",
]
ENDS = ["\n", "\n", "\n", "\r\n", "\r", " ", "\t", "1,a\n", '2,"b"\n', "3,c\r\n"]
NASTY = st.lists(
    st.sampled_from([piece.encode() for piece in [*PIECES, *ENDS]] + [b"\xe3", b"\x81"]),
    max_size=40,
).map(b"".join)
TIDY = st.lists(
    st.sampled_from(
        [
            '1,"a"',
            '"b;c",2',
            "é,NULL",
            '" NULL ",""',
            "3",
            '1,"x","é"',
            " ",
            '"a"',
            "1;2",
            "x,\x1c\xa0y",
            '1,"a ""b"" c"',
            '"""x""","y"""',
            '"a"b"",2',
        ]
    ),
    max_size=12,
).map(lambda lines: "".join(f"{line}\n" for line in lines).encode())
HEADERS = st.sampled_from([b"Id,Cidade\n", b"\xef\xbb\xbfcidade;ID\r\n", b"Id,Nota,Cidade\n"])
FORMATS = st.builds(
    CsvFormat,
    columns=st.just(TWO.columns),
    null_texts=st.sampled_from([frozenset(), frozenset({"NULL"})]),
    strip=st.booleans(),
    final_newline=st.booleans(),
)


@settings(max_examples=400, deadline=None)
@given(header=HEADERS, body=NASTY, wanted=FORMATS)
def test_every_line_of_a_dirty_file_is_accounted_for_and_no_text_vanishes(header, body, wanted):
    file = read_or_verdict(header + body, wanted)
    if not isinstance(file, CsvFile):
        return
    assert file.balance == 0
    numbers = [line.line for line in file.unparsable]
    assert numbers == sorted(set(numbers))
    columns = ("Id", "Cidade", "_rescued")
    kept = [line.text for line in file.unparsable]
    kept += [row[c] for row in file.rows.to_pylist() for c in columns if row[c] is not None]
    text = body.decode(file.encoding, "surrogateescape" if file.encoding == "utf-8" else "strict")
    for letter in "12abcxé":
        assert "".join(kept).count(letter) >= text.count(letter)


@settings(max_examples=400, deadline=None)
@given(header=HEADERS, body=NASTY, wanted=FORMATS)
def test_the_short_cut_for_plain_files_reads_what_the_careful_way_reads(header, body, wanted):
    short = read_or_verdict(header + body, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "_plain_records", lambda *_: None)
        assert read_or_verdict(header + body, wanted) == short


@settings(max_examples=600, deadline=None)
@given(header=HEADERS, body=NASTY | TIDY, wanted=FORMATS)
@example(header=b"Id,Cidade\n", body=b"\xef\xbb\xbf1,a\n2,b\n", wanted=TWO)
def test_reading_by_column_gives_what_reading_by_record_gives(header, body, wanted):
    by_record = read_or_verdict(header + body, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "COLUMNAR_BYTES", 0)
        assert read_or_verdict(header + body, wanted) == by_record


@pytest.mark.parametrize("wanted", [TWO, CsvFormat(columns=TWO.columns, strip=True)])
def test_a_large_file_is_read_by_column_across_blocks(wanted, monkeypatch):
    monkeypatch.setattr(csvfile, "_BLOCK", 1 << 12)
    lines = [f'{n},"São ""{n}"", x "' if n % 3 else f"{n},é" for n in range(5000)]
    lines[1234], lines[3000], lines[4999] = "1234", "  ", '1,"a","b"'
    data = ("Id,Cidade\r\n" + "\r\n".join(lines) + "\r\n").encode()
    by_column = csvfile._by_column(data, wanted)
    assert by_column is not None
    assert by_column == csvfile._by_record(data, wanted)
    assert [line.line for line in by_column.unparsable] == [1236, 3002, 5001]


VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    table=st.lists(st.tuples(VALUES, VALUES), max_size=8),
    ending=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from(",;"),
)
@example(table=[("\r", '"'), ("\n\n", ";,")], ending="\r\n", delimiter=";")
def test_quoted_values_of_any_text_come_back_as_they_were(table, ending, delimiter):
    lines = [("Id", "Cidade"), *table]
    quoted = (delimiter.join('"' + v.replace('"', '""') + '"' for v in line) for line in lines)
    text = "".join(line + ending for line in quoted)
    expected = [tuple(value or None for value in line) for line in table]
    assert rows(text) == expected


def test_gzip_is_decompressed_member_by_member():
    data = gzip.compress(b"Id,Cidade\n") + gzip.compress(b"1,a\n") + b"\0" * 512
    assert decompress(data, name="a.csv.gz", limit=14) == b"Id,Cidade\n1,a\n"
    assert decompress(io.BytesIO(data), name="a.csv.gz", limit=14) == b"Id,Cidade\n1,a\n"


def gzip_verdict(data: bytes, limit: int = 1 << 20) -> FileReason:
    with pytest.raises(FileRejected, match=r"a\.csv\.gz") as caught:
        decompress(data, name="a.csv.gz", limit=limit)
    return caught.value.reason


def test_a_gzip_bomb_is_stopped_at_the_limit():
    class Stream(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            self.taken += len(piece)
            return piece

    bomb = Stream(gzip.compress(bytes(64 << 20)) * 40)
    with pytest.raises(FileRejected, match="too_large"):
        decompress(bomb, name="a.csv.gz", limit=1 << 20)
    assert bomb.taken <= 1 << 20
    assert gzip_verdict(gzip.compress(b"12345"), limit=4) is FileReason.TOO_LARGE


def test_gzip_that_is_cut_is_held_and_that_is_damaged_is_rejected():
    whole = gzip.compress(b"Id,Cidade\n" + bytes(range(48, 58)) * 100)
    assert gzip_verdict(whole[:-1]) is FileReason.TRUNCATED
    assert gzip_verdict(b"") is FileReason.TRUNCATED
    assert gzip_verdict(b"Id,Cidade\n") is FileReason.BAD_GZIP
    assert gzip_verdict(whole + b"tail") is FileReason.BAD_GZIP
    assert gzip_verdict(whole[:-8] + b"\1" * 8) is FileReason.BAD_GZIP


def test_the_reasons_of_a_line_and_of_a_file_are_stable_codes():
    assert (
        Unparsable(line=1, text="", reason=LineReason.BLANK_LINE, detail="").reason == "blank_line"
    )
    assert {*FileReason} == {
        "empty_file",
        "not_csv",
        "undecodable",
        "schema",
        "truncated",
        "too_large",
        "bad_gzip",
    }

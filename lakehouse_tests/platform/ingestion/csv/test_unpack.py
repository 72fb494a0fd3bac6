"""Archives with one file and sheets of workbooks become CSV text."""

import contextlib
import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion.csv import workbook
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.csv.unpack import all_content, unpack
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import TWO

SALES = CsvFormat(columns=("Id", "Dia", "Valor", "Nota"))
TEXT = b"Id,Cidade\n1,Rio\n"
LIMIT = 1 << 20


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def sheets(**rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in rows.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes, wanted: CsvFormat = SALES, *, limit: int = LIMIT) -> CsvFile:
    file = read_csv(unpack(data, wanted, name="a.xlsx", limit=limit), wanted, name="a.xlsx")
    assert file.balance == 0
    return file


def rows(data: bytes, wanted: CsvFormat = SALES) -> list[tuple[str | None, ...]]:
    return [tuple(row[c] for c in wanted.columns) for row in read(data, wanted).rows.to_pylist()]


def reason(data: bytes, wanted: CsvFormat = TWO, *, limit: int = LIMIT) -> FileReason:
    with pytest.raises(FileRejected, match=r"a\.zip.*") as caught:
        unpack(data, wanted, name="a.zip", limit=limit)
    return caught.value.reason


@pytest.mark.parametrize(
    "data",
    [
        zipped(a__csv=TEXT),
        zipped(a__csv=TEXT, __DS_Store=b"x"),
        gzip.compress(zipped(a__CSV=TEXT)),
        zipped(a__xlsx=sheets(Um=[["Id", "Cidade"], [1, "Rio"]])),
    ],
    ids=["CSV", "CSV beside a hidden file", "CSV in gzip", "workbook"],
)
def test_an_archive_with_one_file_is_read(data):
    name = "a.zip.gz" if data.startswith(b"\x1f\x8b") else "a.zip"
    assert unpack(data, TWO, name=name, limit=LIMIT) == TEXT


def test_the_content_decides_and_not_the_name():
    assert unpack(TEXT, TWO, name="a.xlsx", limit=LIMIT) == TEXT
    assert unpack(zipped(a__csv=TEXT), TWO, name="a.csv", limit=LIMIT) == TEXT


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (zipped(a__csv=TEXT, b__csv=TEXT), FileReason.BAD_ARCHIVE),
        (zipped(), FileReason.BAD_ARCHIVE),
        (zipped(a__pdf=b"x"), FileReason.BAD_ARCHIVE),
        (zipped(a__csv=zipped(b__csv=zipped(c__csv=TEXT))), FileReason.BAD_ARCHIVE),
        (zipped(a__csv=TEXT * 99)[:-30], FileReason.TRUNCATED),
        (zipped(a__csv=TEXT).replace(b"a.csv", b"b.csv", 1), FileReason.BAD_ARCHIVE),
    ],
)
def test_other_archives_are_rejected_with_a_reason(data, wanted):
    assert reason(data) is wanted


def test_an_archive_is_unpacked_up_to_the_limit():
    bomb = zipped(a__csv=bytes(8 << 20))
    assert reason(bomb) is FileReason.TOO_LARGE
    assert reason(zipped(a__csv=zipped(b__csv=bytes(8 << 20)))) is FileReason.TOO_LARGE
    assert reason(sheets(Um=[["Id"] * 9] * 99), limit=3000) is FileReason.TOO_LARGE


def test_a_workbook_with_cells_far_apart_is_rejected_before_memory_is_used():
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "Id", 1
    out = io.BytesIO()
    book.save(out)
    assert reason(out.getvalue()) is FileReason.TOO_LARGE


def test_cells_become_the_text_that_the_tables_expect():
    data = sheets(
        Um=[
            ["Vendas de janeiro"],
            [],
            ["Id", "Dia", "Valor", "Nota"],
            [1, dt.date(2026, 1, 5), 0.1 + 0.2, "São, “Luís”"],
            [1.7e38, dt.datetime.fromisoformat("2026-01-05 10:30"), 1e-7, "a\nb"],
            [12345678901234567, dt.time(9, 5), 1234567.5, True],
            ["00123", dt.timedelta(hours=30), -2.0, None],
        ]
    )
    assert rows(data) == [
        ("1", "2026-01-05", "0.3", "São, “Luís”"),
        ("1.7E+38", "2026-01-05 10:30:00", "0.0000001", "a b"),
        ("1.23456789012346E+16", "09:05:00", "1234567.5", "TRUE"),
        ("00123", "30:00:00", "-2", None),
    ]
    file = read(data)
    assert file.rows["_line"].to_pylist() == [4, 5, 6, 7]
    assert [line.reason for line in file.unparsable] == [LineReason.PREAMBLE, LineReason.BLANK_LINE]


def test_numbers_have_a_decimal_comma_in_columns_that_declare_one():
    wanted = CsvFormat(columns=SALES.columns, decimal_comma=("Valor",), delimiters=";")
    data = sheets(Um=[["Id", "Nota", "Valor", "Dia"], [1, 2.5, 1234.5, None]])
    assert rows(data, wanted) == [("1", None, "1234,5", "2.5")]


def test_errors_and_formulas_without_result_are_not_taken_for_empty_cells():
    book = openpyxl.Workbook()
    book.active.append(["Id", "Dia", "Valor", "Nota"])
    book.active.append([1, None, "=1/0", "#N/A"])
    book.active["D2"].data_type = "e"
    out = io.BytesIO()
    book.save(out)
    assert rows(out.getvalue()) == [("1", None, "#FORMULA?", "#N/A")]


def test_the_sheet_with_the_table_is_read_or_the_one_that_the_source_declares():
    table = [["Id", "Cidade"], [1, "Rio"]]
    cover = sheets(Capa=[["Vendas"]], Modelo=table[:1], Dados=[["Vendas"], *table])
    assert rows(cover, TWO) == [("1", "Rio")]
    assert rows(sheets(Modelo=table[:1], Capa=[["Vendas"]]), TWO) == []
    without = sheets(Capa=[["Vendas"]], Nota=[])
    assert unpack(without, TWO, name="a.xlsx", limit=LIMIT) == b"Vendas\n"
    declared = CsvFormat(columns=TWO.columns, sheet="Dois")
    assert rows(sheets(Um=table, Dois=[table[0], [2, "Natal"]]), declared) == [("2", "Natal")]
    missing = CsvFormat(columns=TWO.columns, sheet="Três")
    assert reason(cover, missing) is FileReason.BAD_WORKBOOK
    assert reason(zipped(**{"xl/workbook__xml": b"<x/>"})) is FileReason.BAD_WORKBOOK


def test_of_two_sheets_with_the_table_none_is_ignored():
    data = sheets(Um=[["Id", "Cidade"], [1, "Rio"]], Dois=[["Id", "Cidade"], [2, "Natal"]])
    with pytest.raises(FileRejected, match="'Um' and 'Dois' each have the table") as caught:
        unpack(data, TWO, name="a.xlsx", limit=LIMIT)
    assert caught.value.reason is FileReason.BAD_WORKBOOK


def test_a_hidden_sheet_is_not_read_unless_it_is_declared():
    book = openpyxl.load_workbook(
        io.BytesIO(sheets(Velha=[["Id", "Cidade"], [9, "x"]], Nova=[["Id", "Cidade"], [1, "Rio"]]))
    )
    book["Velha"].sheet_state = "hidden"
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    assert rows(out.getvalue(), TWO) == [("1", "Rio")]
    assert rows(out.getvalue(), CsvFormat(columns=TWO.columns, sheet="Velha")) == [("9", "x")]


def test_all_files_of_a_rejected_archive_can_be_searched():
    data = zipped(a__csv=b"ana@x.org", b__csv=b"eva@x.org")
    assert all_content(data, limit=LIMIT) == b"ana@x.org\neva@x.org"
    assert all_content(b"PK\x03\x04", limit=LIMIT) == b"PK\x03\x04"


@pytest.mark.parametrize("letters", ["A", "Z", "AA", "XFD"])
def test_columns_are_numbered_like_in_a_spreadsheet(letters):
    expected = openpyxl.utils.column_index_from_string(letters) - 1
    assert workbook._column(letters.encode()) == expected


def test_an_archive_whose_file_has_no_name_is_rejected():
    nameless = bytearray(zipped(a__csv=TEXT))
    nameless[nameless.rindex(b"a.csv")] = 0  # zipfile cuts names at the first zero byte
    assert reason(bytes(nameless)) is FileReason.BAD_ARCHIVE
    assert all_content(bytes(nameless), limit=LIMIT)


ARCHIVES = [zipped(a__csv=TEXT * 9), sheets(Um=[["Id", "Cidade"], [1, "Rio"]])]


@settings(max_examples=200, deadline=None)
@given(
    data=st.sampled_from(ARCHIVES),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=9),
    end=st.integers(0, 10_000),
)
def test_a_damaged_archive_is_read_or_rejected_and_never_an_error(data, changes, end):
    damaged = bytearray(data)
    for at, byte in changes:
        damaged[at % len(data)] = byte
    content = bytes(damaged[: max(end, 4)])
    with contextlib.suppress(FileRejected):
        read(content, TWO)
    all_content(content, limit=LIMIT)

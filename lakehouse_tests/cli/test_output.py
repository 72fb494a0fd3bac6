"""Rows are printed for people, and written to files that other programs open."""

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse.cli.output import WIDEST_LINE, print_rows
from lakehouse_tests.cli.conftest import Call

VALUES = (
    "select '=1+1' as formula, -1.50::decimal(9,2) as amount, date '2026-01-05' as day,"
    " timestamp '2026-01-05 10:20:30' as at, 12345678901234567890::hugeint as id, true as yes,"
    " 'https://example.com' as link, null as nothing, [1, 2] as items, date '0001-01-01' as early"
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sheet_of(path: Path) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def test_csv_keeps_numbers_and_disarms_formulas(call: Call, folder: Path) -> None:
    call("sql", VALUES, "--output", "out.csv")
    heading, line = (folder / "out.csv").read_text().splitlines()
    assert heading.startswith("formula,amount,day,at,id,yes")
    assert line.startswith("'=1+1,-1.50,2026-01-05,2026-01-05 10:20:30,12345678901234567890,true")


def test_a_workbook_holds_numbers_dates_and_text_and_no_formula(call: Call, folder: Path) -> None:
    call("sql", VALUES, "--output", "out.xlsx")
    sheet = sheet_of(folder / "out.xlsx")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    for text in ("=1+1", "12345678901234567890", "https://example.com", "[1, 2]", "0001-01-01"):
        assert f"<t>{text}</t>" in sheet
    assert "<v>-1.5</v>" in sheet
    assert "<v>46027</v>" in sheet
    assert 't="b"' in sheet


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--output", "out.docx"), "the ending .docx is not known; expected one of .txt, .csv"),
        (("--output", "out"), "the ending (none) is not known"),
        (("--output", "out.xls"), "the ending .xls is not known"),
        (("--format", "xlsx"), "xlsx is written to a file; add --output result.xlsx"),
        (("--format", "csv", "--output", "out.xlsx"), "out.xlsx would hold csv"),
    ],
)
def test_an_output_that_would_not_be_what_its_name_says_is_rejected(
    call: Call, folder: Path, words: tuple[str, ...], message: str
) -> None:
    result = call("sql", "select 1", *words, code=2)
    assert message in " ".join(result.stderr.split())
    assert not list(folder.glob("out*"))


def test_a_sheet_that_is_too_small_is_an_error_and_leaves_no_file(call: Call, folder: Path) -> None:
    result = call("sql", "select repeat('x', 40000) as text", "-o", "out.xlsx", code=1)
    assert "does not fit into a cell" in result.stderr
    assert not list(folder.glob("*out*"))


def test_a_table_wider_than_the_terminal_is_shown_row_by_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = [f"column_{n}" for n in range(30)]
    rows = [tuple(range(30)), tuple(range(30, 60))]
    screen = Terminal()
    assert print_rows(columns, rows, "table", screen) == 2
    lines = screen.getvalue().splitlines()
    assert (lines[0], lines[1], lines[31]) == (
        "-- row 1 of 2 --",
        "column_0   0",
        "-- row 2 of 2 --",
    )
    assert max(map(len, lines)) < 80
    narrow = Terminal()
    print_rows(["day", "revenue"], [(dt.date(2026, 1, 5), Decimal("1.50"))], "table", narrow)
    assert "2026-01-05     1.50" in narrow.getvalue()


def test_a_pipe_gets_blocks_only_for_very_wide_tables() -> None:
    pipe = io.StringIO()
    print_rows(["a", "b"], [("x" * 300, "y")], "table", pipe)
    assert pipe.getvalue().startswith("a ")
    pipe = io.StringIO()
    print_rows(["a", "b"], [("x" * WIDEST_LINE, "y")], "table", pipe)
    assert pipe.getvalue().startswith("-- row 1 of 1 --")

"""Rows are printed for people, and written to files that other programs open."""

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from lakehouse.cli.output import ALIGNED, WIDEST_LINE, print_rows
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


def test_formulas_stay_when_they_are_asked_for(call: Call, folder: Path) -> None:
    call("sql", VALUES, "--output", "out.csv", "--formulas")
    assert (folder / "out.csv").read_text().splitlines()[1].startswith("=1+1,")


CONTROLS = "red \x1b[31m bell \x07 c1 \x9b2J right-to-left \u202e line \n tab \t"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("count", [1, ALIGNED + 1])
def test_a_terminal_gets_no_control_character_of_the_data(form: str, count: int) -> None:
    screen = Terminal()
    assert print_rows([CONTROLS, "b"], [(CONTROLS, [CONTROLS])] * count, form, screen) == count
    styled = screen.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert not [letter for letter in styled if not (letter.isprintable() or letter == "\n")]
    if form == "json":
        assert json.loads(styled) == [{CONTROLS: CONTROLS, "b": [CONTROLS]}] * count
    else:
        assert r"\x1b[31m" in styled


def test_an_error_about_hostile_sql_shows_no_control_character(call: Call) -> None:
    error = call("sql", 'select "\x1b]0;title\x07"', code=1).stderr
    assert "\x1b" not in error
    assert "\x07" not in error


def test_rows_are_printed_as_they_come() -> None:
    """A row is printed before the last one is known, so memory does not grow with the result."""
    asked: list[int] = []

    def rows() -> Iterator[tuple[int]]:
        for n in range(4 * ALIGNED):
            asked.append(n)
            if n == 3 * ALIGNED:
                assert f"\n{n - 1}\n" in screen.getvalue().replace(" ", "")
            yield (n,)

    for form in ("table", "csv"):
        screen = Terminal()
        assert print_rows(["n"], rows(), form, screen) == 4 * ALIGNED
    assert len(asked) == 8 * ALIGNED


@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "xlsx", "txt"])
def test_a_result_with_too_many_rows_is_an_error_and_leaves_no_file(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SQL_ROWS", "20000")
    call("sql", "from range(20000)", "-o", f"full.{ending}")
    error = call("sql", "from range(20001)", "-o", f"out.{ending}", code=1).stderr
    assert "more than 20,000 rows" in error
    assert "hint: " in error
    assert not list(folder.glob("*out*"))


def test_a_query_that_takes_too_long_is_an_error_with_a_hint(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SQL_SECONDS", "0.2")
    error = call("sql", "select count(*) from range(100000000000)", code=1).stderr
    assert "stopped after 0.2 s" in error
    assert "LAKEHOUSE_SQL_SECONDS" in error

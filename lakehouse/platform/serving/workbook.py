"""Write rows as an Excel workbook, row by row."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_048_576, 16_384, 32_767
"""What a sheet of a workbook can hold; the heading is a row."""
MOST_DIGITS = 15
"""Digits that a number of a workbook keeps; a longer one is written as text."""
FIRST_YEAR = 1900
"""Dates before this year are not dates in a workbook and are written as text."""


class WorkbookError(Exception):
    """Rows that a workbook cannot hold; the message says how to continue."""


def write_workbook(columns: Sequence[str], rows: Iterable[Sequence[Any]], to: Path) -> int:
    """Write a workbook and return the number of rows.

    Text stays text: nothing in it becomes a formula, a link or a number. Numbers of more digits
    than a workbook keeps are written as text, so that no digit is lost.

    Raises:
        WorkbookError: a sheet cannot hold the rows.
    """
    with open_workbook(to) as book:
        return write_sheet(book, "rows", columns, rows)


def open_workbook(to: Path) -> Any:
    """Return a workbook that writes row by row and in which text stays text."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    return xlsxwriter.Workbook(str(to), options)


def write_sheet(book: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Add a sheet to a workbook and return the number of its rows.

    Raises:
        WorkbookError: a sheet cannot hold the rows.
    """
    if len(columns) > MOST_COLUMNS:
        raise WorkbookError(f"a sheet holds {MOST_COLUMNS:,} columns; hint: select fewer columns")
    count = 0
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, min(40, max(10, len(column) + 2)))
        sheet.write_string(0, at, column, bold)
    for count, row in enumerate(rows, start=1):
        if count >= MOST_ROWS:
            raise WorkbookError(
                f"a sheet holds {MOST_ROWS - 1:,} rows; hint: add a limit or a condition, or write"
                " .csv or .parquet"
            )
        for at, value in enumerate(row):
            _write(sheet, count, at, value, day)
    return count


def _write(sheet: Any, row: int, at: int, value: Any, day: Any) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, at, value)
        case int() | float() | Decimal() if _is_exact(value):
            sheet.write_number(row, at, float(value))
        case dt.datetime() if value.tzinfo is None and value.year >= FIRST_YEAR:
            sheet.write_datetime(row, at, value)
        case dt.date() if not isinstance(value, dt.datetime) and value.year >= FIRST_YEAR:
            sheet.write_datetime(row, at, value, day)
        case list() | dict():
            _write_text(sheet, row, at, json.dumps(value, default=str, ensure_ascii=False))
        case _:
            _write_text(sheet, row, at, str(value))


def _is_exact(value: float | Decimal) -> bool:
    """Return whether a workbook keeps every digit of a number."""
    if isinstance(value, float):
        return math.isfinite(value)
    number = Decimal(value)
    return number.is_finite() and len(number.normalize().as_tuple().digits) <= MOST_DIGITS


def _write_text(sheet: Any, row: int, at: int, text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise WorkbookError(
            f"row {row}: a text of {len(text):,} characters does not fit into a cell, which holds"
            f" {MOST_CHARACTERS:,}; hint: shorten it with left(…), or write .csv or .parquet"
        )
    sheet.write_string(row, at, text)

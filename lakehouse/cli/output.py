"""Print rows on stdout: aligned columns for people, CSV and JSON for programs."""

import csv
import datetime as dt
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, TextIO

import click

from lakehouse.platform.tables.formulas import neutralized

Row = Sequence[Any]

WIDEST = 60
"""Characters of a cell in a terminal; files and pipes get the full text."""
WIDEST_LINE = 1_000
"""Characters of a line outside of a terminal; a wider table is shown as one block per row."""

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)


def print_rows(
    columns: Sequence[str], rows: Iterable[Row], form: str, to: TextIO | None = None
) -> int:
    """Print rows as ``table``, ``csv`` or ``json`` and return their number.

    A table that is wider than the terminal is shown as one block per row, a line for each column.
    In CSV, text that a spreadsheet could run as a formula gets an apostrophe in front.
    JSON is a list of objects. Decimals, dates and times are written as text, so that no digit is
    lost.
    """
    return _WRITERS[form](columns, rows, to or sys.stdout)


def aligned(
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    widest: int | None = None,
    grouped: bool = False,
) -> list[str]:
    """Return the lines of a plain table; numbers are aligned to the right.

    Args:
        columns: headings.
        rows: one value per heading.
        widest: longest cell in characters; longer text is cut.
        grouped: separate thousands by commas.

    >>> aligned(["unit", "revenue"], [("Recife", 1200), ("Rio", None)], grouped=True)
    ['unit    revenue', '------  -------', 'Recife    1,200', 'Rio            ']
    """
    rows = list(rows)
    right = [_is_number([row[n] for row in rows]) for n in range(len(columns))]
    cells = [[_cell(value, widest, grouped=grouped) for value in row] for row in rows]
    widths = [
        max(len(name), *(len(row[n]) for row in cells)) if cells else len(name)
        for n, name in enumerate(columns)
    ]

    def line(values: Sequence[str]) -> str:
        return "  ".join(
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(values, widths, right, strict=True)
        )

    return [line(columns), "  ".join("-" * width for width in widths), *map(line, cells)]


def _table(columns: Sequence[str], rows: Iterable[Row], to: TextIO) -> int:
    rows = list(rows)
    terminal = to.isatty()
    lines = aligned(columns, rows, widest=WIDEST if terminal else None)
    widest = shutil.get_terminal_size().columns if terminal else WIDEST_LINE
    if rows and max(len(line.rstrip()) for line in lines) > widest:
        _blocks(columns, rows, to, widest=WIDEST if terminal else None)
        return len(rows)
    for n, line in enumerate(lines):
        text = click.style(line.rstrip(), bold=True) if n == 0 and terminal else line.rstrip()
        click.echo(text, file=to)
    return len(rows)


def _blocks(columns: Sequence[str], rows: Sequence[Row], to: TextIO, *, widest: int | None) -> None:
    """Print each row as a block: the name and the value of each column in a line."""
    names = max(map(len, columns))
    for number, row in enumerate(rows, start=1):
        click.echo(f"-- row {number} of {len(rows)} --", file=to)
        for column, value in zip(columns, row, strict=True):
            click.echo(f"{column.ljust(names)}  {_cell(value, widest)}".rstrip(), file=to)


def _csv(columns: Sequence[str], rows: Iterable[Row], to: TextIO) -> int:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow([neutralized(column) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([_field(value) for value in row])
        count += 1
    return count


def _json(columns: Sequence[str], rows: Iterable[Row], to: TextIO) -> int:
    count = 0
    to.write("[")
    for row in rows:
        to.write(",\n " if count else "\n ")
        to.write(json.dumps(dict(zip(columns, row, strict=True)), default=str, ensure_ascii=False))
        count += 1
    to.write("\n]\n" if count else "]\n")
    return count


_WRITERS: dict[str, Callable[[Sequence[str], Iterable[Row], TextIO], int]] = {
    "table": _table,
    "csv": _csv,
    "json": _json,
}


def _is_number(values: Iterable[Any]) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in given
    )


def _cell(value: Any, widest: int | None, *, grouped: bool = False) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | Decimal() if grouped:
            return f"{value:,}"
        case dt.datetime():
            return value.isoformat(" ", "seconds")
        case list() | tuple():
            text = ", ".join(_cell(each, None) for each in value)
        case _:
            text = str(value)
    text = "".join(letter if letter.isprintable() else _escape(letter) for letter in text)
    return text if widest is None or len(text) <= widest else f"{text[: widest - 1]}…"


def _field(value: Any) -> Any:
    if isinstance(value, str):
        return neutralized(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    return value


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")

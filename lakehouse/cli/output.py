"""Print rows on stdout: aligned columns for people, CSV and JSON for programs."""

import csv
import datetime as dt
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any, TextIO

import click

from lakehouse.cli.messages import escaped
from lakehouse.platform.tables.formulas import neutralized

Row = Sequence[Any]

ALIGNED = 1_000
"""Rows that decide how wide the columns of a table are."""
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
    columns: Sequence[str],
    rows: Iterable[Row],
    form: str,
    to: TextIO | None = None,
    *,
    formulas: bool = False,
) -> int:
    """Print rows as ``table``, ``csv`` or ``json`` and return their number.

    Rows are printed as they come. A table is aligned by its first `ALIGNED` rows; one that is wider
    than the terminal is shown as one block per row, a line for each column. In CSV, text that a
    spreadsheet could run as a formula gets an apostrophe in front, unless `formulas` is true. JSON
    is a list of objects. Decimals, dates and times are written as text, so that no digit is lost.
    On a terminal, control characters are shown as their codes in every format.
    """
    to = to or sys.stdout
    if form == "csv":
        return _csv(columns, rows, to, formulas=formulas)
    return _json(columns, rows, to) if form == "json" else _table(columns, rows, to)


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
    layout = _Layout(columns, rows, widest=widest, grouped=grouped)
    return [*layout.heading, *map(layout.line, rows)]


class _Layout:
    """Widths and alignment of the columns of a table, from some of its rows."""

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Row],
        *,
        widest: int | None,
        grouped: bool = False,
    ):
        names = [escaped(name) for name in columns]
        self._widest, self._grouped = widest, grouped
        self._right = [_is_number([row[n] for row in rows]) for n in range(len(names))]
        cells = [self._cells(row) for row in rows]
        self._widths = [
            max(len(name), *(len(row[n]) for row in cells)) if cells else len(name)
            for n, name in enumerate(names)
        ]
        self.heading = [self._joined(names), "  ".join("-" * width for width in self._widths)]

    def line(self, row: Row) -> str:
        """Return one row as a line."""
        return self._joined(self._cells(row))

    def _cells(self, row: Row) -> list[str]:
        return [_cell(value, self._widest, grouped=self._grouped) for value in row]

    def _joined(self, values: Sequence[str]) -> str:
        return "  ".join(
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(values, self._widths, self._right, strict=True)
        )


def _table(columns: Sequence[str], rows: Iterable[Row], to: TextIO) -> int:
    given = iter(rows)
    first = list(islice(given, ALIGNED))
    terminal = to.isatty()
    cut = WIDEST if terminal else None
    layout = _Layout(columns, first, widest=cut)
    lines = [line.rstrip() for line in (*layout.heading, *map(layout.line, first))]
    widest = shutil.get_terminal_size().columns if terminal else WIDEST_LINE
    if first and max(map(len, lines)) > widest:
        return _blocks(columns, first, given, to, widest=cut)
    for n, line in enumerate(lines):
        click.echo(click.style(line, bold=True) if n == 0 and terminal else line, file=to)
    count = len(first)
    for row in given:
        click.echo(layout.line(row).rstrip(), file=to)
        count += 1
    return count


def _blocks(
    columns: Sequence[str],
    first: Sequence[Row],
    more: Iterator[Row],
    to: TextIO,
    *,
    widest: int | None,
) -> int:
    """Print each row as a block: the name and the value of each column in a line."""
    names = [escaped(name) for name in columns]
    width = max(map(len, names))
    following = list(islice(more, 1))
    of = "" if following else f" of {len(first)}"
    count = 0
    for count, row in enumerate(chain(first, following, more), start=1):
        click.echo(f"-- row {count}{of} --", file=to)
        for name, value in zip(names, row, strict=True):
            click.echo(f"{name.ljust(width)}  {_cell(value, widest)}".rstrip(), file=to)
    return count


def _csv(columns: Sequence[str], rows: Iterable[Row], to: TextIO, *, formulas: bool) -> int:
    writer = csv.writer(to, lineterminator="\n")
    terminal = to.isatty()

    def field(value: Any) -> Any:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list | dict):
            value = json.dumps(value, default=str, ensure_ascii=False)
        if not isinstance(value, str):
            return value
        text = value if formulas else neutralized(value)
        return escaped(text) if terminal else text

    writer.writerow([field(column) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([field(value) for value in row])
        count += 1
    return count


def _json(columns: Sequence[str], rows: Iterable[Row], to: TextIO) -> int:
    terminal = to.isatty()
    count = 0
    to.write("[")
    for row in rows:
        to.write(",\n " if count else "\n ")
        text = json.dumps(dict(zip(columns, row, strict=True)), default=str, ensure_ascii=False)
        to.write(_escaped_json(text) if terminal else text)
        count += 1
    to.write("\n]\n" if count else "]\n")
    return count


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
    text = escaped(text)
    return text if widest is None or len(text) <= widest else f"{text[: widest - 1]}…"


def _escaped_json(text: str) -> str:
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)

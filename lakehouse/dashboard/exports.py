"""Export what a page shows, with all rows: one part as CSV, every part as a sheet of a workbook.

Rows are streamed from DuckDB. Text that a spreadsheet could run as a formula is made harmless.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from lakehouse.dashboard.declare import Cards, Chart, Page, Table, TileMap, Totals, View
from lakehouse.dashboard.figures import figures
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.snapshots import Row, Snapshot
from lakehouse.dashboard.words import Language, Words
from lakehouse.platform.serving.workbook import open_workbook, write_sheet
from lakehouse.platform.tables.formulas import neutralized

OF_CARDS = {
    "figure": Words("Indicador", "Figure"),
    "value": Words("Valor", "Value"),
    "before": Words("Período anterior", "Period before"),
    "usual": Words("Média de 4 períodos", "Mean of 4 periods"),
}
"""Columns of an export of cards."""
LONGEST_NAME = 31
"""Letters of the name of a sheet."""
LINES = 1_000
"""Lines of CSV that are sent at a time."""


def exported(page: Page) -> dict[str, View]:
    """Return the views of a page that can be exported, by their ids; the main table is first."""
    views: list[View] = [v for v in page.views if isinstance(v, Table)]
    views += [v for v in page.views if isinstance(v, Chart | TileMap)]
    views += [v for v in page.views if isinstance(v, Cards | Totals)]
    return {view.id: view for view in views}


def headings(view: View, columns: Iterable[str], language: Language) -> list[str]:
    """Return the headings of an export: the labels on the screen, else the names of the query."""
    known = {name: words.in_(language) for name, words in OF_CARDS.items()}
    if isinstance(view, Table | Totals):
        known = {column.name: column.label.in_(language) for column in view.columns}
    elif isinstance(view, Chart):
        known = {each.name: each.label.in_(language) for each in view.series}
    return [known.get(name, name) for name in columns]


def csv_lines(view: View, selection: Selection, snapshot: Snapshot) -> Iterator[str]:
    """Yield a view's rows as CSV that Brazilian spreadsheets open: semicolons, decimal commas.

    The first piece is read at once, so that a query that fails fails before anything is sent.

    Raises:
        DataError: the query failed.
    """
    columns, rows = _rows(view, selection, snapshot)
    pieces = _pieces(headings(view, columns, selection.language), rows, selection.language)
    first = next(pieces)

    def sent() -> Iterator[str]:
        yield "\ufeff" + first
        yield from pieces

    return sent()


def _pieces(names: list[str], rows: Iterator[Row], language: Language) -> Iterator[str]:
    comma = language == "pt"
    to = io.StringIO()
    writer = csv.writer(to, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow([neutralized(name) for name in names])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_field(value, decimal_comma=comma) for value in row.values()])
        if number % LINES == 0:
            yield to.getvalue()
            to.seek(0)
            to.truncate()
    yield to.getvalue()


def workbook(page: Page, selection: Selection, snapshot: Snapshot, to: Path) -> None:
    """Write every table and chart of a page as a sheet of a workbook.

    Raises:
        DataError: a query failed.
    """
    used: set[str] = set()
    with open_workbook(to) as book:
        for view in exported(page).values():
            columns, rows = _rows(view, selection, snapshot)
            names = headings(view, columns, selection.language)
            values = (list(row.values()) for row in rows)
            name = _sheet_name(view.title.in_(selection.language))
            name = _sheet_name(view.id) if name.lower() in used else name
            used.add(name.lower())
            write_sheet(book, name, names, values)


def _sheet_name(title: str) -> str:
    """Return a title as a workbook can name a sheet.

    >>> _sheet_name("Clientes que podem sair: nenhuma fatura em 90 dias?")
    'Clientes que podem sair nenhuma'
    """
    return re.sub(r"[\[\]:*?/\\]", "", title)[:LONGEST_NAME].strip()


def _rows(view: View, selection: Selection, snapshot: Snapshot) -> tuple[list[str], Iterator[Row]]:
    if isinstance(view, Cards):
        return list(OF_CARDS), (
            {
                "figure": each.measure.label.in_(selection.language),
                "value": each.value,
                "before": each.before if view.compared else None,
                "usual": each.usual if view.compared else None,
            }
            for each in figures(view.measures, selection, snapshot)
        )
    query = view.query  # type: ignore[attr-defined]  # `exported` has views with a query only
    return snapshot.stream(selection.sql(query))


def _field(value: Any, *, decimal_comma: bool) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() | Decimal():
            text = f"{value:f}" if isinstance(value, Decimal) else repr(value)
            return text.replace(".", ",") if decimal_comma else text
        case dt.datetime():
            return value.isoformat(" ")
        case list():
            return neutralized(", ".join(map(str, value)))
        case _:
            return neutralized(str(value))

"""Show rows as a table that can be sorted, filtered and paged (AG Grid, Community edition)."""

import datetime as dt
from decimal import Decimal
from string import Formatter
from typing import Any
from urllib.parse import quote

import dash_ag_grid as dag
from dash.development.base_component import Component

from lakehouse.dashboard.codes import MASK
from lakehouse.dashboard.declare import Column, Table
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.snapshots import Row
from lakehouse.dashboard.words import Language, written

NUMBERS = ("brl", "usd", "count", "percent", "decimal", "seconds")
WIDTHS = {"brl": 136, "usd": 146, "moment": 160, "text": 108, "day": 108}
"""Least width of a column by its kind, in pixels: no amount and no date is cut."""
SMALLEST = 80
LETTER, AROUND = 8, 52
"""Width of a letter of a heading, and of the space and the sign of sorting beside it, in pixels."""
LINK, BADGE = "_link_", "_badge_"
"""Prefix of the fields with a cell's address and with the colour of its badge."""


def grid(of: Table, rows: list[Row], selection: Selection) -> Component:
    """Return the table of some rows."""
    language = selection.language
    options: dict[str, Any] = {
        "theme": {"function": "lakehouseTheme(themeQuartz)"},
        "domLayout": "autoHeight",
        "pagination": len(rows) > of.page_size,
        "paginationPageSize": of.page_size,
        "paginationPageSizeSelector": False,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "animateRows": False,
    }
    if language == "pt":
        options["getLocaleText"] = {"function": "lakehouse.text_pt(params)"}
    return dag.AgGrid(
        id=f"tabela-{of.id}",
        columnDefs=[_definition(each, language) for each in of.columns if not each.hidden],
        rowData=[_cells(of, row, selection) for row in rows],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        columnSize="responsiveSizeToFit",
        dashGridOptions=options,
        style={"height": None},
        className="grid",
    )


def plain(column: Column, value: Any, language: Language) -> str:
    """Return a cell as text."""
    if isinstance(value, str) and value in column.texts:
        return column.texts[value].in_(language)
    return written(value, column.kind, language)


def _definition(column: Column, language: Language) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "field": column.name,
        "headerName": column.label.in_(language),
    }
    if column.kind in NUMBERS:
        definition |= {
            "type": "rightAligned",
            "filter": "agNumberColumnFilter",
            "valueFormatter": {"function": f"lakehouse.{column.kind}_{language}(params.value)"},
        }
    elif column.kind in ("day", "moment"):
        definition["valueFormatter"] = {
            "function": f"lakehouse.{column.kind}_{language}(params.value)"
        }
    if column.link or column.badges:
        definition["cellRenderer"] = "LakehouseCell"
    definition["minWidth"] = _least_width(column, language)
    if column.kind == "text":
        definition["tooltipField"] = column.name
    if column.wraps:
        definition |= {"wrapText": True, "autoHeight": True, "cellClass": "wrapped"}
    return definition


def _least_width(column: Column, language: Language) -> int:
    """Return the width that shows the values and every whole word of the heading."""
    longest = max(map(len, column.label.in_(language).split()), default=0)
    usual = column.width or WIDTHS.get(column.kind, SMALLEST)
    return max(usual, longest * LETTER + AROUND)


def _cells(of: Table, row: Row, selection: Selection) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for column in of.columns:
        value = row[column.name]
        cells[column.name] = _cell(column, value, selection.language)
        if column.link and value is not None and not _is_masked(column.link, row):
            texts = {name: quote(_text(each), safe="") for name, each in row.items()}
            address = column.link.format_map(texts)
            if selection.language != "pt":
                address += f"{'&' if '?' in address else '?'}idioma={selection.language}"
            cells[LINK + column.name] = address
        if isinstance(value, str) and value in column.badges:
            cells[BADGE + column.name] = column.badges[value]
    return cells


def _is_masked(link: str, row: Row) -> bool:
    """Return whether a link names a masked value, which leads nowhere."""
    names = {name for _, name, _, _ in Formatter().parse(link) if name}
    return any(isinstance(row[name], str) and MASK in row[name] for name in names)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else "" if value is None else str(value)


def _cell(column: Column, value: Any, language: Language) -> Any:
    match value:
        case str() if value in column.texts:
            return column.texts[value].in_(language)
        case Decimal():
            return float(value)
        case dt.date():
            return value.isoformat()
        case list():
            return ", ".join(map(str, value))
        case _:
            return value

"""Turn the views of a page into components; each view fails alone.

A view whose query fails shows an error in its place, one without rows says so. What went wrong is
written to the log and never to the page.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard import charts, grid
from lakehouse.dashboard.declare import (
    NO_ROWS,
    Cards,
    Chart,
    Column,
    Embedded,
    Notices,
    Page,
    Table,
    TileMap,
    Totals,
    View,
)
from lakehouse.dashboard.figures import Figure, figures
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.snapshots import DataError, Row, Snapshot
from lakehouse.dashboard.words import Kind, Language, Words, labelled, written

_log = logging.getLogger(__name__)

FAILED = Words("Esta parte não pôde ser calculada.", "This part could not be computed.")
TRY_AGAIN = Words(
    "As outras figuras não são afetadas. O motivo está no registro do servidor.",
    "The other figures are not affected. The reason is in the log of the server.",
)
WHERE_FROM = Words("De onde vem?", "Where from?")
SEVERITIES: Mapping[int, tuple[str, Words]] = {
    1: ("red", Words("crítico", "critical")),
    2: ("orange", Words("alto", "high")),
    3: ("gray", Words("médio", "medium")),
}


def views(page: Page, selection: Selection, snapshot: Snapshot) -> Component:
    """Return the views of a page side by side on a grid."""
    return dmc.Grid(
        [
            dmc.GridCol(
                view(each, selection, snapshot),
                span={"base": 12, "md": each.span if each.span > 4 else 6, "lg": each.span},
            )
            for each in page.views
        ],
        gutter="md",
    )


def view(of: View, selection: Selection, snapshot: Snapshot) -> Component:
    """Return one view; an error in its place when it cannot be computed."""
    try:
        return _RENDERERS[type(of)](of, selection, snapshot)
    except DataError as error:
        _log.error("view %s: %s", of.id, error)
    except Exception:  # noqa: BLE001  a mistake in one view must not take the page down
        _log.exception("view %s", of.id)
    words = dmc.Alert(
        TRY_AGAIN.in_(selection.language),
        title=FAILED.in_(selection.language),
        id=f"erro-{of.id}",
        color="red",
        variant="light",
    )
    return panel(of, selection, [words])


def panel(of: View, selection: Selection, children: Sequence[Any], **more: Any) -> Component:
    """Return the frame of a view with its title."""
    language = selection.language
    heading: list[Component] = [html.H2(of.title.in_(language), className="view-title")]
    if of.note:
        heading.append(dmc.Text(of.note.in_(language), size="xs", className="quiet view-note"))
    if not isinstance(of, Embedded):
        heading.append(origin(of, language, of.title))
    return dmc.Paper(
        [html.Div(heading, className="view-heading"), *children],
        id=of.id,
        className="view",
        withBorder=True,
        radius="md",
        p="md",
        h="100%",
        **more,
    )


def origin(of: View, language: Language, title: Words, column: str = "") -> Component:
    """Return the button that opens the proof of a view, or of one of its figures."""
    where_from = WHERE_FROM.in_(language)
    return html.Button(
        where_from,
        id={"type": "origem", "view": of.id, "column": column},
        className="proof-button",
        n_clicks=0,
        **labelled(f"{where_from} {title.in_(language)}"),
    )


def nothing(selection: Selection, words: Words = NO_ROWS, name: str = "") -> Component:
    """Return the text of a view without rows."""
    return dmc.Center(
        dmc.Text(words.in_(selection.language), size="sm", className="quiet"),
        mih=120,
        id=f"vazio-{name}",
    )


def _rows(
    of: Chart | Table | TileMap | Notices | Totals, selection: Selection, snapshot: Snapshot
) -> list[Row]:
    return snapshot.rows(selection.sql(of.query))


def _cards(of: Cards, selection: Selection, snapshot: Snapshot) -> Component:
    found = figures(of.measures, selection, snapshot)
    return dmc.SimpleGrid(
        [_card(figure, selection, compared=of.compared) for figure in found],
        id=of.id,
        cols={"base": 1, "xs": 2, "lg": len(found)},
        spacing="md",
    )


def _card(figure: Figure, selection: Selection, *, compared: bool) -> Component:
    language = selection.language
    measure = figure.measure
    line = [value for _, value in figure.line if value is not None]
    one_day = selection.days == 1
    before = (
        Words("ante 7 dias antes", "vs 7 days before")
        if selection.days <= 7
        else Words("ante o período anterior", "vs the period before")
    )
    usual = (
        Words("ante a média deste dia da semana", "vs this weekday's mean")
        if one_day
        else Words("ante a média de 4 períodos", "vs the mean of 4 periods")
    )
    children: list[Any] = [
        dmc.Group(
            [
                dmc.Text(measure.label.in_(language), size="sm", fw=600, className="quiet"),
                html.Button(
                    WHERE_FROM.in_(language),
                    id={"type": "prova", "figure": measure.id},
                    className="proof-button",
                    n_clicks=0,
                    **labelled(f"{WHERE_FROM.in_(language)} {measure.label.in_(language)}"),
                ),
            ],
            justify="space-between",
            wrap="nowrap",
        ),
        html.Div(
            written(figure.value, measure.kind, language),
            id=f"valor-{measure.id}",
            className="figure",
        ),
    ]
    if compared:
        children += [
            _change(figure, figure.before, before.in_(language), selection),
            _change(figure, figure.usual, usual.in_(language), selection),
        ]
    if len(line) > 1:
        children.append(
            dmc.Sparkline(
                data=line,
                h=40,
                curveType="monotone",
                color="teal.6",
                fillOpacity=0.18,
                mt="xs",
                areaProps=charts.STILL,
            )
        )
    return dmc.Paper(
        children, id=f"cartao-{measure.id}", className="card", withBorder=True, radius="md", p="md"
    )


def _change(figure: Figure, base: Any, against: str, selection: Selection) -> Component:
    """Return one line of comparison: percent, or points for a share."""
    language = selection.language
    measure = figure.measure
    if figure.value is None or base is None or (measure.kind != "percent" and not base):
        none = Words("sem comparação", "nothing to compare")
        return html.Div(
            [
                html.Span(f"{none.in_(language)} ", className="quiet"),
                html.Span(against, className="quiet"),
            ],
            className="change",
        )
    if measure.kind == "percent":
        change = figure.value - base
        points = Words("p.p.", "pp")
        text = f"{written(abs(change) * 100, 'decimal', language)} {points.in_(language)}"
    else:
        change = (figure.value - base) / abs(base)
        text = written(abs(change), "percent", language)
    flat = abs(change) < 0.0005
    sign = "●" if flat else "▲" if change > 0 else "▼"
    good = flat or measure.good == "neither" or (change > 0) == (measure.good == "more")
    tone = "quiet" if flat or measure.good == "neither" else "good" if good else "bad"
    return html.Div(
        [
            html.Span(f"{sign} {text}", className=f"change-value {tone}"),
            html.Span(f" {against}", className="quiet"),
        ],
        className="change",
    )


def _totals(of: Totals, selection: Selection, snapshot: Snapshot) -> Component:
    rows = _rows(of, selection, snapshot)
    if not rows:
        return panel(of, selection, [nothing(selection, name=of.id)])
    return dmc.SimpleGrid(
        [_total(of, column, rows[0], selection) for column in of.columns],
        id=of.id,
        cols={"base": 1, "xs": 2, "sm": 3, "lg": 3 if len(of.columns) == 6 else len(of.columns)},
        spacing="md",
    )


def _total(of: Totals, column: Column, row: Row, selection: Selection) -> Component:
    language = selection.language
    children: list[Any] = [
        html.Div(
            [
                dmc.Text(column.label.in_(language), size="sm", fw=600, className="quiet"),
                origin(of, language, column.label, column.name),
            ],
            className="card-heading",
        ),
        html.Div(
            grid.plain(column, row[column.name], language),
            id=f"valor-{of.id}-{column.name}",
            className="figure figure-small",
        ),
    ]
    if below := column.below:
        text = below.label.in_(language).format(grid.plain(below, row[below.name], language))
        children.append(dmc.Text(text, size="xs", className="quiet"))
    return dmc.Paper(children, withBorder=True, radius="md", p="md", className="card")


def _chart(of: Chart, selection: Selection, snapshot: Snapshot) -> Component:
    rows = _rows(of, selection, snapshot)
    drawn = charts.draw(of, rows, selection) if rows else nothing(selection, name=of.id)
    return panel(of, selection, [drawn])


def _table(of: Table, selection: Selection, snapshot: Snapshot) -> Component:
    _, stream = snapshot.stream(selection.sql(of.query))
    rows = [row for row, _ in zip(stream, range(of.most + 1), strict=False)]
    if not rows:
        return panel(of, selection, [nothing(selection, of.empty, of.id)])
    shown = grid.grid(of, rows[: of.most], selection)
    if len(rows) <= of.most:
        return panel(of, selection, [shown])
    more = Words(
        f"As primeiras {of.most} linhas; a exportação tem todas.",
        f"The first {of.most} rows; the export has all.",
    )
    return panel(of, selection, [shown, dmc.Text(more.in_(selection.language), size="xs", mt="xs")])


def _tile_map(of: TileMap, selection: Selection, snapshot: Snapshot) -> Component:
    rows = _rows(of, selection, snapshot)
    drawn = charts.tile_map(of, rows, selection) if rows else nothing(selection, name=of.id)
    return panel(of, selection, [drawn])


def _notices(of: Notices, selection: Selection, snapshot: Snapshot) -> Component:
    language = selection.language
    rows = _rows(of, selection, snapshot)
    if not rows:
        calm = Words("Nada fora do normal.", "Nothing unusual.")
        return panel(of, selection, [nothing(selection, calm, of.id)])
    shown: list[Any] = [_notice(of, row, selection) for row in rows[: of.most]]
    if (rest := len(rows) - of.most) > 0:
        more = Words(f"e mais {rest}", f"and {rest} more").in_(language)
        link = html.A(more, href=selection.address(of.more)) if of.more else more
        shown.append(dmc.Text(link, size="sm", className="quiet", id=f"mais-{of.id}"))
    return panel(of, selection, [dmc.Stack(shown, gap=8)])


def _notice(of: Notices, row: Row, selection: Selection) -> Component:
    language = selection.language
    color, word = SEVERITIES[row["severity"]]
    text = _Filled(language).format(of.texts[row["code"]].in_(language), **row)
    return html.A(
        [html.Span(word.in_(language), className=f"severity severity-{color}"), html.Span(text)],
        href=linked(row["link"], selection),
        className="notice",
    )


def linked(address: str, selection: Selection) -> str:
    """Return a link of a declaration with the language of the page."""
    if selection.language == "pt":
        return address
    return f"{address}{'&' if '?' in address else '?'}idioma={selection.language}"


class _Filled(Formatter):
    """Fill a notice's text; the format of a field is the kind of its value, else a number."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            return value
        kind: Kind = format_spec or "count"  # type: ignore[assignment]  # a text of the declaration
        if kind == "count" and value is not None and value != int(value):
            kind = "decimal"
        return written(value, kind, self._language)


_RENDERERS: Mapping[type[View], Callable[[Any, Selection, Snapshot], Component]] = {
    Cards: _cards,
    Totals: _totals,
    Chart: _chart,
    Table: _table,
    TileMap: _tile_map,
    Notices: _notices,
    Embedded: lambda of, selection, snapshot: panel(of, selection, [of.draw(selection, snapshot)]),
}

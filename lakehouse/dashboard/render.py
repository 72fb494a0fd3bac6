"""Turn the views of a page into components; each view fails alone.

A view whose query fails shows an error in its place, one without rows says so. What went wrong is
written to the log and never to the page. What only shows something is a `Markup`; charts and tables
have ids, so that the browser gives them other rows instead of starting them again.
"""

import json
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
from lakehouse.dashboard.markup import Markup, markup
from lakehouse.dashboard.parts import marked
from lakehouse.dashboard.snapshots import DataError, Row, Snapshot, UnreadableTable
from lakehouse.dashboard.words import Kind, Language, Words, labelled, written

_log = logging.getLogger(__name__)

FAILED = Words("Esta parte não pôde ser calculada.", "This part could not be computed.")
TRY_AGAIN = Words(
    "As outras figuras não são afetadas. O motivo está no registro do servidor.",
    "The other figures are not affected. The reason is in the log of the server.",
)
UNREADABLE = Words(
    "A tabela {} está danificada ou ainda não existe neste lago: `lakehouse status` diz o que"
    " falta. Num lago de uma versão anterior, `lakehouse ingest` cria as tabelas novas.",
    "The table {} is damaged or does not exist in this lake yet: `lakehouse status` says what is"
    " missing. In a lake of an older version, `lakehouse ingest` makes the new tables.",
)
"""Has ``{}`` for the name of the table."""
WHERE_FROM = Words("De onde vem?", "Where from?")
MOST_LETTERS = 72
"""Letters that the titles of a row of cards may have beside their buttons."""
SEVERITIES: Mapping[int, tuple[str, Words]] = {
    1: ("red", Words("crítico", "critical")),
    2: ("orange", Words("alto", "high")),
    3: ("gray", Words("médio", "medium")),
}


def views(page: Page, selection: Selection, snapshot: Snapshot) -> Component:
    """Return the views of a page side by side on a grid."""
    return html.Div([view(each, selection, snapshot) for each in page.views], className="views")


def _place(of: View) -> dict[str, Any]:
    """Return the properties that place a view on the grid of its page."""
    middle = of.span if of.span > 4 else 6
    return {"id": of.id, "style": {"--wide": f"span {of.span}", "--middle": f"span {middle}"}}


def view(of: View, selection: Selection, snapshot: Snapshot) -> Component:
    """Return one view; an error in its place when it cannot be computed."""
    text = TRY_AGAIN.in_(selection.language)
    try:
        return _RENDERERS[type(of)](of, selection, snapshot)
    except UnreadableTable as error:
        _log.error("view %s: %s", of.id, error)
        text = UNREADABLE.in_(selection.language).format(error.table)
    except DataError as error:
        _log.error("view %s: %s", of.id, error)
    except Exception:  # noqa: BLE001  a mistake in one view must not take the page down
        _log.exception("view %s", of.id)
    words = dmc.Alert(
        text,
        title=FAILED.in_(selection.language),
        id=f"erro-{of.id}",
        color="red",
        variant="light",
    )
    return panel(of, selection, [words])


def panel(of: View, selection: Selection, children: Sequence[Any]) -> Component:
    """Return the frame of a view with its title."""
    heading = markup(_heading(of, selection), f"titulo-{of.id}")
    return html.Div([heading, *children], className="view", **_place(of))


def _still(of: View, selection: Selection, children: Sequence[Any]) -> Component:
    """Return a view with its title that only shows something."""
    whole = html.Div([_heading(of, selection), *children], className="view", **_place(of))
    return markup(whole, f"parte-{of.id}")


def _heading(of: View, selection: Selection) -> Component:
    language = selection.language
    heading: list[Component] = [html.H2(of.title.in_(language), className="view-title")]
    if of.note:
        heading.append(html.Div(of.note.in_(language), className="quiet small view-note"))
    if not isinstance(of, Embedded):
        heading.append(origin(of, language, of.title))
    return html.Div(heading, className="view-heading")


def origin(of: View, language: Language, title: Words, column: str = "") -> Component:
    """Return the button that opens the proof of a view, or of one of its figures."""
    asked = {"type": "origem", "view": of.id, "column": column}
    return _proof_button(asked, language, title)


def _proof_button(asked: Mapping[str, str], language: Language, title: Words) -> Component:
    where_from = WHERE_FROM.in_(language)
    return html.Button(
        where_from,
        className="proof-button",
        **marked(proof=json.dumps(asked)),
        **labelled(f"{where_from} {title.in_(language)}"),
    )


def nothing(selection: Selection, words: Words = NO_ROWS, name: str = "") -> Markup:
    """Return the text of a view without rows."""
    text = html.Div(words.in_(selection.language), className="quiet nothing", id=f"vazio-{name}")
    return markup(text, f"nada-{name}")


def _rows(
    of: Chart | Table | TileMap | Notices | Totals, selection: Selection, snapshot: Snapshot
) -> list[Row]:
    return snapshot.rows(selection.sql(of.query))


def _cards(of: Cards, selection: Selection, snapshot: Snapshot) -> Component:
    found = figures(of.measures, selection, snapshot)
    cards = [_card(figure, selection, compared=of.compared) for figure in found]
    titles = [each.measure.label.in_(selection.language) for each in found]
    return _side_by_side(of, cards, titles, "cards", len(found))


def _side_by_side(
    of: View, cards: Sequence[Component], titles: Sequence[str], name: str, wide: int
) -> Component:
    """Return cards in a row; a wide screen shows this many beside each other.

    When a title is too long for the button beside it, the buttons of all cards are below, so that
    the figures stay on one line.
    """
    if wide * max(map(len, titles)) > MOST_LETTERS:
        name += " stacked"
    whole = html.Div(list(cards), id=of.id, className=name, style={"--count": wide})
    return markup(whole, f"parte-{of.id}")


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
        html.Div(
            [
                html.Div(measure.label.in_(language), className="quiet card-title"),
                _proof_button({"type": "prova", "figure": measure.id}, language, measure.label),
            ],
            className="card-heading",
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
        children.append(charts.sparkline(line))
    return html.Div(children, id=f"cartao-{measure.id}", className="card")


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
    cards = [_total(of, column, rows[0], selection) for column in of.columns]
    titles = [column.label.in_(selection.language) for column in of.columns]
    wide = 3 if len(cards) == 6 else len(cards)
    return _side_by_side(of, cards, titles, "cards totals", wide)


def _total(of: Totals, column: Column, row: Row, selection: Selection) -> Component:
    language = selection.language
    children: list[Any] = [
        html.Div(
            [
                html.Div(column.label.in_(language), className="quiet card-title"),
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
        children.append(html.Div(text, className="quiet small"))
    return html.Div(children, className="card")


def _chart(of: Chart, selection: Selection, snapshot: Snapshot) -> Component:
    rows = _rows(of, selection, snapshot)
    if not rows:
        return panel(of, selection, [nothing(selection, name=of.id)])
    drawn = charts.draw(of, rows, selection)
    framed = panel if of.form in charts.WITH_AXES else _still
    return framed(of, selection, [drawn])


def _table(of: Table, selection: Selection, snapshot: Snapshot) -> Component:
    rows = snapshot.rows(selection.sql(of.query), of.most + 1)
    if not rows:
        return panel(of, selection, [nothing(selection, of.empty, of.id)])
    shown = grid.grid(of, rows[: of.most], selection)
    if len(rows) <= of.most:
        return panel(of, selection, [shown])
    most = written(of.most, "count", selection.language)
    more = Words(
        f"As primeiras {most} linhas; a exportação tem todas.",
        f"The first {most} rows; the export has all.",
    )
    below = html.Div(more.in_(selection.language), className="quiet small below")
    return panel(of, selection, [shown, markup(below, f"mais-{of.id}")])


def _tile_map(of: TileMap, selection: Selection, snapshot: Snapshot) -> Component:
    rows = _rows(of, selection, snapshot)
    drawn = charts.tile_map(of, rows, selection) if rows else nothing(selection, name=of.id)
    return _still(of, selection, [drawn])


def _notices(of: Notices, selection: Selection, snapshot: Snapshot) -> Component:
    language = selection.language
    rows = _rows(of, selection, snapshot)
    if not rows:
        calm = Words("Nada fora do normal.", "Nothing unusual.")
        return _still(of, selection, [nothing(selection, calm, of.id)])
    shown: list[Any] = [_notice(of, row, selection) for row in rows[: of.most]]
    if (rest := len(rows) - of.most) > 0:
        more = Words(f"e mais {rest}", f"and {rest} more").in_(language)
        link = html.A(more, href=selection.address(of.more)) if of.more else more
        shown.append(html.Div(link, className="quiet more", id=f"mais-{of.id}"))
    return _still(of, selection, [html.Div(shown, className="notices")])


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

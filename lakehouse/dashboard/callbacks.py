"""The one layer of callbacks, for every page: URL → content, filters ↔ URL, cards → proofs."""

import datetime as dt
import logging
import uuid
from collections.abc import Callable
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from lakehouse.dashboard import filters, proof_view, render, shell
from lakehouse.dashboard.declare import Embedded, Page
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.markup import markup
from lakehouse.dashboard.pages import PAGES, measures
from lakehouse.dashboard.session import person
from lakehouse.dashboard.snapshots import DataError, Snapshot, Snapshots
from lakehouse.dashboard.view_proof import column_of, provable
from lakehouse.dashboard.words import Language

_log = logging.getLogger(__name__)

DEFAULT = "/executivo"
BOUNDS = {
    "mrhealth": "SELECT min(day) AS oldest, max(day) AS newest FROM gold.mrhealth_unit_day",
    "sales": "SELECT min(day) AS oldest, max(day) AS newest FROM gold.sales_fact_sales",
    "bikes": "SELECT min(day) AS oldest, max(day) AS newest FROM gold.bikes_order_day",
    "cards": "SELECT min(dt_emissao) AS oldest, max(dt_referencia) AS newest"
    " FROM gold.cards_invoices",
    "people": "SELECT min(day) AS oldest, max(day) AS newest FROM gold.people_removed_duplicates",
    "": "SELECT min(day) AS oldest, max(day) AS newest FROM ops.reconciliation",
}
"""Domain of a page → query of the days that it can show."""
FILTER_IDS = ("filtro-periodo", *(f"filtro-{name}" for name in shell.MULTIPLE), "filtro-busca")


def page_of(path: str | None) -> Page | None:
    """Return the page of a path."""
    return PAGES.get(DEFAULT if path in (None, "", "/") else (path or "").rstrip("/"))


def selection_of(page: Page, search: str | None, snapshot: Snapshot) -> Selection:
    """Return what a URL selects on a page for the person who asks.

    Raises:
        DataError: the days with data cannot be read.
    """
    bounds = bounds_of(page, snapshot)
    sees_personal = person().sees_personal
    return filters.read(page, search or "", snapshot, bounds, sees_personal=sees_personal)


def bounds_of(page: Page, snapshot: Snapshot) -> tuple[dt.date | None, dt.date | None]:
    """Return the oldest and the newest day that a page can show.

    Raises:
        DataError: they cannot be read.
    """
    (row,) = snapshot.rows(BOUNDS[page.domain])
    return row["oldest"], row["newest"]


def version(snapshot: Snapshot, language: Language) -> dict[str, Any]:
    """Return what a page remembers of the snapshot that it shows."""
    return {"key": [list(pair) for pair in snapshot.key], "language": language}


def content_of(
    path: str, body: Component, language: Language, *, has_forms: bool = False
) -> dict[str, Any]:
    """Return what the browser shows below the filters.

    With the path that it shows already, it changes the components that differ and keeps the others,
    unless there are forms: what was answered to a form must not stay beside another row.
    """
    return {"path": path, "body": body, "language": language, "whole": has_forms}


def register(app: Dash, snapshots: Snapshots, today: Callable[[], dt.date]) -> None:
    """Register all callbacks."""
    _content(app, snapshots, today)
    _filters(app, snapshots)
    _proofs(app, snapshots)
    _versions(app, snapshots)
    _browser(app)


def _content(app: Dash, snapshots: Snapshots, today: Callable[[], dt.date]) -> None:

    @app.callback(
        Output("cabecalho", "children"),
        Output("conteudo-recebido", "data"),
        Output("idiomas", "children"),
        Output("versao", "data"),
        Output("aviso-versao", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
    )
    def content(path: str | None, search: str | None) -> tuple[Any, ...]:
        """Render a page from one snapshot."""
        page = page_of(path)
        language: Language = "en" if "idioma=en" in (search or "") else "pt"
        if page is None:
            body = shell.unknown_page(PAGES.values())
            return "", content_of("", body, language), no_update, None, ""
        try:
            snapshot = snapshots.current()
            selection = selection_of(page, search, snapshot)
        except (DataError, OSError) as error:
            _log.error("the lake cannot be read: %s", error)
            return "", content_of("", shell.unreadable(language), language), no_update, None, ""
        has_forms = any(isinstance(view, Embedded) and view.has_form for view in page.views)
        heading = shell.heading(page, selection, snapshot, today())
        if selection.problems:
            body = shell.unknown_values(page.back or page.path, selection)
        elif selection.newest is None:
            body = shell.empty_lake(selection)
        else:
            body = render.views(page, selection, snapshot)
        return (
            markup(heading, "titulo"),
            content_of(page.path, body, selection.language, has_forms=has_forms),
            markup(shell.languages(page.path, selection), "troca-de-idioma"),
            version(snapshot, selection.language),
            "",
        )

    app.clientside_callback(
        ClientsideFunction("lakehouse", "shown"), Input("conteudo-recebido", "data")
    )


def _filters(app: Dash, snapshots: Snapshots) -> None:
    @app.callback(
        Output("filtros", "children"),
        Output("menu", "children"),
        Output("quadro", "data"),
        Output("datas", "settings"),
        Input("url", "pathname"),
        State("url", "search"),
    )
    def frame(path: str | None, search: str | None) -> tuple[Any, ...]:
        """Show the menu, and the filters of a page."""
        page = page_of(path)
        if page is None:
            return [], no_update, None, no_update
        try:
            snapshot = snapshots.current()
            selection = selection_of(page, search, snapshot)
        except (DataError, OSError):
            return [], no_update, None, no_update
        plain = selection_of(page, "", snapshot)
        locale = {"locale": "pt-br" if selection.language == "pt" else "en", "firstDayOfWeek": 0}
        names = {"path": page.path, "generation": uuid.uuid4().hex, "language": selection.language}
        default = [plain.first, plain.last]
        return (
            shell.filter_bar(page, selection, snapshot),
            shell.menu(PAGES.values(), page.path, selection),
            names | {"period": [day.isoformat() if day else None for day in default]},
            locale,
        )

    app.clientside_callback(
        ClientsideFunction("lakehouse", "synchronize"),
        Output("url", "search"),
        *(Output(name, "value") for name in FILTER_IDS),
        Input("url", "search"),
        *(Input(name, "value") for name in FILTER_IDS),
        State("quadro", "data"),
        State("url", "pathname"),
        prevent_initial_call=True,
    )


def _versions(app: Dash, snapshots: Snapshots) -> None:
    @app.callback(
        Output("aviso-versao", "children", allow_duplicate=True),
        Input("relogio", "n_intervals"),
        State("versao", "data"),
        prevent_initial_call=True,
    )
    def look(_: int, shown: dict[str, Any] | None) -> Any:
        """Say when newer data was published than the page shows."""
        if shown is None:
            raise PreventUpdate
        try:
            key = [list(pair) for pair in snapshots.current().key]
        except (DataError, OSError):
            raise PreventUpdate from None
        return "" if key == shown["key"] else shell.newer(shown["language"])


def _proofs(app: Dash, snapshots: Snapshots) -> None:
    @app.callback(
        Output("prova", "opened"),
        Output("prova", "title"),
        Output("prova-conteudo", "children"),
        Input("prova-pedida", "data"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def prove(
        asked: dict[str, Any] | None, path: str | None, search: str | None
    ) -> tuple[Any, ...]:
        """Open the proof of a card, chart or table."""
        page = page_of(path)
        if not isinstance(asked, dict) or page is None:
            raise PreventUpdate
        snapshot = snapshots.current()
        selection = selection_of(page, search, snapshot)
        title = render.WHERE_FROM.in_(selection.language)
        try:
            if asked.get("type") == "prova":
                measure = measures()[asked["figure"]]
                label, shown = measure.label, proof_view.shown(measure, selection, snapshot)
            else:
                view = provable(page)[asked["view"]]
                column = column_of(view, asked["column"])
                label = column.label if column else view.title
                shown = proof_view.shown_view(page, view, selection, snapshot, column=column)
        except DataError as error:
            _log.error("proof of %s: %s", asked, error)
            return True, title, html.P(render.FAILED.in_(selection.language))
        return True, f"{title} {label.in_(selection.language)}", shown


def _browser(app: Dash) -> None:
    """Register what the browser does without asking the server."""
    for function, output, prop in (
        ("theme", "tema", "title"),
        ("print", "imprimir", "title"),
    ):
        app.clientside_callback(
            ClientsideFunction("lakehouse", function),
            Output(output, prop),
            Input(output, "n_clicks"),
        )
    app.clientside_callback(
        ClientsideFunction("lakehouse", "refresh"),
        Output("atualizar", "title"),
        Input("atualizar", "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("lakehouse", "leave"),
        Output("sair", "title"),
        Input("sair", "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("lakehouse", "menu"),
        Output("moldura", "navbar"),
        Output("abrir-menu", "opened"),
        Input("abrir-menu", "opened"),
        Input("url", "pathname"),
        State("moldura", "navbar"),
    )
    for kind in ("xlsx", "csv", "pdf"):
        app.clientside_callback(
            ClientsideFunction("lakehouse", f"{kind}_address"),
            Output(f"exportar-{kind}", "href"),
            Input("url", "search"),
            Input("quadro", "data"),
        )

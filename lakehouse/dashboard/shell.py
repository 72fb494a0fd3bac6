"""The frame of every page: header, menu, filter bar, and the states of a page without figures."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, get_args

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lakehouse.dashboard import pdf, session
from lakehouse.dashboard.declare import FilterName, Page, Table
from lakehouse.dashboard.filters import (
    CHOICES,
    NAMES,
    Selection,
    choices,
    written_value,
)
from lakehouse.dashboard.parts import marked
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import Language, Words, domain_in, labelled, written

LOOK_EVERY = 30_000
"""Milliseconds between two questions whether newer data was published."""
MULTIPLE: tuple[FilterName, ...] = tuple(n for n in get_args(FilterName) if n in CHOICES)
NO_PAGE = Page(name="", title=Words("", ""), lead=Words("", ""), filters=(), views=())
"""Before a page is known, all filters exist and are hidden."""
THEME = {
    "primaryColor": "teal",
    "primaryShade": {"light": 8, "dark": 6},
    "fontFamily": "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    "defaultRadius": "md",
    "headings": {"fontWeight": "650"},
}


def layout() -> Component:
    """Return the frame; callbacks fill the parts with ids."""
    return dmc.MantineProvider(
        theme=THEME,
        defaultColorScheme="auto",
        children=dmc.DatesProvider(
            id="datas",
            settings={"locale": "pt-br", "firstDayOfWeek": 0},
            children=[
                dcc.Location(id="url", refresh="callback-nav"),
                dcc.Interval(id="relogio", interval=LOOK_EVERY),
                dcc.Store(id="versao"),
                dcc.Store(id="quadro"),
                dcc.Store(id="prova-pedida"),
                html.A(
                    "Ir para o conteúdo",
                    href="#conteudo",
                    className="skip-link",
                    **marked(pt="Ir para o conteúdo", en="Skip to the content"),
                ),
                dmc.AppShell(
                    [
                        dmc.AppShellHeader(_header(), px="md"),
                        dmc.AppShellNavbar(html.Div(id="menu"), p="sm"),
                        dmc.AppShellMain(_main(), id="principal"),
                    ],
                    id="moldura",
                    header={"height": 56},
                    navbar={"width": 216, "breakpoint": "md", "collapsed": {"mobile": True}},
                    padding="md",
                ),
                dmc.Drawer(
                    id="prova",
                    position="right",
                    size="xl",
                    children=html.Div(id="prova-conteudo"),
                    title="De onde vem?",
                    closeButtonProps=labelled("Fechar / Close"),
                    overlayProps={"backgroundOpacity": 0.35},
                ),
            ],
        ),
    )


def _header() -> Component:
    return dmc.Group(
        [
            dmc.Group(
                [
                    dmc.Burger(id="abrir-menu", size="sm", hiddenFrom="md", **labelled("Menu")),
                    html.A(
                        [html.Span(className="logo"), html.Span("Lakehouse", className="brand")],
                        href="/executivo",
                        className="home",
                    ),
                ],
                gap="sm",
            ),
            dmc.Group(
                [
                    session.shown(),
                    html.Div(id="idiomas"),
                    html.Button(
                        html.Span(className="theme-icon"),
                        id="tema",
                        className="icon-button",
                        n_clicks=0,
                        **labelled("Tema claro ou escuro / light or dark theme"),
                    ),
                ],
                gap="xs",
            ),
        ],
        justify="space-between",
        h="100%",
        wrap="nowrap",
    )


def _main() -> Component:
    return html.Div(
        [
            html.Div(id="aviso-versao"),
            html.Div(id="cabecalho"),
            html.Div(filter_bar(NO_PAGE, Selection(), None), id="filtros", className="filters"),
            dcc.Loading(
                [html.Div(id="conteudo", tabIndex=-1), dcc.Store(id="conteudo-recebido")],
                id="carregando",
                delay_show=300,
                type="dot",
                overlay_style={"visibility": "visible", "opacity": 0.5},
            ),
        ],
        className="page",
    )


def menu(pages: Iterable[Page], current: str, selection: Selection) -> list[Component]:
    """Return the links to all pages."""
    shown: list[Component] = []
    group = None
    for page in pages:
        if not page.in_menu:
            continue
        if page.group != group:
            group = page.group
            shown.append(html.Div(group.in_(selection.language), className="menu-group"))
        here = page.path == current
        language = selection.language
        shown.append(
            dcc.Link(
                page.title.in_(language),
                href=f"{page.path}?idioma=en" if language == "en" else page.path,
                id=f"menu-{page.name}",
                className="menu-link menu-here" if here else "menu-link",
            )
        )
    return shown


def languages(path: str, selection: Selection) -> Component:
    """Return the switch between the languages; it loads the page again."""
    links = [
        html.A(
            name,
            href=selection.address(path, idioma=value),
            id=f"idioma-{code}",
            className="switch-here" if selection.language == code else "",
            lang=code,
        )
        for code, name, value in (("pt", "PT", None), ("en", "EN", "en"))
    ]
    return html.Div(links, className="switch")


def heading(page: Page, selection: Selection, snapshot: Snapshot, today: dt.date) -> Component:
    """Return title, period and the published version that the page shows."""
    language = selection.language
    published = snapshot.published(page.domain) if page.domain else None
    parts: list[Any] = []
    if selection.first and selection.last and "periodo" in page.filters:
        first, last = (written(d, "day", language) for d in (selection.first, selection.last))
        days = Words("dia", "day") if selection.days == 1 else Words("dias", "days")
        count = written(selection.days, "count", language)
        span = first if first == last else f"{first} – {last}"
        parts.append(html.Span(f"{span} · {count} {days.in_(language)}", id="periodo"))
    if published is not None:
        when = written(published.at.astimezone(snapshot.zone), "moment", language)
        text = Words(
            f"Versão publicada {published.number}, de {when}",
            f"Published version {published.number} of {when}",
        )
        parts.append(html.Span(text.in_(language), id="versao-publicada"))
    elif page.domain:
        text = Words("Versão ainda não publicada", "Not published yet")
        parts.append(html.Span(text.in_(language), id="versao-publicada"))
    if page.daily:
        parts.extend(_stale(selection, today))
    elif page.domain and selection.newest:
        newest = written(selection.newest, "day", language)
        text = Words(f"Dados até {newest}", f"Data up to {newest}")
        parts.append(html.Span(text.in_(language), id="dados-ate"))
    return html.Div(
        [
            html.Div(
                [
                    html.H1(page.title.in_(language)),
                    html.P(page.lead.in_(language), className="quiet"),
                ]
            ),
            html.Div(parts, className="as-of"),
        ],
        className="heading",
    )


def _stale(selection: Selection, today: dt.date) -> list[Component]:
    """Return a mark when the newest day is older than yesterday."""
    if selection.newest is None:
        return []
    late = (today - selection.newest).days - 1
    if late <= 0:
        return []
    text = Words(
        f"Dados até {selection.newest:%d/%m/%Y}: {late} {'dia' if late == 1 else 'dias'} em atraso",
        f"Data up to {selection.newest}: {late} {'day' if late == 1 else 'days'} late",
    )
    return [html.Span(text.in_(selection.language), id="desatualizado", className="stale")]


def filter_bar(page: Page, selection: Selection, snapshot: Snapshot | None) -> list[Component]:
    """Return all filters with their values; those that the page does not know are hidden."""
    language = selection.language
    shown: list[Component] = [_period(page, selection)]
    for name in MULTIPLE:
        used = name in page.filters
        known = choices(page, name, snapshot) if used and snapshot else []
        data = [
            {"value": written_value(name, value), "label": domain_in(language, label)}
            for value, label in known
        ]
        feminine = name in ("unidade", "regiao", "camada")
        anything = Words("todas", "all") if feminine else Words("todos", "all")
        shown.append(
            html.Div(
                dmc.MultiSelect(
                    id=f"filtro-{name}",
                    label=NAMES[name].in_(language),
                    placeholder=anything.in_(language),
                    data=data,
                    value=[written_value(name, v) for v in selection.values.get(name, ())],
                    searchable=True,
                    clearable=True,
                    nothingFoundMessage="–",
                    maxDropdownHeight=280,
                    comboboxProps={"keepMounted": False},  # options cost time at each change
                ),
                className="filter" if used else "filter filter-hidden",
            )
        )
    used = "busca" in page.filters
    shown.append(
        html.Div(
            dmc.TextInput(
                id="filtro-busca",
                label=(page.search or NAMES["busca"]).in_(language),
                value=selection.search,
                debounce=True,
            ),
            className="filter" if used else "filter filter-hidden",
        )
    )
    shown.append(_actions(page, selection))
    return shown


def _period(page: Page, selection: Selection) -> Component:
    language = selection.language
    first, last = selection.first, selection.last
    return html.Div(
        dmc.DatePickerInput(
            id="filtro-periodo",
            label=NAMES["periodo"].in_(language),
            type="range",
            value=[first.isoformat(), last.isoformat()] if first and last else [None, None],
            valueFormat="DD/MM/YYYY" if language == "pt" else "YYYY-MM-DD",
            minDate=selection.oldest.isoformat() if selection.oldest else None,
            maxDate=selection.newest.isoformat() if selection.newest else None,
            allowSingleDateInRange=True,
            persistence=False,
        ),
        className="filter filter-wide" if "periodo" in page.filters else "filter filter-hidden",
    )


def _actions(page: Page, selection: Selection) -> Component:
    language = selection.language
    needed = {name: selection.values[name] for name in page.needs if name in selection.values}
    plain = Selection(values=needed, texts=selection.texts, language=language).address(page.path)
    clear = Words("Limpar", "Clear").in_(language)
    printed = Words("Imprimir", "Print").in_(language)
    exports = [
        html.A("XLSX", id="exportar-xlsx", className="button", href=f"/exportar/{page.name}.xlsx"),
        html.A("CSV", id="exportar-csv", className="button", href=f"/exportar/{page.name}.csv"),
    ]
    prints = [
        html.A("PDF", id="exportar-pdf", className="button", href=f"/exportar/{page.name}.pdf")
    ]
    return html.Div(
        [
            dcc.Link(clear, href=plain, id="limpar", className="button"),
            *(exports if any(isinstance(view, Table) for view in page.views) else []),
            *(prints if pdf.program() else []),
            html.Button(printed, id="imprimir", className="button", n_clicks=0),
        ],
        className="actions",
    )


def empty_lake(selection: Selection) -> Component:
    """Return what a page shows of a lake without data."""
    language = selection.language
    title = Words("Ainda não há dados", "There is no data yet")
    text = Words(
        "Nenhuma tabela foi publicada. Esta página mostra os números assim que a primeira execução"
        " terminar.",
        "No table was published. This page shows figures as soon as the first run has finished.",
    )
    return dmc.Alert(
        [html.P(text.in_(language)), html.Code("lakehouse demo")],
        title=title.in_(language),
        id="sem-dados",
        color="blue",
        variant="light",
    )


def unreadable(language: Language) -> Component:
    """Return what a page shows when the lake cannot be opened."""
    title = Words("O lago não pôde ser lido", "The lake could not be read")
    text = Words(
        "O motivo está no registro do servidor; `lakehouse doctor` e `lakehouse status` examinam.",
        "The reason is in the server's log; `lakehouse doctor` and `lakehouse status` examine it.",
    )
    return dmc.Alert(
        text.in_(language),
        title=title.in_(language),
        id="lago-ilegivel",
        color="red",
        variant="light",
    )


def unknown_values(path: str, selection: Selection) -> Component:
    """Return what a page shows when the URL selects nothing that exists, or lacks a filter."""
    language = selection.language
    title = Words("Este filtro não existe", "This filter does not exist")
    if is_missing := not any(problem.value for problem in selection.problems):
        title = Words("Falta um filtro", "A filter is missing")
    found = Words("encontrado", "found")
    expected = Words("esperado", "expected")
    back = Words("Mostrar sem este filtro", "Show without this filter")
    if is_missing:
        back = Words("Escolher na lista", "Choose from the list")
    lines = [
        html.Li(
            [
                html.Code(
                    f"{problem.parameter}={problem.value}" if problem.value else problem.parameter
                ),
                f" · {expected.in_(language)}: {problem.expected.in_(language)}",
            ]
        )
        for problem in selection.problems
    ]
    first = selection.first if "de" not in {p.parameter for p in selection.problems} else None
    return dmc.Alert(
        [
            html.Ul(lines, **labelled(found.in_(language))),
            dcc.Link(
                back.in_(language),
                href=selection.address(path, de=first, ate=selection.last if first else None),
                id="sem-filtro",
            ),
        ],
        title=title.in_(language),
        id="filtro-desconhecido",
        color="orange",
        variant="light",
    )


def unknown_page(pages: Iterable[Page]) -> Component:
    """Return what a wrong address shows."""
    return dmc.Alert(
        [
            dcc.Link(page.title.pt, href=page.path, className="button")
            for page in pages
            if page.in_menu
        ],
        title="Esta página não existe / This page does not exist",
        id="pagina-desconhecida",
        color="orange",
        variant="light",
    )


def newer(selection_language: Language) -> Component:
    """Return the notice that newer data was published while the page was open."""
    text = Words("Há dados mais novos.", "There is newer data.")
    action = Words("Atualizar", "Refresh")
    return html.Div(
        [
            text.in_(selection_language),
            html.Button(
                action.in_(selection_language), id="atualizar", className="button", n_clicks=0
            ),
        ],
        id="dados-novos",
        className="newer",
        role="status",
    )

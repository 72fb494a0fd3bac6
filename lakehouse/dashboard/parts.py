"""Parts that several views draw: facts, plain tables, notices, and what a form sends along."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lakehouse.dashboard.session import person
from lakehouse.dashboard.words import Language, Words
from lakehouse.platform.web.sessions import Sessions


def marked(**names: str) -> dict[str, Any]:
    """Return properties ``data-…`` of a component."""
    return {f"data-{name}": value for name, value in names.items()}


def badge(color: str, text: str) -> Component:
    """Return a short text on a coloured ground."""
    return html.Span(text, className=f"badge badge-{color}")


def denied(words: Words, language: Language) -> Component:
    """Return why a person may not do something."""
    return dmc.Alert(words.in_(language), id="negado", color="red", variant="light")


def facts(named: Sequence[tuple[Words, Any]], language: Language, name: str) -> Component:
    """Return names with their values side by side, as the component with an id."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div(label.in_(language), className="quiet fact-name"),
                    html.Div(value, className="fact-value"),
                ]
            )
            for label, value in named
        ],
        id=name,
        className="facts",
    )


def plain_table(head: Sequence[Words], rows: Sequence[Component], language: Language) -> Component:
    """Return rows below their headings; a phone scrolls them sideways."""
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(text.in_(language)) for text in head])),
                html.Tbody(list(rows)),
            ],
            className="plain-table",
        ),
        className="scrolled",
        tabIndex=0,  # so that the keyboard scrolls it
    )


def form_state(sessions: Sessions, language: Language) -> list[Component]:
    """Return what every form sends along: the token of the session, and the language."""
    return [
        dcc.Store(id="lingua", data=language),
        dcc.Store(id="sinal", data=sessions.token(person())),
    ]

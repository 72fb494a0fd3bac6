"""Show the proof of a figure in the drawer "De onde vem?"."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard.declare import Column, Measure, Page, View
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.grid import plain
from lakehouse.dashboard.proof import proof
from lakehouse.dashboard.reasons import in_words
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.view_proof import view_proof
from lakehouse.dashboard.words import Language, Words, domain_in, written

MOST_FILES = 10
KINDS = {
    "quarantine": Words("em quarentena", "in quarantine"),
    "missing": Words("não chegou", "did not arrive"),
    "file": Words("arquivo não carregado", "file not loaded"),
}


def shown(measure: Measure, selection: Selection, snapshot: Snapshot) -> Component:
    """Return the proof of a measure as components.

    Raises:
        DataError: a query failed.
    """
    found = proof(measure, selection, snapshot)
    language = selection.language
    address = selection.address(f"/prova/{measure.id}")
    as_csv = selection.address(f"/prova/{measure.id}", formato="csv")
    return dmc.Stack(
        [
            dmc.Text(measure.meaning.in_(language), className="quiet"),
            html.Div(written(_number(found["value"]), measure.kind, language), className="figure"),
            html.Div(
                [_fact(name.in_(language), value) for name, value in _facts(found, language)],
                className="facts",
            ),
            _heading(Words("Fora deste número", "Not in this figure"), language),
            _gaps(found["not_included"], measure, selection),
            _heading(Words("Consulta", "Query"), language),
            html.Pre(html.Code(found["sql"]), id="prova-sql", className="sql"),
            _heading(Words("Arquivos", "Files"), language),
            _files(found["files"], language),
            dmc.Group(
                [
                    html.A("JSON", href=address, id="prova-json", className="button"),
                    html.A("CSV", href=as_csv, id="prova-csv", className="button"),
                ]
            ),
        ],
        gap="sm",
        id="prova-corpo",
    )


def shown_view(
    page: Page, view: View, selection: Selection, snapshot: Snapshot, *, column: Column | None
) -> Component:
    """Return the proof of a view, or of one of its figures, as components.

    Raises:
        DataError: a query failed.
    """
    found = view_proof(page, view, selection, snapshot, column)
    language = selection.language
    address = f"/prova/{found['figure']}"
    value = html.Div()
    if column is not None:
        rows = snapshot.rows(selection.sql(view.query))  # type: ignore[attr-defined]  # provable
        first = rows[0][column.name] if rows else None
        value = html.Div(plain(column, first, language), className="figure")
    count = written(found["rows"], "count", language)
    lines = Words(f"{count} linhas nesta parte da página.", f"{count} rows in this part.")
    return dmc.Stack(
        [
            value,
            html.P(lines.in_(language), className="quiet", id="prova-linhas"),
            _heading(Words("Tabelas lidas", "Tables that were read"), language),
            _tables(found["tables"], language),
            _heading(Words("Fora destas tabelas", "Not in these tables"), language),
            _left_out(found["not_included"], language),
            _heading(Words("Consulta", "Query"), language),
            html.Pre(html.Code(found["sql"]), id="prova-sql", className="sql"),
            dmc.Group(
                [
                    html.A(
                        "JSON",
                        href=selection.address(address),
                        id="prova-json",
                        className="button",
                    ),
                    html.A(
                        "CSV",
                        href=selection.address(address, formato="csv"),
                        id="prova-csv",
                        className="button",
                    ),
                ]
            ),
        ],
        gap="sm",
        id="prova-corpo",
    )


def _tables(tables: list[dict[str, Any]], language: Language) -> Component:
    head = [
        Words("Tabela", "Table"),
        Words("Publicação", "Publication"),
        Words("Versão", "Version"),
        Words("Dias", "Days"),
        Words("Linhas", "Rows"),
    ]
    rows = [
        [
            each["stored_as"],
            str(each["publication"] or "–"),
            str(each["version"]),
            written(each["days"], "count", language),
            written(each["rows"], "count", language),
        ]
        for each in tables
    ]
    files = Words("O JSON nomeia cada arquivo.", "The JSON names every file.")
    return html.Div(
        [
            _table([word.in_(language) for word in head], rows),
            html.P(files.in_(language), className="quiet small"),
        ]
    )


def _left_out(gaps: list[dict[str, Any]] | None, language: Language) -> Component:
    if gaps is None:
        text = Words("Não se sabe para esta parte.", "Not known for this part.")
        return html.P(text.in_(language), className="quiet")
    if not gaps:
        text = Words("Nada: tudo que chegou está aqui.", "Nothing: all that arrived is here.")
        return html.P(text.in_(language), id="prova-completa")
    head = [
        Words("O quê", "What"),
        Words("Sistema", "System"),
        Words("Motivo", "Reason"),
        Words("Quantos", "How many"),
    ]
    rows = [
        [
            KINDS[gap["kind"]].in_(language),
            domain_in(language, gap["domain"]),
            in_words(gap["reason"], language),
            written(gap["rows"], "count", language),
        ]
        for gap in gaps
    ]
    note = Words(
        "De todo o período, sem os outros filtros.",
        "For all days of the period, without other filters.",
    )
    return html.Div(
        [
            _table([word.in_(language) for word in head], rows),
            html.P(note.in_(language), className="quiet small"),
        ],
        id="prova-fora",
    )


def _facts(found: dict[str, Any], language: Language) -> list[tuple[Words, str]]:
    return [
        (Words("Tabela", "Table"), found["table"]),
        (Words("Dias", "Days"), written(found["days"], "count", language)),
        (Words("Linhas", "Rows"), written(found["rows"], "count", language)),
        (Words("Versão", "Version"), str(found["version"])),
    ]


def _fact(name: str, value: str) -> Component:
    return html.Div(
        [html.Div(name, className="quiet fact-name"), html.Div(value, className="fact-value")]
    )


def _heading(words: Words, language: Language) -> Component:
    return html.H3(words.in_(language), className="view-title")


def _gaps(gaps: list[dict[str, Any]] | None, measure: Measure, selection: Selection) -> Component:
    language = selection.language
    if gaps is None:
        text = Words("Não se sabe para esta figura.", "Not known for this figure.")
        return html.P(text.in_(language), className="quiet")
    if not gaps:
        text = Words("Nada: tudo que chegou está aqui.", "Nothing: all that arrived is here.")
        return html.P(text.in_(language), id="prova-completa")
    head = [
        Words("O quê", "What"),
        Words("Motivo", "Reason"),
        Words("Linhas", "Rows"),
        Words("Somaria", "Would add"),
    ]
    rows: list[list[Any]] = [
        [
            KINDS[gap["kind"]].in_(language),
            html.A(
                in_words(gap["reason"], language),
                href=selection.address("/reparo", busca=gap["reason"]),
            )
            if gap["kind"] == "quarantine"
            else in_words(gap["reason"], language),
            written(gap["rows"], "count", language),
            written(_number(gap["would_add"]), measure.kind, language),
        ]
        for gap in gaps
    ]
    table = _table([word.in_(language) for word in head], rows)
    estimate = Words(
        "O que não chegou é estimado pela média do mesmo dia da semana em quatro semanas.",
        "What did not arrive is estimated by the mean of the same weekday in four weeks.",
    )
    has_missing = any(gap["kind"] == "missing" for gap in gaps)
    note = [html.P(estimate.in_(language), className="quiet small")] if has_missing else []
    return html.Div([table, *note], id="prova-fora")


def _files(files: list[dict[str, Any]], language: Language) -> Component:
    rows = [
        [each["day"], each["path"].rpartition("/")[2], written(each["rows"], "count", language)]
        for each in files[-MOST_FILES:]
    ]
    head = [Words("Dia", "Day"), Words("Arquivo", "File"), Words("Linhas", "Rows")]
    more = Words(
        f"{len(files)} arquivos; o JSON tem todos.", f"{len(files)} files; the JSON has all."
    )
    return html.Div(
        [
            _table([word.in_(language) for word in head], rows),
            html.P(more.in_(language), className="quiet small"),
        ]
    )


def _table(head: list[str], rows: list[list[Any]]) -> Component:
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(text, scope="col") for text in head])),
                html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows]),
            ],
            className="plain-table",
        ),
        className="scrolled",
    )


def _number(text: str | None) -> Any:
    from decimal import Decimal

    return None if text is None else Decimal(text)

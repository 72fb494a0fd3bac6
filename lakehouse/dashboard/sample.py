"""A table of the catalogue beyond its columns: how to query it, what it reads, and sample rows."""

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from lakehouse.dashboard.declare import Query, masked
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.parts import facts, plain_table
from lakehouse.dashboard.repair import repair
from lakehouse.dashboard.snapshots import Row, Snapshot
from lakehouse.dashboard.words import Kind, Language, Words, grouped, written
from lakehouse.platform.serving import sql_catalog

ROWS, COLUMNS = 5, 12
"""Rows and columns of a sample."""
NONE = Words("nenhuma", "none")
GOLD_ONLY = Words(
    "Linhas são mostradas só de tabelas gold publicadas. O comando acima lê as outras.",
    "Rows are shown of published gold tables only. The command above reads the others.",
)
ON_REQUEST = Words(
    "Esta tabela é calculada a cada consulta, por isso não há amostra aqui.",
    "This table is computed by each query, so there is no sample here.",
)
EMPTY = Words("A tabela não tem linhas.", "The table has no rows.")
MASKED_ROWS = Words(
    "Colunas pessoais mascaradas: seu papel não as vê.",
    "Personal columns are masked: your role does not see them.",
)
ABOUT = Query(sql="SELECT * FROM catalogue_tables WHERE {where}", columns={"nome": "name"})
READS = Query(
    sql="SELECT upstream AS name FROM catalogue_reads WHERE {where}", columns={"nome": '"table"'}
)
READ_BY = Query(
    sql='SELECT "table" AS name FROM catalogue_reads WHERE {where}', columns={"nome": "upstream"}
)
NAMED = Query(
    sql='SELECT name, personal FROM catalogue_columns WHERE {where} ORDER BY "place"',
    columns={"nome": '"table"'},
)


def about(selection: Selection, snapshot: Snapshot) -> Component:
    """Return what a table is, what it reads, who reads it, and a query to begin with."""
    language = selection.language
    (table,) = snapshot.rows(selection.sql(ABOUT))
    reads = _links(snapshot.rows(selection.sql(READS)), language)
    read_by = _links(snapshot.rows(selection.sql(READ_BY)), language)
    kind = Words("tabela por dia", "table by day")
    if table["as_of"]:
        kind = Words("tabela inteira a cada dia", "whole table on each day")
    named = [
        (Words("Tipo", "Kind"), kind.in_(language)),
        (Words("Chave", "Key"), html.Code(table["key"] or "–")),
        (Words("Contrato", "Contract"), html.Code(table["contract"] or "–")),
        (Words("Lê", "Reads"), reads),
        (Words("É lida por", "Read by"), read_by),
    ]
    command = f'lakehouse sql "FROM {table["name"]} LIMIT 10"'
    return html.Div(
        [
            html.H3(html.Code(table["name"]), className="table-name"),
            html.P(table["description"], lang="en", className="no-margin"),
            facts(named, language, "linhagem"),
            html.Pre(html.Code(command), id="consulta", className="sql"),
        ],
        className="repair",
    )


def _links(rows: Iterable[Row], language: Language) -> Component:
    more = "" if language == "pt" else f"&idioma={language}"
    shown = [
        html.A(name, href=f"/tabela?nome={quote(name)}{more}", className="cell-link")
        for name in sorted({row["name"] for row in rows})
    ]
    return html.Div(shown or NONE.in_(language), className="table-links")


def rows(selection: Selection, snapshot: Snapshot) -> Component:
    """Return some rows of a gold table; personal columns are masked unless the role sees them.

    Raises:
        DataError: the table cannot be read.
    """
    language = selection.language
    (table,) = snapshot.rows(selection.sql(ABOUT))
    if table["layer"] != "gold" or table["days"] is None:
        return html.P(GOLD_ONLY.in_(language), className="quiet")
    if table["on_request"]:
        return html.P(ON_REQUEST.in_(language), className="quiet")
    columns = snapshot.rows(selection.sql(NAMED))[:COLUMNS]
    found = _read(table["name"], columns, selection, snapshot)
    if not found:
        return html.P(EMPTY.in_(language), className="quiet")
    head = [Words(name, name) for name in found[0]]
    body = [html.Tr([html.Td(_shown(value, language)) for value in row.values()]) for row in found]
    parts: list[Component] = [plain_table(head, body, language)]
    if not selection.sees_personal and any(_is_hidden(column) for column in columns):
        parts.append(html.P(MASKED_ROWS.in_(language), className="quiet small"))
    return html.Div(parts, id="linhas-de-amostra", className="sample")


def _is_hidden(column: Row) -> bool:
    """Return whether a column holds personal data; a column of masked values does not."""
    return column["personal"] not in (None, "masked")


def _read(name: str, columns: Iterable[Row], selection: Selection, snapshot: Snapshot) -> list[Row]:
    """Read rows of the version that the snapshot shows, in a database with this table alone."""
    listed = ", ".join(
        masked(each["name"]) if _is_hidden(each) else sql_catalog.quoted(each["name"])
        for each in columns
    )
    sql = selection.sql(Query(sql=f"SELECT {listed} FROM {name} LIMIT {ROWS}"))  # noqa: S608
    settings = repair().settings
    with sql_catalog.connect(
        snapshot.lake, settings, names=[name], shown=snapshot.shown
    ) as connection:
        alone = replace(
            snapshot, connection=connection, _answers=OrderedDict(), _lock=threading.Lock()
        )
        return alone.rows(sql)


def _shown(value: object, language: Language) -> str:
    """Return a value whose meaning is unknown: dates and moments as readers of the language do."""
    if isinstance(value, Decimal):
        return grouped(value, max(0, -int(value.as_tuple().exponent)), language)
    if isinstance(value, float):
        return repr(value) if language == "en" else repr(value).replace(".", ",")
    kind: Kind = "text"
    if isinstance(value, dt.date):
        kind = "moment" if isinstance(value, dt.datetime) else "day"
    return written(value, kind, language)

"""Exports have the rows of the screen, all of them, and run nothing in a spreadsheet."""

import csv
import datetime as dt
import io
from typing import Any

import openpyxl
import pytest

from lakehouse.dashboard.declare import Column, Query, Table
from lakehouse.dashboard.exports import csv_lines
from lakehouse.dashboard.filters import Selection
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import Words
from lakehouse_tests.dashboard.conftest import FIRST, LAST


def test_a_csv_export_has_the_rows_of_sql(client: Any, snapshot: Snapshot):
    answer = client.get(f"/exportar/unidades.csv?de={FIRST}&ate={LAST}&unidade=2&unidade=3")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="unidades-ranking.csv"'
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    at = {name: n for n, name in enumerate(head)}
    expected = snapshot.rows(
        "SELECT unit_id, sum(revenue) AS revenue, sum(orders) AS orders"
        " FROM gold.mrhealth_unit_day WHERE unit_id IN (2, 3) GROUP BY unit_id ORDER BY 2 DESC"
    )
    assert [row[at["Receita"]] for row in rows] == [
        str(row["revenue"]).replace(".", ",") for row in expected
    ]
    assert [int(row[at["Pedidos"]]) for row in rows] == [row["orders"] for row in expected]


def test_a_workbook_has_a_sheet_for_each_table_and_chart(client: Any, snapshot: Snapshot):
    answer = client.get(f"/exportar/executivo.xlsx?de={LAST}&ate={LAST}&idioma=en")
    book = openpyxl.load_workbook(io.BytesIO(answer.get_data()))
    assert book.sheetnames[:2] == ["Day by day", "Revenue by day"]
    head, *rows = book["Revenue by state"].iter_rows(values_only=True)
    assert head == ("label", "Revenue")
    expected = snapshot.rows(
        "SELECT state_name, sum(revenue) AS revenue FROM gold.mrhealth_unit_day"
        f" WHERE day = DATE '{LAST}' GROUP BY ALL ORDER BY revenue DESC, state_name"
    )
    assert [(name, round(value, 2)) for name, value in rows] == [
        (row["state_name"], float(row["revenue"])) for row in expected
    ]


def test_cards_are_exported_as_the_screen_shows_them(client: Any, snapshot: Snapshot):
    address = f"/exportar/executivo.csv?tabela=resumo&de={LAST}&ate={LAST}"
    text = client.get(address).get_data(as_text=True).removeprefix("\ufeff")
    head, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert head == ["Indicador", "Valor", "Período anterior", "Média de 4 períodos"]
    sql = "SELECT sum(revenue) AS revenue, sum(orders) AS orders FROM gold.mrhealth_unit_day"
    found = [
        snapshot.rows(f"{sql} WHERE day = DATE '{day}'")[0]
        for day in (LAST, LAST - dt.timedelta(days=7))
    ]
    shown = {name: [float(each.replace(",", ".")) for each in values[:2]] for name, *values in rows}
    assert shown["Receita"] == [float(each["revenue"]) for each in found]
    assert shown["Pedidos"] == [float(each["orders"]) for each in found]


def test_text_that_a_spreadsheet_would_run_is_made_harmless(snapshot: Snapshot):
    sql = "SELECT '=HYPERLINK(\"http://x\")' AS note, 'a\"b;c' AS other, -1.5 AS amount"
    table = Table(
        id="t",
        title=Words("T", "T"),
        query=Query(sql=sql),
        columns=(Column(name="note", label=Words("@nota", "note")),),
    )
    text = "".join(csv_lines(table, Selection(), snapshot))
    head, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    assert head == ["'@nota", "other", "amount"]
    assert row == ['\'=HYPERLINK("http://x")', 'a"b;c', "-1,5"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/exportar/nada.csv", 404),
        ("/exportar/executivo.csv?tabela=nada", 404),
        ("/exportar/executivo.csv?de=ontem", 400),
        ("/exportar/executivo.xlsx?unidade=99", 400),
        ("/exportar/executivo.pdf", 404),
    ],
)
def test_wrong_addresses_have_a_clear_answer(client: Any, address: str, status: int):
    answer = client.get(address)
    assert answer.status_code == status or "text/html" in answer.content_type

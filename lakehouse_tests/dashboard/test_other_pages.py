"""Sales, bikes, cards and people in a browser: figures, filters, exports and hostile text."""

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from lakehouse.dashboard.codes import LENGTH
from lakehouse.dashboard.exports import exported
from lakehouse.dashboard.pages import PAGES, tables
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.view_proof import provable
from lakehouse.dashboard.words import written
from lakehouse.platform.privacy.personal_columns import personal_columns
from lakehouse.platform.serving.sql_catalog import names_in
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.web.guard import PERSON
from lakehouse.platform.web.roles import Person, Role
from lakehouse_tests.dashboard.company import CLIENT, FORMULA, HOSTILE
from lakehouse_tests.dashboard.test_pages import chromium, figure, opened, page

__all__ = ["chromium", "page"]

FACT = "gold.sales_fact_sales"
OTHERS = ("/vendas", "/bicicletas", "/cartoes", "/cliente", "/pessoas")


def one(snapshot: Snapshot, sql: str) -> Any:
    """The only value of a query."""
    ((value,),) = (row.values() for row in snapshot.rows(sql))
    return value


def cells(page: Page, table: str, column: str) -> list[str]:
    """Texts of a column of a table on the screen."""
    rows = page.locator(f"#tabela-{table} .ag-center-cols-container [col-id='{column}']")
    expect(rows.first).to_be_visible()
    return rows.all_inner_texts()


@pytest.mark.parametrize(
    ("search", "where"),
    [
        ("", "true"),
        ("?de=2023-02-01&ate=2023-12-31", "day BETWEEN DATE '2023-02-01' AND DATE '2023-12-31'"),
        ("?produto=103&produto=104", "product_id IN (103, 104)"),
        ("?regiao=Sul", "region = 'Sul'"),
        ("?de=2024-01-01&ate=2024-12-31&produto=104&regiao=Sul&regiao=Leste",
         "year(day) = 2024 AND product_id = 104 AND region IN ('Sul', 'Leste')"),
    ],
)  # fmt: skip
def test_sales_are_those_of_sql_for_each_filter(
    page: Page, snapshot: Snapshot, search: str, where: str
):
    (sums,) = snapshot.rows(
        f"SELECT sum(total_value) AS total, sum(quantity) AS pieces, count(*) AS sales"
        f" FROM {FACT} WHERE {where}"
    )
    opened(page, f"/vendas{search}")
    assert figure(page, "vendas_total") == written(sums["total"], "brl", "pt")
    assert figure(page, "vendas_quantidade") == written(sums["pieces"], "count", "pt")
    average = sums["total"] / sums["sales"]
    assert figure(page, "vendas_media") == written(average, "brl", "pt")

    def best(column: str, prefix: str) -> str:
        value = one(
            snapshot,
            f"SELECT {column} FROM {FACT} WHERE {where} GROUP BY 1"
            " ORDER BY sum(total_value) DESC, 1 LIMIT 1",
        )
        return f"{prefix}{value}"

    assert figure(page, "destaques-produto") == best("product_id", "Produto ")
    assert figure(page, "destaques-vendedor") == best("seller_id", "Vendedor ")
    month = one(
        snapshot,
        f"SELECT strftime(day, '%m/%Y') FROM {FACT} WHERE {where}"
        " GROUP BY 1 ORDER BY sum(total_value) DESC, min(day) LIMIT 1",
    )
    assert figure(page, "destaques-mes") == month
    customers = snapshot.rows(
        f"SELECT customer_id, sum(total_value) AS total FROM {FACT} WHERE {where}"
        " GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    legend = page.locator("#cinco-clientes .legend li")
    expect(legend).to_have_count(min(len(customers), 6))
    assert legend.locator(".rank-value").all_inner_texts()[:5] == [
        written(row["total"], "brl", "pt") for row in customers[:5]
    ]
    if rest := customers[5:]:
        others = written(sum(row["total"] for row in rest), "brl", "pt")
        assert legend.locator(".rank-value").nth(5).inner_text() == others


def test_a_filter_of_sales_is_written_to_the_address(page: Page, snapshot: Snapshot):
    opened(page, "/vendas")
    page.locator("#filtro-regiao").click()
    page.get_by_role("option", name="Norte").click()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"\?regiao=Norte$"))
    narrowed = one(snapshot, f"SELECT sum(total_value) FROM {FACT} WHERE region = 'Norte'")
    expect(page.locator("#valor-vendas_total")).to_have_text(written(narrowed, "brl", "pt"))
    page.locator("#filtro-produto").click()
    page.locator("#filtro-produto").type("105")
    page.get_by_role("option", name="Produto 105").click()
    expect(page).to_have_url(re.compile(r"produto=105"))


def test_months_have_a_line_for_each_year_and_a_filter_of_their_own(page: Page, snapshot: Snapshot):
    opened(page, "/vendas")
    legend = page.locator("#por-mes .recharts-legend-wrapper")
    expect(legend).to_contain_text("2023")
    expect(legend).to_contain_text("2024")
    everything = figure(page, "vendas_total")
    opened(page, "/vendas?ano=2024")
    expect(page.locator("#por-mes .recharts-line")).to_have_count(1)
    assert figure(page, "vendas_total") == everything, "the year is a filter of the lines alone"


def test_a_tooltip_has_quantity_and_cumulative_revenue(page: Page, snapshot: Snapshot):
    opened(page, "/vendas?ano=2023")
    page.locator("#por-mes .recharts-surface").first.scroll_into_view_if_needed()
    dots = page.locator("#por-mes .recharts-line-dots circle")
    dots.last.hover(force=True)
    tip = page.locator("#por-mes .tip")
    expect(tip).to_contain_text("Receita acumulada")
    total = one(snapshot, f"SELECT sum(total_value) FROM {FACT} WHERE year(day) = 2023")
    expect(tip).to_contain_text(written(total, "brl", "pt"))
    first = page.locator("#dez-produtos li").first
    assert "Receita acumulada: R$" in (first.get_attribute("title") or "")


def test_bikes_answer_the_five_questions(page: Page, snapshot: Snapshot):
    opened(page, "/bicicletas")
    total = one(snapshot, "SELECT sum(total_due) FROM gold.bikes_fact_orders")
    assert figure(page, "bicicletas_total") == written(total, "usd", "pt")
    answer = one(snapshot, "SELECT orders FROM gold.bikes_q1_orders_with_three_lines")
    assert figure(page, "pergunta-1-pedidos") == str(answer)
    products = snapshot.rows("SELECT name FROM gold.bikes_q2_top_products ORDER BY place")
    assert cells(page, "pergunta-2", "name") == [row["name"] for row in products]
    assert HOSTILE in cells(page, "pergunta-2", "name"), "text of the data stays text"
    assert cells(page, "pergunta-3", "customer_name") == ["K••• ••• S•••"]
    five = snapshot.rows(
        "SELECT sales_order_id FROM gold.bikes_fact_orders WHERE total_due > 1000 AND"
        " order_date >= '2011-09-01' AND order_date < '2011-10-01'"
        " ORDER BY total_due DESC, sales_order_id LIMIT 6"
    )
    expected = [str(row["sales_order_id"]) for row in five]
    assert cells(page, "pergunta-5", "sales_order_id") == expected
    opened(page, "/bicicletas?de=2011-09-01&ate=2011-09-30")
    september = one(
        snapshot, "SELECT sum(total_due) FROM gold.bikes_order_day WHERE month(day) = 9"
    )
    assert figure(page, "bicicletas_total") == written(september, "usd", "pt")
    peaks = snapshot.rows(
        "SELECT max(total_due) AS peak FROM gold.bikes_order_day WHERE month(day) = 9"
    )
    assert cells(page, "picos", "total_due") == [written(peaks[0]["peak"], "usd", "pt")]


def test_cards_show_the_portfolio_and_one_client(
    page: Page, snapshot: Snapshot, asked: Mapping[str, str]
):
    code = asked["/cliente"].partition("=")[2]
    opened(page, "/cartoes")
    for view in PAGES["/cartoes"].views:
        expect(page.locator(f"#{view.id}")).to_be_visible()
    (kpis,) = snapshot.rows("SELECT * FROM gold.cards_kpis")
    for name in ("vlr_aberto", "vlr_vencido", "vlr_vencido_90"):
        assert figure(page, f"resumo-{name}") == written(kpis[name], "brl", "pt")
    assert figure(page, "resumo-qtd_clientes_em_risco") == str(kpis["qtd_clientes_em_risco"])
    page.locator("#filtro-busca").fill(code)
    page.locator("#filtro-busca").press("Enter")
    expect(page).to_have_url(re.compile(rf"busca={code}"))
    page.locator("#tabela-clientes").get_by_role("link", name=code).click()
    expect(page.locator("#valor-cliente-id_cliente")).to_have_text(code)
    rows = page.locator("#tabela-faturas .ag-center-cols-container .ag-row")
    expect(rows).to_have_count(12)
    for view in PAGES["/cliente"].views:
        expect(page.locator(f"#{view.id}")).to_be_visible()
    page.locator("#filtro-busca").fill("VAR_388")
    page.locator("#filtro-busca").press("Enter")
    expect(page).to_have_url(re.compile(r"busca=VAR_388"))
    value = page.locator("#tabela-variaveis .ag-center-cols-container [col-id='valor']")
    expect(value).to_have_count(1)
    expect(value).to_have_text("50,50")
    expect(page.locator("#variaveis")).to_contain_text("percentual pago da fatura")
    expect(page.locator("#variaveis")).to_contain_text("avg_perc_vlr_fatura_valor_parcial_u6m")


@pytest.mark.parametrize(
    "address",
    ["/cliente", "/cliente?cliente=999", f"/cliente?cliente={CLIENT}",
     "/cliente?cliente=1%27%20OR%201=1", "/vendas?produto=7",
     "/vendas?regiao=Nordeste", "/vendas?ano=1999", "/bicicletas?de=ontem"],
)  # fmt: skip
def test_unknown_values_are_named_and_show_no_figure(page: Page, client: Any, address: str):
    page.goto(address)
    expect(page.locator("#filtro-desconhecido")).to_be_visible()
    expect(page.locator(".figure")).to_have_count(0)
    path, _, search = address.partition("?")
    assert client.get(f"/exportar{path}.csv?{search}").status_code == 400


def test_people_are_masked_and_searchable(page: Page, snapshot: Snapshot):
    opened(page, "/pessoas")
    counts = snapshot.rows("SELECT * FROM gold.people_duplicates")[0]
    assert figure(page, "resumo-pessoas") == written(counts["people"], "count", "pt")
    assert figure(page, "resumo-removidos") == written(counts["removed"], "count", "pt")
    text = page.locator("body").inner_text()
    for plain in ("Zuleica", "Quaresma", "001-111-222", "Teacher"):
        assert plain.lower() not in text.lower()
    opened(page, "/pessoas?busca=exemplo.com.br")
    assert set(cells(page, "pessoas", "email")) == {"z***@exemplo.com.br"}


@pytest.mark.parametrize(("role", "sees"), [(Role.OPERATOR, False), (Role.PRIVACY, True)])
def test_names_of_customers_are_masked_unless_the_role_may_see_them(
    client: Any, role: Role, sees: bool
):
    scope = {"asgi.scope": {PERSON: Person(name="eva", role=role)}}
    for view in ("pergunta-3", "pergunta-3-por-nome"):
        for address in (f"/exportar/bicicletas.csv?tabela={view}", f"/prova/bicicletas.{view}"):
            text = client.get(address, environ_overrides=scope).get_data(as_text=True)
            assert ("Sánchez" in text, "S•••" in text) == (sees, not sees), address


@pytest.mark.parametrize(("role", "sees"), [(Role.OPERATOR, False), (Role.PRIVACY, True)])
def test_numbers_of_clients_are_masked_unless_the_role_may_see_them(
    client: Any, role: Role, sees: bool
):
    scope = {"asgi.scope": {PERSON: Person(name="eva", role=role)}}
    for view in ("em-risco", "clientes"):
        found = client.get(f"/prova/cartoes.{view}", environ_overrides=scope).get_json()
        at = found["columns"].index("id_cliente")
        assert all((len(str(row[at])) < LENGTH) == sees for row in found["result"]), view
    address = "/exportar/cartoes.csv?tabela=clientes"
    text = client.get(address, environ_overrides=scope).get_data(as_text=True)
    assert (re.search(rf"\b{CLIENT}\b", text) is not None) == sees
    of_client = f"/exportar/cliente.csv?cliente={CLIENT}"
    assert client.get(of_client, environ_overrides=scope).status_code == (200 if sees else 400)
    searched = client.get(f"{address}&busca={CLIENT}", environ_overrides=scope)
    lines = searched.get_data(as_text=True).splitlines()
    assert len(lines) == (2 if sees else 1), "a number that is typed finds nobody"


def test_one_client_is_opened_by_a_code_that_hides_the_number(
    client: Any, asked: Mapping[str, str], snapshot: Snapshot
):
    code = asked["/cliente"].partition("=")[2]
    for view in provable(PAGES["/cliente"]):
        found = client.get(f"/prova/cliente.{view}?cliente={code}").get_json()
        assert found["rows"] > 0
        assert found["conditions"]["cliente"] == [code]
        assert f"id_cliente IN ('{code}')" in found["sql"]
        assert snapshot.codes.secret not in json.dumps(found)
    (row,) = client.get(f"/prova/cliente.cliente?cliente={code}").get_json()["result"]
    assert row[0] == code


@pytest.mark.parametrize("path", PAGES)
def test_no_view_has_a_plain_value_of_a_personal_column(
    client: Any, asked: Mapping[str, str], snapshot: Snapshot, path: str
):
    declared = snapshot.rows(
        'SELECT "table", name, personal FROM catalogue_columns'
        " WHERE personal <> 'masked' AND starts_with(\"table\", 'gold.')"
    )
    for name, view in provable(PAGES[path]).items():
        found = client.get(f"/prova{path}.{name}{asked.get(path, '')}").get_json()
        read = names_in(view.query.sql)  # type: ignore[attr-defined]  # provable views have one
        for of, column, kind in (tuple(row.values()) for row in declared):
            if of not in (read or ()):
                continue
            named = {column, "numero", "label"} if kind == "identifier" else found["columns"]
            at = [n for n, each in enumerate(found["columns"]) if each in named]
            shown = {str(row[n]) for row in found["result"] for n in at} - {"", "None"}
            plain = snapshot.rows(f"SELECT DISTINCT CAST({column} AS VARCHAR) AS v FROM {of}")
            assert not {row["v"] for row in plain} & shown, (name, of, column)


def test_no_export_or_proof_of_people_has_a_plain_personal_value(client: Any):
    answers = [client.get("/exportar/pessoas.xlsx").get_data()]
    book = openpyxl.load_workbook(io.BytesIO(answers[0]))
    values = [str(v) for sheet in book for row in sheet.iter_rows(values_only=True) for v in row]
    for view in exported(PAGES["/pessoas"]):
        values.append(client.get(f"/exportar/pessoas.csv?tabela={view}").get_data(as_text=True))
        values.append(client.get(f"/prova/pessoas.{view}").get_data(as_text=True))
    text = "\n".join(values).lower()
    assert "z***" in text
    for plain in ("zuleica", "quaresma", "001-111-222", "teacher", "00000000000000"):
        assert plain not in text


def test_the_page_of_people_reads_no_table_with_personal_columns():
    of = load_domain("people")
    personal = {t.id.name for t in of.tables if personal_columns(t)}
    assert "gold.people_people_without_duplicates" in personal
    assert not personal & tables()


@pytest.mark.parametrize("path", OTHERS)
def test_exports_have_the_rows_of_every_view(client: Any, asked: Mapping[str, str], path: str):
    given = asked.get(path, "")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/exportar{path}.xlsx{given}").get_data()))
    assert len(book.sheetnames) == len(exported(PAGES[path]))
    for view in set(exported(PAGES[path])) & set(provable(PAGES[path])):
        address = f"/exportar{path}.csv{given}{'&' if given else '?'}tabela={view}"
        text = client.get(address).get_data(as_text=True).removeprefix("\ufeff")
        head, *rows = csv.reader(io.StringIO(text), delimiter=";")
        proof = client.get(f"/prova{path}.{view}{given}").get_json()
        assert len(rows) == proof["rows"], view
        assert rows or view in ("probabilidade", "podem-sair"), view  # no model is trained
        assert len(head) == len(proof["columns"])
        for row, expected in zip(rows, proof["result"], strict=False):
            assert [_same(cell) for cell in row] == [_same(value) for value in expected]


def _same(value: Any) -> str:
    """A value of a Portuguese CSV or of a proof in one form."""
    if value is None:
        return ""
    text = re.sub(r"(\d\d)T(\d\d:)", r"\1 \2", str(value)).replace(",", ".").lower()
    return text.removeprefix("'")


def test_an_export_makes_formulas_harmless(client: Any):
    text = client.get("/exportar/bicicletas.csv?tabela=pergunta-2").get_data(as_text=True)
    assert f"'{FORMULA}" in text


def test_a_search_cannot_change_the_query(page: Page):
    hostile = quote("'); DROP TABLE x; --<script>alert(1)</script>")
    opened(page, f"/pessoas?busca={hostile}")
    expect(page.locator("#vazio-pessoas")).to_be_visible()
    expect(page.locator("[id^=erro-]")).to_have_count(0)

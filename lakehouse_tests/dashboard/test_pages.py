"""A browser uses the dashboard as a manager does: filter, share, go back, ask for a proof."""

import json
import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from lakehouse.dashboard.pages import PAGES
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import written
from lakehouse_tests.dashboard.conftest import FIRST, LAST
from lakehouse_tests.e2e.dagster_ui import BROWSER_OPTIONS, browser

WAIT = 30_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = browser()
    if program is None:
        reason = "no Chromium on PATH. hint: `apt install chromium`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(BROWSER_OPTIONS))
        yield started
        started.close()


@pytest.fixture
def page(chromium: Browser, served: str) -> Iterator[Page]:
    """A tab that fails on an error in the console and on a request to another server."""
    context = chromium.new_context(
        base_url=served, viewport={"width": 1440, "height": 1000}, locale="pt-BR"
    )
    tab = context.new_page()
    tab.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    problems: list[str] = []
    tab.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda r: problems.append(r.url) if _is_external(r.url, served) else None)
    yield tab
    context.close()
    assert problems == []


def _is_external(url: str, own: str) -> bool:
    return not url.startswith((own, "data:", "blob:"))


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#cabecalho h1")).to_be_visible()


def figure(page: Page, name: str) -> str:
    return page.locator(f"#valor-{name}").inner_text()


def revenue(snapshot: Snapshot, where: str) -> str:
    """Return the revenue as a Brazilian reads it, from SQL."""
    ((value,),) = (
        row.values()
        for row in snapshot.rows(f"SELECT sum(revenue) FROM gold.mrhealth_unit_day WHERE {where}")
    )
    return written(value, "brl", "pt")


@pytest.mark.parametrize("path", [path for path, each in PAGES.items() if each.in_menu])
@pytest.mark.parametrize("language", ["pt", "en"])
def test_every_page_shows_all_of_its_views(page: Page, path: str, language: str):
    opened(page, f"{path}?idioma={language}")
    for view in PAGES[path].views:
        expect(page.locator(f"#{view.id}")).to_be_visible()
    expect(page.locator("[id^=erro-]")).to_have_count(0)
    expect(page.locator("#cabecalho h1")).to_have_text(PAGES[path].title.in_(language))  # type: ignore[arg-type]


def test_figures_are_those_of_sql_and_filters_live_in_the_url(page: Page, snapshot: Snapshot):
    opened(page, "/executivo")
    assert figure(page, "receita") == revenue(snapshot, f"day = DATE '{LAST}'")
    page.locator("#filtro-uf").click()
    page.get_by_role("option", name="Santa Catarina").click()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"\?uf=SC$"))
    narrowed = revenue(snapshot, f"day = DATE '{LAST}' AND state_name = 'Santa Catarina'")
    expect(page.locator("#valor-receita")).to_have_text(narrowed)

    page.reload()
    expect(page.locator("#valor-receita")).to_have_text(narrowed)
    expect(page.locator(".mantine-Pill-root")).to_have_text("Santa Catarina")

    page.go_back()
    expect(page.locator("#valor-receita")).to_have_text(revenue(snapshot, f"day = DATE '{LAST}'"))
    expect(page.locator(".mantine-Pill-root")).to_have_count(0)

    opened(page, f"/executivo?de={FIRST}&ate={LAST}&unidade=2")
    assert figure(page, "receita") == revenue(snapshot, "unit_id = 2")
    expect(page.locator("#filtro-periodo")).to_contain_text("05/01/2026 – 28/01/2026")


def test_each_card_says_where_it_comes_from(page: Page, snapshot: Snapshot):
    opened(page, f"/executivo?de={FIRST}&ate={LAST}")
    page.locator("#cartao-receita .proof-button").click()
    drawer = page.locator("#prova-corpo")
    expect(drawer.locator(".figure")).to_have_text(figure(page, "receita"))
    expect(page.locator("#prova-sql")).to_contain_text("FROM gold.mrhealth_unit_day")
    expect(page.locator("#prova-fora")).to_contain_text("data inválida")
    address = page.locator("#prova-json").get_attribute("href")
    found = json.loads(page.request.get(address or "").text())
    assert written(float(found["value"]), "brl", "pt") == figure(page, "receita")


@pytest.mark.parametrize(
    "search", ["?uf=ZZ", "?unidade=%3Cscript%3Ealert(1)%3C/script%3E", "?de=ontem"]
)
def test_an_unknown_filter_value_is_named_and_shows_no_figure(page: Page, search: str):
    page.goto(f"/executivo{search}")
    expect(page.locator("#filtro-desconhecido")).to_be_visible()
    expect(page.locator("#valor-receita")).to_have_count(0)
    page.locator("#sem-filtro").click()
    expect(page.locator("#valor-receita")).to_be_visible()


def test_an_order_shows_its_items_and_its_source_line(page: Page, snapshot: Snapshot):
    (order,) = snapshot.rows(
        'SELECT * FROM gold.mrhealth_fact_orders WHERE "items" > 1'
        " ORDER BY order_value DESC, unit_id, order_id LIMIT 1"
    )
    day, unit = order["day"], order["unit_id"]
    opened(page, f"/pedidos?de={day}&ate={day}&unidade={unit}&busca={order['order_id']}")
    page.get_by_role("link", name=str(order["order_id"]), exact=True).first.click()
    expect(page.locator("#valor-pedido-order_value")).to_have_text(
        written(order["order_value"], "brl", "pt")
    )
    rows = page.locator("#tabela-itens .ag-center-cols-container .ag-row")
    expect(rows).to_have_count(order["items"])
    expect(page.locator("#versoes")).to_contain_text(f"unidade_{unit:03}")


def test_themes_phones_and_languages(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, "/executivo")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "the page scrolls sideways on a phone"
    before = page.evaluate("document.documentElement.dataset.mantineColorScheme")
    page.locator("#tema").click()
    page.wait_for_function(
        "before => document.documentElement.dataset.mantineColorScheme !== before", arg=before
    )
    page.locator("#idioma-en").click()
    expect(page.locator("#cabecalho h1")).to_have_text("Executive")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".skip-link")).to_have_text("Skip to the content")


def test_a_page_that_does_not_exist_says_so(page: Page):
    page.goto("/lucros")
    expect(page.locator("#pagina-desconhecida")).to_be_visible()

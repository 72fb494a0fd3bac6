"""A filter change gives charts and tables other rows; it does not start them again."""

import re

import dash_mantine_components as dmc
import pytest
from dash import html
from playwright.sync_api import Page, expect

from lakehouse.dashboard.markup import markup
from lakehouse.dashboard.snapshots import Snapshot
from lakehouse.dashboard.words import written
from lakehouse_tests.dashboard.conftest import FIRST, LAST
from lakehouse_tests.dashboard.test_pages import chromium, opened, page, revenue

__all__ = ["chromium", "page"]

WATCH = """() => {
  window.painted = [];
  for (const place of ['#resumo', '#tabela-dias'])
    new MutationObserver(() => window.painted.push(place))
      .observe(document.querySelector(place), {subtree: true, childList: true,
        characterData: true});
}"""
QUIET = """() => new Promise(done => {
  let before = -1;
  const look = () => {
    if (window.painted.length !== before) {
      before = window.painted.length;
      setTimeout(look, 500);
    } else {
      window.painted = [];
      done();
    }
  };
  look();
})"""
"""Waits until the page that was opened paints no longer, and forgets what it painted."""
KEPT = ("#tabela-dias .ag-root", "#grafico-receita-por-dia", "#receita-por-unidade .ranking")


def test_a_filter_change_keeps_table_chart_and_ranking(page: Page, snapshot: Snapshot):
    opened(page, f"/executivo?de={FIRST}&ate={LAST}")
    for place in KEPT:
        page.locator(place).evaluate("each => { each.isTheSame = true; }")
    page.evaluate(WATCH)
    page.evaluate(QUIET)
    page.evaluate("dash_clientside.set_props('filtro-unidade', {value: ['2']})")
    expect(page).to_have_url(re.compile(r"unidade=2$"))
    expect(page.locator("#valor-receita")).to_have_text(revenue(snapshot, "unit_id = 2"))
    (name,) = {
        row["unit_name"]
        for row in snapshot.rows("SELECT unit_name FROM gold.mrhealth_unit_day WHERE unit_id = 2")
    }
    expect(page.locator("#receita-por-unidade .rank-label")).to_have_text([name])
    newest = revenue(snapshot, f"unit_id = 2 AND day = DATE '{LAST}'")
    first = page.locator("#tabela-dias [row-index='0'] [col-id='receita']")
    expect(first).to_have_text(newest)
    painted = page.evaluate("window.painted")
    assert painted.index("#resumo") < painted.index("#tabela-dias"), "figures are painted first"
    for place in KEPT:
        assert page.locator(place).evaluate("each => each.isTheSame === true"), place


def test_a_view_without_rows_says_so_and_comes_back(page: Page, snapshot: Snapshot):
    opened(page, "/pedidos")
    orders = page.locator("#tabela-lista")
    expect(orders).to_be_visible()
    page.evaluate("dash_clientside.set_props('filtro-busca', {value: 'nada'})")
    expect(page.locator("#vazio-lista")).to_be_visible()
    expect(orders).to_have_count(0)
    page.go_back()
    expect(orders).to_be_visible()


def test_a_short_answer_is_read_once_and_cannot_be_changed_by_its_reader(snapshot: Snapshot):
    sql = "SELECT DISTINCT unit_id FROM gold.mrhealth_unit_day ORDER BY unit_id"
    found = snapshot.rows(sql)
    assert snapshot.rows(sql)[0] is found[0]
    found.clear()
    assert len(snapshot.rows(sql)) == 6
    assert len(snapshot.rows(sql, 2)) == 2


def test_only_elements_become_a_markup():
    shown = markup(html.Div([html.B("R$"), None, written(3, "count", "pt")]), "soma")
    assert shown.tree["children"] == [{"tag": "b", "children": "R$"}, "3"]
    with pytest.raises(TypeError, match="Button is not an element"):
        markup(html.Div(dmc.Button("x")), "forma")

"""No page has a serious finding of axe-core, in both themes, at a desk and on a phone."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from lakehouse.dashboard.pages import PAGES
from lakehouse_tests.dashboard.test_pages import chromium, opened, page

__all__ = ["chromium", "page"]

SERIOUS = ("serious", "critical")
DESK, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
THEME = "document.documentElement.dataset.mantineColorScheme"


def findings(page: Page) -> list[tuple[str, str]]:
    """Serious and critical findings of axe-core: its rule and the element."""
    found: dict[str, Any] = Axe().run(page).response
    assert found["passes"], "axe-core looked at nothing"
    return [
        (each["id"], node["html"][:200])
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_by_everybody(page: Page, path: str, asked: Mapping[str, str]):
    opened(page, path + asked.get(path, ""))
    expect(page.locator(f"#{PAGES[path].views[-1].id}")).to_be_visible()
    for _ in ("the theme of the system", "the other theme"):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]  # two numbers
            assert findings(page) == [], (page.evaluate(THEME), size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        before = page.evaluate(THEME)
        page.locator("#tema").click()
        page.wait_for_function(f"before => {THEME} !== before", arg=before)


def test_a_keyboard_is_enough_to_filter_and_to_ask_for_a_proof(page: Page):
    opened(page, "/executivo")
    expect(page.locator("#valor-receita")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.locator("#filtro-uf").focus()
    page.keyboard.type("Santa")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"uf=SC"))
    page.keyboard.press("Escape")
    button = page.locator("#cartao-receita .proof-button")
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("each => each === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#prova-corpo")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#prova-corpo")).to_be_hidden()
    expect(button).to_be_focused()


def test_text_without_contrast_is_a_finding(page: Page):
    opened(page, "/vendas")
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    assert [rule for rule, _ in findings(page)] == ["color-contrast"]

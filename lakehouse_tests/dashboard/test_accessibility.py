"""No page has a serious finding of axe-core, in both themes, at a desk and on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from lakehouse.dashboard.pages import PAGES
from lakehouse_tests.dashboard.company import CLIENT
from lakehouse_tests.dashboard.test_pages import chromium, opened, page

__all__ = ["chromium", "page"]

ASKED = {"/cliente": f"?cliente={CLIENT}", "/tabela": "?nome=gold.cards_clients"}
"""What a page needs to show anything."""
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
def test_a_page_can_be_used_by_everybody(page: Page, path: str):
    opened(page, path + ASKED.get(path, ""))
    expect(page.locator(f"#{PAGES[path].views[-1].id}")).to_be_visible()
    for _ in ("the theme of the system", "the other theme"):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]  # two numbers
            assert findings(page) == [], (page.evaluate(THEME), size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        before = page.evaluate(THEME)
        page.locator("#tema").click()
        page.wait_for_function(f"before => {THEME} !== before", arg=before)


def test_text_without_contrast_is_a_finding(page: Page):
    opened(page, "/vendas")
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    assert [rule for rule, _ in findings(page)] == ["color-contrast"]

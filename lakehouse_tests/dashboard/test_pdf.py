"""A page is printed by a browser of the server's machine, for the person who asks alone."""

import os
import urllib.request
from urllib.parse import urlsplit

import pytest

from lakehouse.dashboard.pdf import PdfError, printed, program
from lakehouse.platform.web.roles import LOCAL, Person, Role


def address_of(served: str) -> tuple[str, int]:
    parts = urlsplit(served)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


@pytest.fixture
def chromium() -> None:
    if program() is None:
        reason = "no Chromium on PATH. hint: `apt install chromium`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.mark.usefixtures("chromium")
def test_a_page_is_printed(served: str):
    with urllib.request.urlopen(f"{served}/exportar/pessoas.pdf?idioma=en") as answer:
        content = answer.read()
        assert answer.headers["Content-Type"] == "application/pdf"
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type/Page") > 0


@pytest.mark.usefixtures("chromium")
def test_a_page_of_another_person_is_not_printed(served: str):
    eva = Person(name="eva", role=Role.PRIVACY)
    with pytest.raises(PdfError, match="not be read as the same person") as error:
        printed(address_of(served), "/pessoas", eva, [])
    assert error.value.status == 403


def test_without_a_browser_the_answer_says_what_to_do(served: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PdfError, match="print the page in your browser") as error:
        printed(address_of(served), "/pessoas", LOCAL, [])
    assert error.value.status == 501

"""Logging in to the dashboard, and attacks on it, over real connections."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from lakehouse.dashboard import server, session
from lakehouse.platform.web.access import policy_of
from lakehouse.platform.web.logins import FAILURES
from lakehouse.platform.web.passwords import login_line
from lakehouse.platform.web.roles import Role
from lakehouse.settings import Settings
from lakehouse_tests.dashboard.requests import answer_of, content_of
from lakehouse_tests.dashboard.test_pages import chromium  # noqa: F401  a fixture
from lakehouse_tests.platform.web.client import Answer, ask, free_port

PASSWORD = "correct horse battery"  # pragma: allowlist secret
JSON = {"Content-Type": "application/json"}
HTML = {"Accept": "text/html"}


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """Serve the dashboard; yield its port."""
    port = free_port()
    app = server.application(settings, policy_of(settings, "127.0.0.1"))
    config = uvicorn.Config(
        app, port=port, log_level="warning", proxy_headers=False, server_header=False
    )
    served = uvicorn.Server(config)
    thread = Thread(target=served.run, daemon=True)
    thread.start()
    while not served.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield port
    finally:
        served.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "logins"
    path.touch(0o600)
    roles = {"ana": Role.OPERATOR, "leo": Role.READER, "eva": Role.PRIVACY}
    path.write_text("\n".join(login_line(name, PASSWORD, role) for name, role in roles.items()))
    return path


@pytest.fixture
def port(shop: Settings, accounts: Path) -> Iterator[int]:
    with serving(replace(shop, logins=str(accounts))) as port:
        yield port


def logged_in(port: int, name: str, password: str = PASSWORD, **more: str) -> Answer:
    body = json.dumps({"nome": name, "senha": password} | more).encode()
    return ask(port, "POST", "/entrar", JSON, body)


def cookie_of(answer: Answer) -> dict[str, str]:
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_without_a_session_every_page_leads_to_the_login_and_data_to_nothing(port: int):
    answer = ask(port, path="/qualidade?dominio=mrhealth", headers=HTML)
    assert answer.status == 303
    assert answer.headers["location"] == "/entrar?para=%2Fqualidade%3Fdominio%3Dmrhealth"
    for path in ("/prova/receita", "/exportar/unidades.csv", "/_dash-layout", "/entrar/x"):
        assert ask(port, path=path).status == 401
    assert "Entrar no Lakehouse" in ask(port, path="/entrar").text
    assert ask(port, path="/saude").status == 200


def test_a_session_opens_pages_until_the_person_leaves(port: int):
    answer = logged_in(port, "ana", para="/qualidade")
    assert (answer.status, json.loads(answer.text)) == (200, {"para": "/qualidade"})
    assert "HttpOnly; SameSite=Lax" in answer.headers["set-cookie"]
    cookie = cookie_of(answer)
    assert "ana \\u00b7 operador" in ask(port, path="/_dash-layout", headers=cookie).text
    assert ask(port, "POST", "/sair", cookie | JSON, b"{}").status == 200
    assert ask(port, path="/_dash-layout", headers=cookie).status == 401, "the cookie is kept"


def test_a_page_is_compressed_for_a_browser_that_can_read_it(port: int):
    cookie = cookie_of(logged_in(port, "ana"))
    body = content_of("/executivo", "")
    sent = answer_of(port, cookie | {"Accept-Encoding": "gzip"}, body)
    plain = answer_of(port, cookie, body)
    assert sent.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert sent.text == plain.text
    assert "Receita" in sent.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "lakehouse_session=eyJuYW1lIjoiYW5hIn0.forged"},
        {"Cookie": "lakehouse_session="},
        {"Cookie": "lakehouse_session=a; lakehouse_session=b"},
        {"X-Forwarded-User": "ana", "X-Forwarded-Role": "operador"},
        {"Lakehouse.Person": "ana"},
        {"Authorization": "Bearer ana"},
    ],
    ids=str,
)
def test_a_forged_person_is_nobody(port: int, headers: dict[str, str]):
    assert ask(port, path="/_dash-layout", headers=headers).status == 401


def test_another_site_can_neither_log_in_nor_out(port: int):
    cookie = cookie_of(logged_in(port, "ana"))
    body = json.dumps({"nome": "ana", "senha": PASSWORD}).encode()
    evil = {"Origin": "https://evil.example"}
    for path in ("/entrar", "/sair", "/_dash-update-component"):
        assert ask(port, "POST", path, cookie | JSON | evil, body).status == 403
        fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        assert ask(port, "POST", path, cookie | JSON | fetched, body).status == 403
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert ask(port, "POST", path, cookie | form, b"nome=ana").status == 415
    assert ask(port, path="/sair", headers=cookie | HTML).status == 200, "a page, not a logout"
    assert ask(port, path="/_dash-layout", headers=cookie).status == 200


def test_guessing_passwords_ends_soon_and_tells_nothing(port: int):
    answers = [logged_in(port, name, f"guess {n}") for n, name in enumerate(["ana", "nobody"] * 5)]
    assert len(answers) == FAILURES
    assert {(a.status, a.text) for a in answers} == {
        (401, '{"erro": "Nome ou senha não conferem."}')
    }
    late = logged_in(port, "ana")
    assert (late.status, "set-cookie" in late.headers) == (429, False)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"nome": {"a": 1}}', b'{"nome": "ana"', b"\xff"])
def test_a_malformed_login_is_a_wrong_one(port: int, body: bytes):
    assert ask(port, "POST", "/entrar", JSON, body).status == 401


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "", "x", "/sair"],
)
def test_the_login_leads_to_this_site_alone(target: str):
    assert session.safe_path(target) == "/executivo"


def test_the_cookie_is_secure_when_the_page_was_encrypted(port: int):
    body = json.dumps({"nome": "ana", "senha": PASSWORD}).encode()
    origin = {"Origin": f"https://127.0.0.1:{port}"}
    answer = ask(port, "POST", "/entrar", JSON | origin, body)
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_a_manager_logs_in_with_a_browser_and_sees_the_page_that_was_asked_for(
    port: int,
    chromium: Browser,  # noqa: F811
):
    context = chromium.new_context(base_url=f"http://127.0.0.1:{port}")
    page = context.new_page()
    page.goto("/entrar?para=%2Fexecutivo%3Fidioma%3Den")
    expect(page.locator("h1")).to_have_text("Log in to Lakehouse")
    page.goto("/qualidade?dominio=mrhealth")
    expect(page).to_have_url(re.compile(r"/entrar\?para="))
    page.fill("#nome", "leo")
    page.fill("#senha", "wrong password")
    page.click("#confirmar")
    expect(page.locator("#erro")).to_have_text("Nome ou senha não conferem.")
    page.fill("#senha", PASSWORD)
    page.click("#confirmar")
    expect(page).to_have_url(re.compile(r"/qualidade\?dominio=mrhealth$"))
    expect(page.locator("#pessoa")).to_have_text("leo · leitor")
    page.click("#sair")
    expect(page.locator("#entrar")).to_be_visible()
    page.goto("/executivo")
    expect(page.locator("#entrar")).to_be_visible()
    context.close()

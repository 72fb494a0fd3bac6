"""Who uses the dashboard: the login page, logging out, and the person of a request."""

import json
from pathlib import Path
from typing import Any

import flask
from dash import html
from dash.development.base_component import Component

from lakehouse.platform.web.guard import PERSON
from lakehouse.platform.web.roles import UNKNOWN, Person
from lakehouse.platform.web.sessions import SessionLogin, Sessions, cookie_header

LOGIN, LOGOUT = "/entrar", "/sair"
START = "/executivo"
LONGEST = 200
"""Letters of a name or password that are looked at."""
WRONG = "Nome ou senha não conferem."
WAIT = "Muitas tentativas. Espere um minuto."


def person() -> Person:
    """Return the person whom the guard admitted for this request; outside of one, nobody known."""
    if not flask.has_request_context():
        return UNKNOWN
    scope = flask.request.environ.get("asgi.scope", {})
    return scope.get(PERSON, UNKNOWN)


def safe_path(target: str | None) -> str:
    r"""Return a path of this site to go to after the login; the start page for anything else.

    >>> safe_path("/qualidade?de=2026-01-05"), safe_path("//evil.example"), safe_path("/\\evil")
    ('/qualidade?de=2026-01-05', '/executivo', '/executivo')
    """
    target = target or ""
    is_path = target.startswith("/") and not target.startswith(("//", LOGIN, LOGOUT))
    return target if is_path and "\\" not in target and target.isprintable() else START


def register(server: flask.Flask, sessions: Sessions, login: SessionLogin | None) -> None:
    """Register the routes of the login."""
    page = (Path(__file__).parent / "login.html").read_text("utf-8")

    @server.get(LOGIN)
    def ask() -> flask.Response:
        """Show the page that asks for name and password."""
        if login is None:
            return flask.Response(status=303, headers={"Location": START})
        return flask.Response(page, mimetype="text/html", headers={"Cache-Control": "no-store"})

    @server.post(LOGIN)
    def enter() -> flask.Response:
        """Open a session for the right name and password."""
        given = flask.request.get_json(silent=True)
        given = given if isinstance(given, dict) else {}
        name, password = (str(given.get(part, ""))[:LONGEST] for part in ("nome", "senha"))
        if login is None:
            return _answer({"erro": WRONG}, 404)
        found = login.passwords.check(name, password, flask.request.remote_addr or "")
        if not isinstance(found, Person):
            return _answer({"erro": WAIT if found.status == 429 else WRONG}, found.status)
        answer = _answer({"para": safe_path(str(given.get("para", "")))}, 200)
        answer.headers["Set-Cookie"] = cookie_header(
            sessions.open(found.name), sessions.seconds, secure=_is_encrypted()
        )
        return answer

    @server.post(LOGOUT)
    def leave() -> flask.Response:
        """Close the session."""
        if person().session:
            sessions.close(person().session)
        answer = _answer({"para": LOGIN}, 200)
        answer.headers["Set-Cookie"] = cookie_header("", 0, secure=_is_encrypted())
        return answer


def shown() -> Component:
    """Return name and role of the person, with a button that logs out where there is a session."""
    who = person()
    parts: list[Component] = [html.Span(f"{who.name} · {who.shown_role.value}", id="pessoa")]
    if who.session:
        words: dict[str, Any] = {"data-pt": "Sair", "data-en": "Log out"}
        parts.append(html.Button("Sair", id="sair", className="button", n_clicks=0, **words))
    return html.Div(parts, className="person")


def _is_encrypted() -> bool:
    """Return whether the browser reached the page by TLS, which may end at a proxy.

    The guard has compared the origin with the host.
    """
    return flask.request.headers.get("Origin", "").startswith("https://")


def _answer(content: dict[str, str], status: int) -> flask.Response:
    text = json.dumps(content, ensure_ascii=False)
    headers = {"Cache-Control": "no-store"}
    return flask.Response(text, status=status, mimetype="application/json", headers=headers)

"""Session cookies and tokens against people who forge, keep or guess them."""

import asyncio
import base64
import json

import pytest
from itsdangerous import URLSafeSerializer

from lakehouse.platform.web.guard import Headers, Rejection
from lakehouse.platform.web.limits import Limit
from lakehouse.platform.web.logins import PasswordLogin
from lakehouse.platform.web.passwords import Account
from lakehouse.platform.web.roles import Person, Role
from lakehouse.platform.web.sessions import (
    COOKIE,
    SECONDS,
    SessionLogin,
    Sessions,
    cookie_header,
    session_cookie,
)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def admitted(login: SessionLogin, **headers: str) -> Person | Rejection:
    given = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return asyncio.run(login.admitted(Headers(given), "10.0.0.9", "/qualidade?a=1"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def login(clock: Clock) -> SessionLogin:
    accounts = {"ana": Account("unused", Role.OPERATOR)}
    return SessionLogin(PasswordLogin(accounts), Sessions(clock=clock), "/entrar")


def test_a_session_admits_until_it_expires_or_is_closed(login: SessionLogin, clock: Clock):
    cookie = f"other=1; {COOKIE}={login.sessions.open('ana')}"
    person = admitted(login, cookie=cookie)
    assert isinstance(person, Person)
    assert (person.name, person.role) == ("ana", Role.OPERATOR)
    clock.now += SECONDS - 1
    assert isinstance(admitted(login, cookie=cookie), Person)
    clock.now += 1
    assert isinstance(admitted(login, cookie=cookie), Rejection)
    second = f"{COOKIE}={login.sessions.open('ana')}"
    found = admitted(login, cookie=second)
    assert isinstance(found, Person)
    login.sessions.close(found.session)
    assert isinstance(admitted(login, cookie=second), Rejection)


def test_a_forged_cookie_admits_nobody(login: SessionLogin, clock: Clock):
    right = login.sessions.open("ana")
    content, signature = right.rsplit(".", 1)
    plain = json.dumps({"name": "ana", "until": clock.now * 2, "id": "x"})
    other_name = base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")
    for forged in (
        "",
        content,
        f"{content}.",
        f"{other_name}.{signature}",
        right[:-1] + ("A" if right[-1] != "A" else "B"),
        URLSafeSerializer("guessed").dumps({"name": "ana", "until": clock.now * 2, "id": "x"}),
        Sessions(clock=clock).open("ana"),
        login.sessions.open("root"),
        "\\xff" * 10_000,
    ):
        found = admitted(login, cookie=f"{COOKIE}={forged}")
        assert isinstance(found, Rejection), forged
        assert found.status == 401


def test_a_page_is_sent_to_the_login_and_any_other_request_gets_no_page(login: SessionLogin):
    found = admitted(login, accept="text/html,*/*")
    assert isinstance(found, Rejection)
    assert found.status == 303
    assert dict(found.headers)[b"location"] == b"/entrar?para=%2Fqualidade%3Fa%3D1"
    other = admitted(login, accept="application/json")
    assert isinstance(other, Rejection)
    assert (other.status, other.headers) == (401, ())


def test_a_token_belongs_to_one_session():
    sessions = Sessions()
    ana, other = Person(name="ana", session="1"), Person(name="ana", session="2")
    token = sessions.token(ana)
    assert sessions.has_token(ana, token)
    for given in (None, "", 1, token[:-1], token.upper(), sessions.token(other), "\udcff"):
        assert not sessions.has_token(ana, given), given
    assert not Sessions().has_token(ana, token)


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it():
    header = cookie_header("value", 60, secure=True)
    assert header == f"{COOKIE}=value; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
    assert "Secure" not in cookie_header("value", 60, secure=False)
    assert "Max-Age=0" in cookie_header("", 60, secure=False)
    assert session_cookie("a=1; b") == ""


def test_a_limit_counts_each_key_and_forgets_with_time():
    clock = Clock()
    limit = Limit(2, 60, clock)
    assert [limit.count("ana") for _ in range(3)] == [True, True, False]
    assert limit.count("rui")
    clock.now += 60
    assert limit.count("ana")
    for n in range(2_000):
        limit.count(f"{n}")
    assert limit.count("ana")

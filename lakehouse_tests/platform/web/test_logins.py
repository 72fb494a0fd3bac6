"""Logins over real connections: passwords and the header of a proxy."""

import asyncio
import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from lakehouse.platform.web.access import policy_of
from lakehouse.platform.web.guard import (
    PERSON,
    Guard,
    Headers,
    Policy,
    Receive,
    Rejection,
    Scope,
    Send,
    names_of,
)
from lakehouse.platform.web.logins import FAILURES, WITHIN, PasswordLogin, ProxyLogin
from lakehouse.platform.web.passwords import (
    Account,
    LoginFileError,
    fits,
    hashed,
    login_line,
    read_logins,
)
from lakehouse.platform.web.roles import Role
from lakehouse.settings import Settings, SettingsError
from lakehouse_tests.platform.web.client import ask, free_port, websocket_status

PASSWORD = "correct horse battery"  # pragma: allowlist secret
HASH = hashed(PASSWORD)


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request, and accept every WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        who = f"{scope[PERSON].name} {scope[PERSON].role}" if scope["path"] == "/who" else "inside"
        await send({"type": "http.response.body", "body": who.encode()})


@contextmanager
def serving(policy: Policy) -> Iterator[int]:
    """Serve the page behind the guard; yield the port."""
    port = free_port()
    guard = Guard(app=page, policy=policy, without_login=frozenset({"/health"}))
    config = uvicorn.Config(guard, port=port, proxy_headers=False, lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield port
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def passwords() -> Iterator[int]:
    with serving(
        Policy(hosts=names_of("127.0.0.1"), login=PasswordLogin({"ana": Account(HASH)}))
    ) as port:
        yield port


def basic(name: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def test_the_right_password_opens_pages_and_websockets(passwords: int):
    for _ in range(2):
        assert ask(passwords, headers=basic("ana", PASSWORD)).text == "inside"
    assert websocket_status(passwords, **basic("ana", PASSWORD)) == 101


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("ana", "correct horse batterz"),
        basic("ana", ""),
        basic("", PASSWORD),
        basic("rui", PASSWORD),
        {"Authorization": f"Bearer {PASSWORD}"},
        {"Authorization": "Basic ?"},
        {"Authorization": "Basic /w=="},
    ],
    ids=str,
)
def test_everything_else_is_asked_for_a_password(passwords: int, headers: dict[str, str]):
    answer = ask(passwords, headers=headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "inside" not in answer.text


def test_a_websocket_and_a_repeated_header_need_the_password_too(passwords: int):
    assert websocket_status(passwords) == 403
    twice = [*basic("ana", PASSWORD).items(), *basic("ana", PASSWORD).items()]
    assert ask(passwords, headers=twice).status == 401


def test_only_the_health_check_needs_no_password_and_no_other_page_may_use_it(passwords: int):
    assert ask(passwords, path="/health").status == 200
    assert ask(passwords, path="/health/../").status == 401
    assert ask(passwords, path="/health", headers={"Host": "evil.example"}).status == 403


def test_a_login_does_not_let_another_page_in(passwords: int):
    headers = basic("ana", PASSWORD) | {"Origin": "https://evil.example"}
    assert ask(passwords, headers=headers).status == 403


def test_after_many_wrong_passwords_an_address_waits_but_who_is_logged_in_does_not():
    now = [0.0]
    login = PasswordLogin({"ana": Account(HASH)}, clock=lambda: now[0])

    def status(name: str, password: str, client: str = "10.0.0.9") -> int:
        given = [(k.encode(), v.encode()) for k, v in basic(name, password).items()]
        found = asyncio.run(login.admitted(Headers(given), client))
        return found.status if isinstance(found, Rejection) else 200

    assert status("ana", PASSWORD, "10.0.0.1") == 200
    assert [status("ana", f"guess {n}") for n in range(FAILURES)] == [401] * FAILURES
    assert status("ana", "another guess") == 429
    assert status("ana", PASSWORD) == 200, "its digest is known"
    assert status("ana", "another guess", "10.0.0.8") == 401
    now[0] += WITHIN
    assert status("ana", "another guess") == 401


def test_the_header_of_a_proxy_counts_from_its_address_alone():
    def policy(proxy: str) -> Policy:
        return Policy(hosts=names_of("127.0.0.1"), login=ProxyLogin("X-User", [proxy]))

    with serving(policy("127.0.0.0/8")) as port:
        assert ask(port, headers={"X-User": "ana"}).text == "inside"
        assert ask(port).status == 401
        assert ask(port, headers={"X-User": ""}).status == 401
        assert ask(port, headers=[("X-User", "ana"), ("x-user", "root")]).status == 401
    with serving(policy("10.0.0.5")) as port:
        forged = {"X-User": "ana", "X-Forwarded-For": "10.0.0.5", "Forwarded": "for=10.0.0.5"}
        assert ask(port, headers=forged).status == 403
        assert websocket_status(port, X_User="ana") == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "lake.example.com", ""])
def test_other_addresses_than_loopback_need_a_login(host: str, tmp_path: Path):
    with pytest.raises(SettingsError, match=r"without a login.*hint: set LAKEHOUSE_LOGINS"):
        policy_of(Settings(), host)
    logins = tmp_path / "logins"
    logins.touch(0o600)
    logins.write_text(f"# who may look\n\nana:{HASH}\n")
    policy = policy_of(Settings(logins=str(logins), hosts="Lake.example.com, x"), host)
    assert policy.login is not None
    assert {"lake.example.com", "x", "localhost"} <= policy.hosts
    assert not {"0.0.0.0", "::", ""} & policy.hosts


@pytest.mark.parametrize(
    "given",
    [
        {"login_header": "X-User"},
        {"login_proxies": "10.0.0.5"},
        {"login_header": "X-User", "login_proxies": "10.0.0.5/8"},
        {"login_header": "X-User", "login_proxies": "everybody"},
        {"login_header": "X-User", "logins": "f", "login_proxies": "10.0.0.5"},
        {"logins": "missing"},
    ],
    ids=str,
)
def test_half_a_login_is_an_error_and_never_no_login(given: dict[str, Any]):
    with pytest.raises(SettingsError, match="LAKEHOUSE_LOGIN"):
        policy_of(Settings(**given), "127.0.0.1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nobody",
        "ana:secret",
        "ana",
        "ana maria:{hash}",
        "ana:scrypt$1048576$8$1$AAAA$AAAA",
        "ana:scrypt$32767$8$1$AAAA$AAAA",
        "ana:scrypt$0$8$1$AAAA$AAAA",
        "ana:{hash}:chefe",
        "ana:{hash}:operador:leitor",
        "ana:{hash}:",
    ],
)
def test_a_file_of_logins_that_is_malformed_is_an_error(tmp_path: Path, text: str):
    path = tmp_path / "logins"
    path.touch(0o600)
    path.write_text(text.replace("{hash}", HASH))
    with pytest.raises(LoginFileError, match="lakehouse password NAME"):
        read_logins(path)


def test_a_file_of_logins_that_others_can_read_is_an_error(tmp_path: Path):
    path = tmp_path / "logins"
    path.write_text(login_line("ana", PASSWORD))
    path.chmod(0o640)
    with pytest.raises(LoginFileError, match="hint: chmod 600"):
        read_logins(path)


def test_a_hash_fits_its_password_alone_and_differs_each_time():
    assert fits(PASSWORD, HASH)
    assert not fits(PASSWORD + " ", HASH)
    assert not fits("", HASH)
    assert hashed(PASSWORD) != HASH
    assert PASSWORD not in HASH
    with pytest.raises(ValueError, match="at least 12"):
        hashed("short")


def test_a_line_may_name_a_role_and_lines_without_one_stay_valid(tmp_path: Path):
    path = tmp_path / "logins"
    path.touch(0o600)
    path.write_text(f"ana:{HASH}:operador\nrui:{HASH}\n{login_line('eva', PASSWORD, Role.READER)}")
    assert {name: account.role for name, account in read_logins(path).items()} == {
        "ana": Role.OPERATOR,
        "rui": None,
        "eva": Role.READER,
    }


def test_a_proxy_names_the_role_only_in_its_own_header():
    login = ProxyLogin("X-User", ["127.0.0.0/8"], "X-Role")
    with serving(Policy(hosts=names_of("127.0.0.1"), login=login)) as port:
        assert ask(port, path="/who", headers={"X-User": "ana"}).text == "ana leitor"
        given = {"X-User": "ana", "X-Role": "operador"}
        assert ask(port, path="/who", headers=given).text == "ana operador"
        assert ask(port, headers={"X-User": "ana", "X-Role": "root"}).status == 403
        twice = [("X-User", "ana"), ("X-Role", "leitor"), ("X-Role", "operador")]
        assert ask(port, path="/who", headers=twice).text == "ana leitor"
    without = ProxyLogin("X-User", ["127.0.0.0/8"])
    with serving(Policy(hosts=names_of("127.0.0.1"), login=without)) as port:
        assert ask(port, path="/who", headers=given).text == "ana None"


def test_without_a_login_only_a_request_of_this_machine_itself_is_the_local_person():
    with serving(Policy(hosts=names_of("127.0.0.1", ["lake.example.com"]))) as port:
        assert ask(port, path="/who").text == "local operador"
        for headers in (
            {"Host": "lake.example.com"},
            {"X-Forwarded-For": "10.0.0.7"},
            {"Via": "1.1 proxy"},
            {"Forwarded": "for=127.0.0.1"},
        ):
            assert ask(port, path="/who", headers=headers).text == "unknown leitor", headers

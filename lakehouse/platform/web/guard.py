"""Reject requests that another site, another name of this machine or a stranger sends.

`Guard` is ASGI middleware around any application. It rejects, before the application sees it:

- a ``Host`` that is not allowed, so that a foreign name which resolves to this machine is useless
  (DNS rebinding);
- an ``Origin`` other than the page's own, also for WebSockets, and what a browser marks as sent by
  another site, except a link that a person follows;
- every method but GET, HEAD and POST, and a POST that is not JSON, because browsers send other
  types to foreign sites without asking;
- a GET with parameters to a path that changes data (`Guard.post_only`);
- a request without a valid login, when the policy has one.

Nothing of a request is repeated in an answer, but the address to return to after a login. The
person who was admitted is in the request's scope under `PERSON`.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from lakehouse.platform.web.roles import LOCAL, UNKNOWN, Person, Role

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  compared, not listened on
METHODS = frozenset({"GET", "HEAD", "POST"})
PERSON = "lakehouse.person"
"""Key of the admitted person in a request's scope."""
PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
CLOSED = 1008
"""Code with which a WebSocket is rejected: policy violation."""
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_HEADERS = (
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
)
"""Added to every answer that does not set them."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Why a request is rejected, as the plain text of its answer."""

    status: int
    reason: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Login(Protocol):
    """Decides who may use the pages."""

    async def admitted(
        self, headers: "Headers", client: str | None, target: str = "/"
    ) -> Person | Rejection:
        """Return the person who is logged in, otherwise the answer.

        Args:
            headers: the request's headers.
            client: the address of the other end of the connection.
            target: path and query of the request.
        """


@dataclass(frozen=True)
class Headers:
    """The headers of a request; a header that is repeated has no value."""

    given: Iterable[tuple[bytes, bytes]]

    def values(self, name: str) -> list[str]:
        """Return every value of a header, given by its lower-case name."""
        wanted = name.encode("latin-1")
        return [value.decode("latin-1") for key, value in self.given if key.lower() == wanted]

    def one(self, name: str) -> str | None:
        """Return the value of a header that occurs exactly once."""
        values = self.values(name)
        return values[0].strip() if len(values) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the guard admits.

    Args:
        hosts: lower-case names, without port, under which the pages are reached.
        login: who may use the pages; None admits everybody who can connect.
    """

    hosts: frozenset[str]
    login: Login | None = None


def names_of(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """Return the names under which a server is reached that listens on an address.

    >>> sorted(names_of("10.0.0.5", ["Lake.Example.com"]))
    ['10.0.0.5', '127.0.0.1', '[::1]', 'lake.example.com', 'localhost']
    """
    own = set() if host in ANY_ADDRESS else {host}
    named = {name.lower().strip().rstrip(".") for name in (*own, *more)}
    return LOOPBACK_NAMES | {f"[{n}]" if ":" in n and n[0] != "[" else n for n in named if n}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """ASGI middleware that rejects what the policy does not admit.

    Args:
        app: the application behind the guard.
        policy: what is admitted.
        post_only: paths that run what their parameters say; a GET must not have parameters there.
        without_login: paths that a login is not needed for, such as a health check.
        without_readers: reject persons whose role only reads, because the application cannot keep
            them from changing something.
    """

    app: App
    policy: Policy
    post_only: frozenset[str] = field(default_factory=frozenset)
    without_login: frozenset[str] = field(default_factory=frozenset)
    without_readers: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        rejection = await self._rejection(scope)
        if rejection is None:
            rejection = await self._admit(scope)
        if rejection is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await _answer(rejection, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": CLOSED, "reason": rejection.reason})

    async def _rejection(self, scope: Scope) -> Rejection | None:
        headers = Headers(scope["headers"])
        path = str(scope["path"])
        scope.pop(PERSON, None)
        if scope["type"] not in ("http", "websocket"):
            return Rejection(status=400, reason="unknown protocol")
        if not path.isprintable():
            return Rejection(status=400, reason="the path has control characters")
        rejection = _foreign(headers, self.policy.hosts)
        if rejection is None and scope["type"] == "http":
            rejection = self._misused(scope, headers, path)
        return rejection

    async def _admit(self, scope: Scope) -> Rejection | None:
        """Put the person of a request into its scope, or return why nobody is admitted."""
        path, headers = str(scope["path"]), Headers(scope["headers"])
        client = scope["client"][0] if scope.get("client") else None
        if self.policy.login is None:
            scope[PERSON] = LOCAL if _is_local(headers, client) else UNKNOWN
            return None
        if path in self.without_login:
            return None
        query = scope.get("query_string", b"").decode("latin-1")
        target = f"{quote(path)}?{query}" if query else quote(path)
        found = await self.policy.login.admitted(headers, client, target)
        if isinstance(found, Rejection):
            return found
        if self.without_readers and found.role is Role.READER:
            return Rejection(status=403, reason=f"the role {Role.READER} reads the dashboard alone")
        scope[PERSON] = found
        return None

    def _misused(self, scope: Scope, headers: Headers, path: str) -> Rejection | None:
        """Return why a request could act for another site, or change data by a link."""
        method = scope["method"]
        if method not in METHODS:
            return Rejection(status=405, reason="use GET, HEAD or POST")
        if _sent_by_another_site(headers, method):
            return Rejection(status=403, reason="another site sent this request")
        if method == "POST":
            kind = (headers.one("content-type") or "").partition(";")[0].strip().lower()
            if kind != "application/json":
                return Rejection(status=415, reason="POST needs Content-Type: application/json")
        elif scope["query_string"] and path.strip("/").lower() in self._post_only():
            return Rejection(status=405, reason="use POST with JSON")
        return None

    def _post_only(self) -> set[str]:
        return {path.strip("/").lower() for path in self.post_only}


def _is_local(headers: Headers, client: str | None) -> bool:
    """Return whether a request comes from this machine, under its own name and not by a proxy."""
    host = _HOST.fullmatch((headers.one("host") or "").lower())
    try:
        near = client is not None and ipaddress.ip_address(client).is_loopback
    except ValueError:
        near = False
    passed_on = any(headers.values(name) for name in PROXY_HEADERS)
    return near and host is not None and host["name"] in LOOPBACK_NAMES and not passed_on


def _foreign(headers: Headers, hosts: frozenset[str]) -> Rejection | None:
    """Return why a request names another machine, or comes from the page of another site."""
    host = headers.one("host")
    own = _HOST.fullmatch(host.lower()) if host else None
    if own is None or own["name"].rstrip(".") not in hosts:
        return Rejection(
            status=403,
            reason="this host name is not allowed; hint: add it to LAKEHOUSE_HOSTS",
        )
    for origin in headers.values("origin"):
        if not _same_site(origin.strip().lower(), own["name"], own["port"]):
            return Rejection(
                status=403,
                reason="the page of another origin sent this request; hint: a proxy must pass the"
                " Host header on",
            )
    return None


def _same_site(origin: str, name: str, port: str | None) -> bool:
    """Return whether an origin is the host that the request names, with the same port."""
    try:
        parts = urlsplit(origin)
        default = _DEFAULT_PORTS[parts.scheme]
        found = _HOST.fullmatch(parts.netloc)
        other = parts.port or default
    except (KeyError, ValueError):
        return False
    return found is not None and found["name"] == name and other == int(port or default)


def _sent_by_another_site(headers: Headers, method: str) -> bool:
    """Return whether a browser marks a request as sent by another site, not by a link."""
    sites = headers.values("sec-fetch-site")
    if all(site.strip().lower() in ("same-origin", "none") for site in sites):
        return False
    follows = headers.one("sec-fetch-mode") == "navigate"
    return method == "POST" or not follows or headers.one("sec-fetch-dest") != "document"


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            message["headers"] = [*given, *(h for h in _HEADERS if h[0] not in names)]
        await send(message)

    return sending


async def _answer(rejection: Rejection, send: Send) -> None:
    body = f"rejected: {rejection.reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *rejection.headers,
        *_HEADERS,
    ]
    await send({"type": "http.response.start", "status": rejection.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

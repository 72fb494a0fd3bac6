"""Logins of the guard: a name and a password, or a proxy that has asked for them."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping

from lakehouse.platform.web.guard import Headers, Rejection
from lakehouse.platform.web.passwords import fits, hashed

FAILURES, WITHIN = 10, 60.0
"""Wrong passwords of one address within these seconds, after which it must wait."""
REMEMBERED = 1_000
"""Logins and addresses that are kept in memory."""
_ASK = ((b"www-authenticate", b'Basic realm="lakehouse", charset="UTF-8"'),)
_LOGGER = logging.getLogger("lakehouse.web")


class PasswordLogin:
    """Asks the browser for a name and a password (HTTP Basic).

    A password is hashed once; afterwards its keyed digest is remembered until the process ends.
    Hashes are computed one at a time, so that wrong passwords cannot use up the machine.

    Args:
        logins: name → hash.
        clock: seconds that never go back.
    """

    def __init__(self, logins: Mapping[str, str], clock: Callable[[], float] = time.monotonic):
        self._logins = dict(logins)
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known: set[bytes] = set()
        self._failures: dict[str, list[float]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._nobody = hashed(secrets.token_urlsafe())

    async def rejection(self, headers: Headers, client: str | None) -> Rejection | None:
        given = headers.one("authorization")
        if not given:
            return Rejection(status=401, reason="log in", headers=_ASK)
        digest = hmac.digest(self._key, given.encode("latin-1"), hashlib.sha256)
        if digest in self._known:
            return None
        async with self._one_at_a_time:
            return await self._checked(given, digest, client or "")

    async def _checked(self, given: str, digest: bytes, client: str) -> Rejection | None:
        now = self._clock()
        failures = [at for at in self._failures.get(client, ()) if now - at < WITHIN]
        if len(failures) >= FAILURES:
            return Rejection(
                status=429,
                reason="too many wrong passwords; wait a minute",
                headers=((b"retry-after", str(int(WITHIN)).encode()),),
            )
        name, password = _basic(given)
        right = await asyncio.to_thread(fits, password, self._logins.get(name, self._nobody))
        if right and name in self._logins:
            self._remember(digest)
            return None
        self._failures.pop(client, None)
        self._failures[client] = [*failures, now]
        if len(self._failures) > REMEMBERED:
            del self._failures[next(iter(self._failures))]
        _LOGGER.warning("wrong name or password from %s", client)
        return Rejection(status=401, reason="wrong name or password", headers=_ASK)

    def _remember(self, digest: bytes) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known.add(digest)


class ProxyLogin:
    """Trusts the name that a proxy writes into a header, from the proxy's addresses alone.

    Args:
        header: name of the header.
        proxies: addresses or networks of the proxy, such as ``10.0.0.5`` or ``10.0.0.0/24``.

    Raises:
        ValueError: an entry is not an address.
    """

    def __init__(self, header: str, proxies: Iterable[str]):
        self._header = header.lower()
        self._proxies = tuple(ipaddress.ip_network(each) for each in proxies)

    async def rejection(self, headers: Headers, client: str | None) -> Rejection | None:
        try:
            address = ipaddress.ip_address(client or "")
        except ValueError:
            address = None
        if address is None or not any(address in network for network in self._proxies):
            return Rejection(status=403, reason="reach this page by its proxy")
        if not headers.one(self._header):
            return Rejection(status=401, reason="the proxy names nobody")
        return None


def _basic(given: str) -> tuple[str, str]:
    """Return name and password of a Basic header; both empty when it is malformed."""
    scheme, _, encoded = given.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    name, _, password = text.partition(":")
    return name, password

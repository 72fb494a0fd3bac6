"""Logins of the guard: a name and a password, or a proxy that has asked for them."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from lakehouse.platform.web.guard import Headers, Rejection
from lakehouse.platform.web.limits import Limit
from lakehouse.platform.web.passwords import Account, fits, hashed
from lakehouse.platform.web.roles import Person, Role

FAILURES, WITHIN = 10, 60.0
"""Wrong passwords of one address within these seconds, after which it must wait."""
REMEMBERED = 1_000
"""Logins that are kept in memory."""
AT_A_TIME = 3
"""Passwords that are hashed at the same moment; each takes 32 MB and 0.2 s of a core."""
LONGEST_NAME = 100
_ASK = ((b"www-authenticate", b'Basic realm="lakehouse", charset="UTF-8"'),)
_LOGGER = logging.getLogger("lakehouse.web")


class PasswordLogin:
    """Asks the browser for a name and a password (HTTP Basic).

    A password is hashed once; afterwards its keyed digest is remembered until the process ends.
    Few hashes are computed at a time, so that wrong passwords cannot use up the machine.

    Args:
        accounts: name → hash and role.
        clock: seconds that never go back.
    """

    def __init__(
        self, accounts: Mapping[str, Account], clock: Callable[[], float] = time.monotonic
    ):
        self._accounts = dict(accounts)
        self._failures = Limit(FAILURES, WITHIN, clock)
        self._key = secrets.token_bytes(32)
        self._known: set[bytes] = set()
        self._one_at_a_time = asyncio.Lock()
        self._hashing = threading.BoundedSemaphore(AT_A_TIME)
        self._nobody = hashed(secrets.token_urlsafe())

    async def admitted(
        self, headers: Headers, client: str | None, target: str = "/"
    ) -> Person | Rejection:
        given = headers.one("authorization")
        if not given:
            return Rejection(status=401, reason="log in", headers=_ASK)
        name, password = _basic(given)
        digest = hmac.digest(self._key, given.encode("latin-1"), hashlib.sha256)
        if digest in self._known:
            return Person(name=name, role=self._accounts[name].role)
        async with self._one_at_a_time:
            found = await asyncio.to_thread(self.check, name, password, client or "")
        if isinstance(found, Person):
            self._remember(digest)
        elif found.status == 401:
            return replace(found, headers=_ASK)
        return found

    def check(self, name: str, password: str, client: str) -> Person | Rejection:
        """Return the person with this name and password, or why nobody is admitted.

        Args:
            name: the name.
            password: the password.
            client: address that must wait after many wrong passwords.
        """
        if self._failures.is_reached(client):
            return _wait("too many wrong passwords; wait a minute")
        if not self._hashing.acquire(blocking=False):
            return _wait("many logins at this moment; wait a minute")
        try:
            account = self._accounts.get(name)
            right = fits(password, account.hash if account else self._nobody)
        finally:
            self._hashing.release()
        if right and account is not None:
            return Person(name=name, role=account.role)
        self._failures.count(client)
        _LOGGER.warning("wrong name or password from %s", client)
        return Rejection(status=401, reason="wrong name or password")

    def known(self, name: str, session: str) -> Person | None:
        """Return the person of a session; None when the name is not among the accounts."""
        account = self._accounts.get(name)
        return Person(name=name, role=account.role, session=session) if account else None

    def _remember(self, digest: bytes) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known.add(digest)


class ProxyLogin:
    """Trusts the name that a proxy writes into a header, from the proxy's addresses alone.

    Args:
        header: name of the header.
        proxies: addresses or networks of the proxy, such as ``10.0.0.5`` or ``10.0.0.0/24``.
        role_header: name of the header with the role; without it nobody has one.

    Raises:
        ValueError: an entry is not an address.
    """

    def __init__(self, header: str, proxies: Iterable[str], role_header: str | None = None):
        self._header = header.lower()
        self._role_header = (role_header or "").lower()
        self._proxies = tuple(ipaddress.ip_network(each) for each in proxies)

    async def admitted(
        self, headers: Headers, client: str | None, target: str = "/"
    ) -> Person | Rejection:
        try:
            address = ipaddress.ip_address(client or "")
        except ValueError:
            address = None
        if address is None or not any(address in network for network in self._proxies):
            return Rejection(status=403, reason="reach this page by its proxy")
        name = headers.one(self._header)
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            return Rejection(status=401, reason="the proxy names nobody")
        if not self._role_header:
            return Person(name=name)
        given = headers.one(self._role_header)
        try:
            return Person(name=name, role=Role(given or Role.READER))
        except ValueError:
            return Rejection(
                status=403,
                reason=f"the proxy gives an unknown role; expected one of {', '.join(Role)}",
            )


def _wait(reason: str) -> Rejection:
    return Rejection(
        status=429, reason=reason, headers=((b"retry-after", str(int(WITHIN)).encode()),)
    )


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

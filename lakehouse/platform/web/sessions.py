"""Sessions of the dashboard: signed cookies that expire, and tokens against forged requests.

The key is made when the process starts, so a new start ends all sessions. A cookie names the
person and never the role, which is looked up for each request.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from itsdangerous import BadSignature, URLSafeSerializer

from lakehouse.platform.web.guard import Headers, Rejection
from lakehouse.platform.web.logins import PasswordLogin
from lakehouse.platform.web.roles import Person

COOKIE = "lakehouse_session"
SECONDS = 8 * 3600.0
"""How long a session lasts."""
MOST_CLOSED = 10_000


class Sessions:
    """Open, recognize and close sessions.

    Args:
        seconds: how long one lasts.
        clock: seconds since 1970.
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.time):
        self.seconds = seconds
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._signed = URLSafeSerializer(
            self._key,
            salt="lakehouse session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        self._closed: dict[str, float] = {}

    def open(self, name: str) -> str:
        """Return the value of a new session's cookie."""
        until = self._clock() + self.seconds
        content = {"name": name, "until": until, "id": secrets.token_urlsafe(16)}
        return str(self._signed.dumps(content))

    def read(self, cookie: str) -> tuple[str, str] | None:
        """Return name and identifier of a session; None when it is forged, expired or closed."""
        try:
            content = self._signed.loads(cookie)
        except BadSignature:
            return None
        if content["until"] <= self._clock() or content["id"] in self._closed:
            return None
        return content["name"], content["id"]

    def close(self, session: str) -> None:
        """End a session, by its identifier."""
        now = self._clock()
        self._closed = {key: until for key, until in self._closed.items() if until > now}
        self._closed[session] = now + self.seconds

    def token(self, person: Person) -> str:
        """Return what a request of a person that changes something must repeat."""
        text = f"token of {person.session or person.name}".encode()
        return hmac.digest(self._key, text, hashlib.sha256).hex()

    def has_token(self, person: Person, given: object) -> bool:
        """Return whether a request repeats the token of a person."""
        return isinstance(given, str) and hmac.compare_digest(
            given.encode("utf-8", "replace"), self.token(person).encode()
        )


class SessionLogin:
    """Admits who has a session, or names a password in the request; sends others to a page.

    Args:
        passwords: names, hashes and roles.
        sessions: the sessions.
        page: path of the page that asks for name and password.
    """

    def __init__(self, passwords: PasswordLogin, sessions: Sessions, page: str):
        self.passwords = passwords
        self.sessions = sessions
        self._page = page

    async def admitted(
        self, headers: Headers, client: str | None, target: str = "/"
    ) -> Person | Rejection:
        person = self._person(headers)
        if person is not None:
            return person
        if headers.one("authorization"):
            return await self.passwords.admitted(headers, client, target)
        if "text/html" in (headers.one("accept") or ""):
            place = f"{self._page}?para={quote(target, safe='')}".encode("ascii")
            return Rejection(status=303, reason="log in", headers=((b"location", place),))
        return Rejection(status=401, reason="log in")

    def _person(self, headers: Headers) -> Person | None:
        cookie = session_cookie(headers.one("cookie"))
        found = self.sessions.read(cookie) if cookie else None
        if found is None:
            return None
        name, session = found
        return self.passwords.known(name, session)


def session_cookie(header: str | None) -> str:
    """Return the session's cookie among the cookies of a request; empty without one."""
    try:
        cookies = SimpleCookie(header or "")
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def cookie_header(value: str, seconds: float, *, secure: bool) -> str:
    """Return the header that sets the session's cookie; an empty value deletes it."""
    parts = [f"{COOKIE}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    parts.append(f"Max-Age={int(seconds) if value else 0}")
    return "; ".join([*parts, *(["Secure"] if secure else [])])

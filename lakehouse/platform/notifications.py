"""Messages to people: each once per cause, posted a few times at most, never in the way of data.

Knows no business and no orchestrator. What was said is remembered in the lake below
``ops/_notifications/<channel>/``: an object for each cause, without the message's words.
"""

import datetime as dt
import hashlib
import http.client
import json
import logging
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol
from urllib.parse import urlsplit

from lakehouse.platform.objectstore import ObjectStore
from lakehouse.settings import Settings

FOLDER = "ops/_notifications"
FIRST_WAIT = 0.5
"""Seconds before the second attempt; each further wait is twice as long."""
LONGEST_WAIT = 10.0
"""Seconds that an attempt is put off at most, whatever the receiver asks for."""
LONGEST = 3000
"""Characters of an error that a message quotes."""
TOO_OFTEN = 429


class NotDelivered(Exception):
    """A channel did not take a message; the text says why and never where to.

    Attributes:
        passing: whether another attempt may succeed.
        wait: seconds that the receiver asks for, 0 when it does not say.
    """

    def __init__(self, why: str, *, passing: bool, wait: float = 0.0) -> None:
        super().__init__(why)
        self.passing = passing
        self.wait = wait


class Channel(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """A lower-case word; what was said is remembered under it."""
        ...

    def send(self, message: str) -> None:
        """Deliver one message; NotDelivered when it cannot."""
        ...


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts JSON ``{"text": message}``, as Slack's incoming webhooks take it.

    Args:
        name: of the channel.
        url: where to; a secret, because whoever knows it can post.
        timeout: seconds for the answer.
    """

    name: str
    url: str = field(repr=False)
    timeout: float = 5.0

    def send(self, message: str) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise NotDelivered("its address is no http(s) URL", passing=False)
        body = json.dumps({"text": message}, ensure_ascii=False).encode()
        try:
            request = urllib.request.Request(  # noqa: S310  the scheme is checked
                self.url,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8"},
                method="POST",
            )
            with _OPENER.open(request, timeout=self.timeout):
                return
        except urllib.error.HTTPError as error:
            passing = error.code >= 500 or error.code == TOO_OFTEN
            wait = _seconds(error.headers.get("Retry-After", ""))
            raise NotDelivered(f"HTTP {error.code}", passing=passing, wait=wait) from None
        except (ValueError, http.client.InvalidURL) as error:
            raise NotDelivered(
                f"its address cannot be used ({type(error).__name__})", passing=False
            ) from None
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            raise NotDelivered(f"no answer ({type(cause).__name__})", passing=True) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its message, perhaps at somebody else's."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels that the settings name."""
    named = {"slack": settings.slack_webhook, "webhook": settings.webhook}
    return tuple(
        Webhook(name=name, url=url, timeout=settings.notify_timeout)
        for name, url in named.items()
        if url
    )


def notify(
    message: str,
    cause: str,
    *,
    store: ObjectStore,
    to: Sequence[Channel],
    attempts: int,
    log: logging.Logger,
    sleep: Callable[[float], Any] = time.sleep,
) -> bool:
    """Say something once: a cause that a channel was told before is not told again.

    Never raises. What could not be delivered is logged and not remembered, so that the same cause
    may be told later.

    Args:
        message: for people.
        cause: what it is about; the same text is the same cause.
        store: the lake, where told causes are remembered.
        to: channels.
        attempts: how often each is tried.
        log: takes what went wrong.
        sleep: waits some seconds.

    Returns:
        Whether every channel has the message now, from this call or an earlier one.
    """
    delivered = True
    for channel in to:
        try:
            place = record_path(channel.name, cause)
            if store.stat(place) is None:
                _sent(channel, message, attempts, sleep)
                store.write(place, _record(channel.name, message, cause))
        except NotDelivered as why:
            delivered = False
            log.warning("%s was not told of %s: %s", channel.name, cause, why)
        except Exception as error:  # noqa: BLE001  a message never fails the data
            delivered = False
            log.warning("%s and %s: %s", channel.name, cause, type(error).__name__)
    return delivered


def _sent(channel: Channel, message: str, attempts: int, sleep: Callable[[float], Any]) -> None:
    """Deliver, again after a while when the failure may pass; NotDelivered after the last."""
    for attempt in range(1, max(attempts, 1) + 1):
        try:
            channel.send(message)
        except NotDelivered as why:
            if not why.passing:
                raise
            if attempt >= attempts:
                raise NotDelivered(f"{why}, {attempts} times", passing=True) from why
            sleep(min(LONGEST_WAIT, max(why.wait, FIRST_WAIT * 2 ** (attempt - 1))))
        else:
            return


def record_path(channel: str, cause: str) -> str:
    """Where it is remembered that a channel was told a cause."""
    return f"{FOLDER}/{channel}/{digest(cause)}.json"


def _record(channel: str, message: str, cause: str) -> bytes:
    said = {
        "channel": channel,
        "cause": cause,
        "message_digest": digest(message),
        "sent_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def digest(text: str) -> str:
    """Short name of a text: the first 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def fit_to_tell(error: str, settings: Settings) -> str:
    """An error's words without secrets, without calls to everybody, and not endless.

    >>> fit_to_tell("no connection to postgresql://ana@db/sales", Settings())
    'no connection to postgresql://***@db/sales'
    """
    text = re.sub(r"(?<=://)[^\s/@]+@", "***@", error.strip())
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if setting.metadata.get("secret") and value:
            text = text.replace(value, "***")
    text = re.sub(r"<(?=[!@])", "<\u200b", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,4}", text.strip()) else 0.0

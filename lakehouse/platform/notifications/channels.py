"""Messages to people: each once per cause, tried a few times at most, never in the way of data.

Knows no business and no orchestrator. What was said is remembered in the lake below
``ops/_notifications/<channel>/``: an object for each cause, without the message's words.
"""

import contextlib
import datetime as dt
import hashlib
import http.client
import json
import logging
import re
import threading
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.domains import all_secrets
from lakehouse.settings import Settings

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

FOLDER = "ops/_notifications"
FIRST_WAIT = 0.5
"""Seconds before the second attempt; each further wait is twice as long."""
LONGEST_WAIT = 10.0
"""Seconds that an attempt is put off at most, whatever the receiver asks for."""
LONGEST = 3000
"""Characters of an error that a message quotes."""
TOO_OFTEN = 429
MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
LETTER_WAIT = 30.0
"""Seconds that a mail server may read a letter: to hang up sooner is to send it twice."""
SUBJECT = 150
"""Characters of a subject."""
SNS_SUBJECT = 99
"""Characters of a subject that SNS takes."""


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

    @property
    def errors_only(self) -> bool:
        """Whether only errors are told."""
        ...

    @property
    def in_one(self) -> bool:
        """Whether an error and what to do about it are one message."""
        ...

    def send(self, message: str, *, is_error: bool = False) -> str | None:
        """Deliver one message.

        Returns:
            What is amiss although the message was taken.

        Raises:
            NotDelivered: it was not taken.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts JSON ``{"text": message}``, as Slack's incoming webhooks take it.

    Args:
        name: of the channel.
        url: where to; a secret, because whoever knows it can post.
        timeout: seconds for the answer, all in all.
    """

    name: str
    url: str = field(repr=False)
    timeout: float = 5.0
    errors_only: ClassVar[bool] = False
    in_one: ClassVar[bool] = False

    def send(self, message: str, *, is_error: bool = False) -> None:
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
            _in_time(self.timeout, lambda: _OPENER.open(request, timeout=self.timeout).close())
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


def _in_time(seconds: float, work: Callable[[], None]) -> None:
    """Do something whose own limit is for each wait of many; TimeoutError when all take longer."""
    done: Future[None] = Future()

    def worker() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  it is raised where somebody waits for it
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=worker, daemon=True).start()
    done.result(seconds)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Hands plain text to a mail server, one letter for all recipients.

    A certificate must be one that this machine trusts; nothing is sent in clear to a server that
    was to encrypt.

    Args:
        server: URL of one of `MAIL_PORTS`; a secret where it has a password.
        sender: address.
        recipients: addresses.
        errors_only: whether only errors are told.
        timeout: seconds for each of the server's answers; a letter may be read for longer.
    """

    name: ClassVar[str] = "mail"
    in_one: ClassVar[bool] = True
    server: str = field(repr=False)
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    errors_only: bool = True
    timeout: float = 5.0

    def send(self, message: str, *, is_error: bool = False) -> str | None:
        import smtplib
        import ssl

        try:
            rejected = self._handed_over(self._letter(message, is_error=is_error))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            why, passing = f"SMTP {_listed(codes)} for every recipient", any(map(_passes, codes))
        except smtplib.SMTPResponseException as error:
            why, passing = f"SMTP {error.smtp_code}", _passes(error.smtp_code)
        except smtplib.SMTPServerDisconnected as error:
            why, passing = f"no answer ({type(error).__name__})", True
        except smtplib.SMTPException as error:  # no STARTTLS, or no login that both know
            why, passing = f"the server cannot be used ({type(error).__name__})", False
        except ssl.SSLCertVerificationError:
            why, passing = "its certificate is not trusted", False
        except OSError as error:
            why, passing = f"no answer ({type(error).__name__})", True
        else:
            some = f"{len(rejected)} of {len(self.recipients)} recipients"
            return f"SMTP {_listed(rejected)} for {some}" if rejected else None
        raise NotDelivered(why, passing=passing)

    def _letter(self, message: str, *, is_error: bool) -> "EmailMessage":
        from email.headerregistry import Address
        from email.message import EmailMessage
        from email.utils import make_msgid

        letter = EmailMessage()
        letter["From"] = Address("Lakehouse", addr_spec=self.sender)
        letter["To"] = ", ".join(self.recipients)
        letter["Subject"] = subject(message, is_error=is_error)
        letter["Date"] = dt.datetime.now(dt.UTC)
        letter["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(_plain(message), cte="quoted-printable")
        return letter

    def _handed_over(self, letter: "EmailMessage") -> list[int]:
        """Deliver; gives the server's code for each recipient that it rejected beside others."""
        place = urlsplit(self.server)
        connection = self._opened()
        try:
            if place.scheme == "smtp+starttls":
                connection.starttls(context=_tls())
            if place.username:
                connection.login(unquote(place.username), unquote(place.password or ""))
            if connection.sock is not None:
                connection.sock.settimeout(max(self.timeout, LETTER_WAIT))
            rejected = connection.send_message(letter, self.sender, self.recipients)
            return [code for code, _ in rejected.values()]
        finally:
            with contextlib.suppress(OSError):  # a letter that was taken stays taken
                connection.quit()

    def _opened(self) -> "smtplib.SMTP":
        import smtplib

        place = urlsplit(self.server)
        host, port = place.hostname or "", place.port or MAIL_PORTS[place.scheme]
        if place.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=_tls())
        return smtplib.SMTP(host, port, timeout=self.timeout)


def _tls() -> "ssl.SSLContext":
    import ssl

    return ssl.create_default_context()


def _passes(code: int) -> bool:
    return 400 <= code < 500


def _listed(codes: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(set(codes))))


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Publishes to a topic of Amazon SNS, with an attribute ``kind``: ``error`` or ``news``.

    Credentials and an endpoint other than Amazon's are found as boto3 finds them.

    Args:
        arn: of the topic; it names the account, so it is a secret.
        timeout: seconds for the answer.
    """

    name: ClassVar[str] = "sns"
    errors_only: ClassVar[bool] = False
    in_one: ClassVar[bool] = True
    arn: str = field(repr=False)
    timeout: float = 5.0

    def send(self, message: str, *, is_error: bool = False) -> None:
        from botocore import exceptions as aws
        from botocore.parsers import ResponseParserError

        kind = "error" if is_error else "news"
        try:
            self._client().publish(
                TopicArn=self.arn,
                Subject=sns_subject(message, is_error=is_error),
                Message=_plain(message),
                MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
            )
        except aws.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            passing = status >= 500 or status == TOO_OFTEN or "throttl" in code.lower()
            raise NotDelivered(f"SNS {code}", passing=passing) from None
        except (aws.ConnectionError, aws.HTTPClientError, ResponseParserError) as error:
            raise NotDelivered(f"no answer ({type(error).__name__})", passing=True) from None
        except aws.BotoCoreError as error:
            raise NotDelivered(
                f"it cannot be called ({type(error).__name__})", passing=False
            ) from None

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        once = Config(
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        return boto3.Session().client("sns", region_name=self.arn.split(":")[3], config=once)


def subject(message: str, *, is_error: bool) -> str:
    r"""One line for a message: its first, without Slack's marks and what cannot be printed.

    >>> subject("*[Camada Silver]*\n\nOcorreu o erro abaixo:", is_error=True)
    'Erro: [Camada Silver]'
    """
    lines = ("".join(filter(str.isprintable, line)) for line in _plain(message).splitlines())
    first = next(filter(None, map(str.strip, lines)), "Lakehouse")
    text = f"Erro: {first}" if is_error else first
    return text if len(text) <= SUBJECT else text[: SUBJECT - 1] + "…"


def sns_subject(message: str, *, is_error: bool) -> str:
    """A subject as SNS takes it: fewer than 100 ASCII characters, here without their accents.

    >>> sns_subject("*[Execução]*", is_error=False)
    '[Execucao]'
    """
    letters = unicodedata.normalize("NFKD", subject(message, is_error=is_error))
    text = letters.encode("ascii", "ignore").decode().strip()
    return text[:SNS_SUBJECT] or "Lakehouse"


def _plain(message: str) -> str:
    """A message without the asterisks that make a line bold in Slack."""
    return re.sub(r"(?m)^\*(.+)\*$", r"\1", message)


def channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels that the settings name."""
    timeout = settings.notify_timeout
    named = {"slack": settings.slack_webhook, "webhook": settings.webhook}
    found: list[Channel] = [
        Webhook(name=name, url=url, timeout=timeout) for name, url in named.items() if url
    ]
    if settings.smtp and settings.mail_from:
        found.append(
            Mail(
                server=settings.smtp,
                sender=settings.mail_from,
                recipients=settings.recipients,
                errors_only=settings.mail_about == "errors",
                timeout=timeout,
            )
        )
    if settings.sns_topic:
        found.append(Topic(arn=settings.sns_topic, timeout=timeout))
    return tuple(found)


def notify(
    message: str,
    cause: str,
    *,
    is_error: bool = False,
    hint: str = "",
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
        is_error: whether it is of something that went wrong.
        hint: what to do about that.
        store: the lake, where told causes are remembered.
        to: channels.
        attempts: how often each is tried.
        log: takes what went wrong.
        sleep: waits some seconds.

    Returns:
        Whether every channel that takes it has the message now, from this call or an earlier one.
    """
    delivered = True
    for channel in to:
        if channel.errors_only and not is_error:
            continue
        for about, text in _parts(channel, message, cause, hint).items():
            try:
                place = record_path(channel.name, about)
                if store.stat(place) is None:
                    amiss = _sent(channel, text, is_error, attempts, sleep)
                    store.write(place, _record(channel.name, text, about))
                    if amiss:
                        log.warning("%s was told of %s, but: %s", channel.name, about, amiss)
            except NotDelivered as why:
                delivered = False
                log.warning("%s was not told of %s: %s", channel.name, about, why)
            except Exception as error:  # noqa: BLE001  a message never fails the data
                delivered = False
                log.warning("%s and %s: %s", channel.name, about, type(error).__name__)
    return delivered


def _parts(channel: Channel, message: str, cause: str, hint: str) -> Mapping[str, str]:
    """Cause → text of each message that a channel is sent."""
    if not hint:
        return {cause: message}
    if channel.in_one:
        return {cause: f"{message}\n\n{hint}"}
    return {cause: message, f"{cause}/way-out": hint}


def _sent(
    channel: Channel, text: str, is_error: bool, attempts: int, sleep: Callable[[float], Any]
) -> str | None:
    """Deliver, again after a while when the failure may pass; NotDelivered after the last."""
    attempt = 1
    while True:
        try:
            return channel.send(text, is_error=is_error)
        except NotDelivered as why:
            if not why.passing:
                raise
            if attempt >= attempts:
                raise NotDelivered(f"{why}, {attempts} times", passing=True) from why
            sleep(min(LONGEST_WAIT, max(why.wait, FIRST_WAIT * 2 ** (attempt - 1))))
        attempt += 1


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
    for secret in all_secrets(settings):
        text = text.replace(secret, "***")
    text = re.sub(r"<(?=[!@])", "<\u200b", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,4}", text.strip()) else 0.0

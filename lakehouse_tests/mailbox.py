"""A real SMTP server on this machine; tests set its answers, and it forwards nothing."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "lake@house", "pass:w/rd@secret"  # pragma: allowlist secret
LOGIN = "lake%40house:pass%3Aw%2Frd%40secret"
"""User and password in the form of a URL."""


@dataclass
class Mailbox:
    """The mails that arrived, and the answers of the server.

    Attributes:
        answers: answers to the next mails; later ones are accepted.
        rejected: answers to recipients that the server rejects.
        goodbye: answer at the end of a session; without it the server closes the connection.
        seconds: time until the server accepts a mail.
        letters: accepted mails.
        envelopes: sender and recipients of each.
        encrypted: whether each arrived over an encrypted connection.
        logins: user and password of each login.
        visits: number of connections.
    """

    scheme: str = "smtp"
    port: int = 0
    host: str = "127.0.0.1"
    answers: list[str] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    goodbye: str = "221 Bye"
    seconds: float = 0.0
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    visits: int = 0

    def url(self, login: str = "") -> str:
        """Return the URL of the server, with or without a login."""
        return f"{self.scheme}://{login and f'{login}@'}{self.host}:{self.port}"

    @property
    def subjects(self) -> list[str]:
        """Subjects of the accepted mails in the order of their arrival."""
        return [letter["Subject"] for letter in self.letters]

    async def handle_RCPT(  # noqa: N802  aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rejected:
            return self.rejected[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  likewise
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.seconds)
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.letters.append(letter)
        self.envelopes.append((str(envelope.mail_from), envelope.rcpt_tos))
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("cipher") is not None)
        return "250 Accepted"

    async def handle_QUIT(  # noqa: N802  likewise
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if not self.goodbye:
            assert server.transport is not None
            server.transport.close()
        return self.goodbye

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        """Accept one user with one password."""
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD), handled=False)


@contextmanager
def mailbox(
    scheme: str = "smtp", *, certificate: trustme.LeafCert | None = None, offers_tls: bool = True
) -> Iterator[Mailbox]:
    """Run a server until the end of the context.

    Args:
        scheme: ``smtp``, ``smtp+starttls`` or ``smtps``.
        certificate: certificate of the server.
        offers_tls: whether a server for ``smtp+starttls`` offers STARTTLS.
    """
    here = Mailbox(scheme=scheme)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
    starttls = scheme == "smtp+starttls" and offers_tls

    class Anywhere(Controller):
        """Listens on a free port."""

        def factory(self) -> SMTP:
            here.visits += 1
            return super().factory()

        def _trigger_server(self) -> None:
            assert isinstance(self.server, asyncio.Server)
            here.port = self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()
            here.visits = 0

    controller = Anywhere(
        here,
        hostname=here.host,
        port=0,
        ready_timeout=30,
        ssl_context=context if scheme == "smtps" else None,
        tls_context=context if starttls else None,
        require_starttls=starttls,
        authenticator=here.authenticate,
        auth_require_tls=starttls,
    )
    controller.start()
    try:
        yield here
    finally:
        controller.stop()

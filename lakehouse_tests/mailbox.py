"""A mail server on this machine, real but for what it answers and that it sends nothing on."""

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
"""User and password as a URL has them."""


@dataclass
class Mailbox:
    """What arrived, and what is answered: the next of `answers`, then that the letter is taken.

    Recipients in `rejected` are answered what stands there; a letter is read for `seconds`. A
    server without `goodbye` hangs up.
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
        """Where it is, for somebody or for anybody."""
        return f"{self.scheme}://{login and f'{login}@'}{self.host}:{self.port}"

    @property
    def subjects(self) -> list[str]:
        """The subjects of the letters, in the order of their arrival."""
        return [letter["Subject"] for letter in self.letters]

    async def handle_RCPT(  # noqa: N802  aiosmtpd looks for it
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
        return "250 Taken"

    async def handle_QUIT(  # noqa: N802  likewise
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if not self.goodbye:
            assert server.transport is not None
            server.transport.close()
        return self.goodbye

    def let_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        """Only the one user, by the one password."""
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD), handled=False)


@contextmanager
def mailbox(
    scheme: str = "smtp", *, certificate: trustme.LeafCert | None = None, offers_tls: bool = True
) -> Iterator[Mailbox]:
    """A server that listens until the end.

    Args:
        scheme: how it wants to be spoken to: ``smtp``, ``smtp+starttls`` or ``smtps``.
        certificate: what it shows who it is with.
        offers_tls: whether a server for ``smtp+starttls`` knows that at all.
    """
    here = Mailbox(scheme=scheme)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
    starttls = scheme == "smtp+starttls" and offers_tls

    class Anywhere(Controller):
        """Listens at a port that the system chooses."""

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
        authenticator=here.let_in,
        auth_require_tls=starttls,
    )
    controller.start()
    try:
        yield here
    finally:
        controller.stop()

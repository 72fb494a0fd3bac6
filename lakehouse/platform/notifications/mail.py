"""Messages as plain-text mail through an SMTP server."""

import contextlib
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote, urlsplit

from lakehouse.platform.notifications.channels import NotDelivered
from lakehouse.platform.notifications.texts import plain, subject

if TYPE_CHECKING:
    import smtplib
    import ssl
    from email.message import EmailMessage

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
ACCEPT_SECONDS = 30.0
"""Seconds for the server to accept a mail; hanging up earlier would send it a second time."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Sends one mail to all recipients.

    The server's certificate must be trusted by this machine. Nothing is sent unencrypted to a
    server whose URL demands encryption.

    Args:
        server: URL with one of the schemes of `PORTS`; secret, as it may hold a password.
        sender: address.
        recipients: addresses.
        errors_only: whether only errors are mailed.
        error_label: word before the subject of an error.
        timeout: seconds for each answer of the server, except for accepting the mail.
    """

    name: ClassVar[str] = "mail"
    joins_hint: ClassVar[bool] = True
    server: str = field(repr=False)
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    errors_only: bool = True
    error_label: str = "Error"
    timeout: float = 5.0

    def send(self, message: str, *, is_error: bool = False) -> str | None:
        import smtplib
        import ssl

        try:
            rejected = self._hand_over(self._compose(message, is_error=is_error))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            reason = f"SMTP {_listed(codes)} for every recipient"
            temporary = any(map(_is_temporary, codes))
        except smtplib.SMTPResponseException as error:
            reason, temporary = f"SMTP {error.smtp_code}", _is_temporary(error.smtp_code)
        except smtplib.SMTPServerDisconnected as error:
            reason, temporary = f"no answer ({type(error).__name__})", True
        except smtplib.SMTPException as error:  # no STARTTLS, or no common way to log in
            reason, temporary = f"the server cannot be used ({type(error).__name__})", False
        except ssl.SSLCertVerificationError:
            reason, temporary = "its certificate is not trusted", False
        except OSError as error:
            reason, temporary = f"no answer ({type(error).__name__})", True
        else:
            some = f"{len(rejected)} of {len(self.recipients)} recipients"
            return f"SMTP {_listed(rejected)} for {some}" if rejected else None
        raise NotDelivered(reason, temporary=temporary)

    def _compose(self, message: str, *, is_error: bool) -> "EmailMessage":
        from email.headerregistry import Address
        from email.message import EmailMessage
        from email.utils import make_msgid

        mail = EmailMessage()
        mail["From"] = Address("Lakehouse", addr_spec=self.sender)
        mail["To"] = ", ".join(self.recipients)
        mail["Subject"] = subject(message, self.error_label if is_error else "")
        mail["Date"] = dt.datetime.now(dt.UTC)
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(plain(message), cte="quoted-printable")
        return mail

    def _hand_over(self, mail: "EmailMessage") -> list[int]:
        """Deliver a mail; return the codes of recipients that the server rejected."""
        url = urlsplit(self.server)
        connection = self._connect()
        try:
            if url.scheme == "smtp+starttls":
                connection.starttls(context=_tls())
            if url.username:
                connection.login(unquote(url.username), unquote(url.password or ""))
            if connection.sock is not None:
                connection.sock.settimeout(max(self.timeout, ACCEPT_SECONDS))
            rejected = connection.send_message(mail, self.sender, self.recipients)
            return [code for code, _ in rejected.values()]
        finally:
            with contextlib.suppress(OSError):  # the mail is accepted even if goodbye fails
                connection.quit()

    def _connect(self) -> "smtplib.SMTP":
        import smtplib

        url = urlsplit(self.server)
        host, port = url.hostname or "", url.port or PORTS[url.scheme]
        if url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=_tls())
        return smtplib.SMTP(host, port, timeout=self.timeout)


def _tls() -> "ssl.SSLContext":
    import ssl

    return ssl.create_default_context()


def _is_temporary(code: int) -> bool:
    return 400 <= code < 500


def _listed(codes: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(codes))))

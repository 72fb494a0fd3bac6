"""Texts of messages: subject lines, plain text, and errors without secrets."""

import re
import unicodedata

from lakehouse.platform.tables.domains import all_secrets
from lakehouse.settings import Settings

LONGEST_ERROR = 3000
"""Characters of an error that a message quotes."""
LONGEST_SUBJECT = 150
LONGEST_ASCII_SUBJECT = 99
"""SNS accepts fewer than 100 characters."""


def plain(message: str) -> str:
    """Return a message without the asterisks that print a line in bold in Slack."""
    return re.sub(r"(?m)^\*(.+)\*$", r"\1", message)


def subject(message: str, *, is_error: bool) -> str:
    r"""Return the first line of a message that has printable text, shortened.

    >>> subject("*[Camada Silver]*\n\nOcorreu o erro abaixo:", is_error=True)
    'Erro: [Camada Silver]'
    """
    lines = ("".join(filter(str.isprintable, line)) for line in plain(message).splitlines())
    first = next(filter(None, map(str.strip, lines)), "Lakehouse")
    return shortened(f"Erro: {first}" if is_error else first, LONGEST_SUBJECT)


def ascii_subject(message: str, *, is_error: bool) -> str:
    """Return a subject as SNS accepts it: short and without accents.

    >>> ascii_subject("*[Execução]*", is_error=False)
    '[Execucao]'
    """
    letters = unicodedata.normalize("NFKD", subject(message, is_error=is_error))
    text = letters.encode("ascii", "ignore").decode().strip()
    return text[:LONGEST_ASCII_SUBJECT] or "Lakehouse"


def safe_text(error: str, settings: Settings) -> str:
    """Return an error's text without secrets and without mentions of everybody, shortened.

    >>> safe_text("no connection to postgresql://ana@db/shop", Settings())
    'no connection to postgresql://***@db/shop'
    """
    text = re.sub(r"(?<=://)[^\s/@]+@", "***@", error.strip())
    for secret in all_secrets(settings):
        text = text.replace(secret, "***")
    return shortened(re.sub(r"<(?=[!@])", "<\u200b", text), LONGEST_ERROR)


def shortened(text: str, length: int) -> str:
    """Return at most ``length`` characters of a text; an ellipsis shows what was cut off."""
    return text if len(text) <= length else text[: length - 1] + "…"

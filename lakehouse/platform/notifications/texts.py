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


def subject(message: str, label: str = "") -> str:
    r"""Return the first line of a message that has printable text, after a label and shortened.

    >>> subject("*[Silver layer]*\n\nThis error occurred:", "Error")
    'Error: [Silver layer]'
    """
    lines = ("".join(filter(str.isprintable, line)) for line in plain(message).splitlines())
    first = next(filter(None, map(str.strip, lines)), "Lakehouse")
    return shortened(f"{label}: {first}" if label else first, LONGEST_SUBJECT)


def ascii_subject(message: str, label: str = "") -> str:
    """Return a subject as SNS accepts it: short and without accents.

    >>> ascii_subject("*[Café]*")
    '[Cafe]'
    """
    letters = unicodedata.normalize("NFKD", subject(message, label))
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

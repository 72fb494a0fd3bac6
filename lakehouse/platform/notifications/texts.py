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
    """Return a message as plain text, without the asterisks that make a line bold in Slack."""
    return readable(_not_bold(message))


def _not_bold(message: str) -> str:
    return re.sub(r"(?m)^\*(.+)\*$", r"\1", message)


def subject(message: str, label: str = "") -> str:
    r"""Return the first line of a message that has printable text, after a label and shortened.

    >>> subject("*[Silver layer]*\n\nThis error occurred:", "Error")
    'Error: [Silver layer]'
    """
    lines = ("".join(filter(str.isprintable, line)) for line in _not_bold(message).splitlines())
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


def readable(message: str) -> str:
    r"""Return a message with its control characters as codes, except line ends and tabs.

    >>> print(readable("red \x1b[31m"))
    red \x1b[31m
    """
    if message.isprintable():
        return message
    message = message.replace("\r\n", "\n")
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode()
        for each in message
    )


def for_slack(message: str) -> str:
    """Return a message in which nothing is a link or a mention for Slack.

    >>> for_slack("folder <!channel> & more")
    'folder &lt;!channel&gt; &amp; more'
    """
    text = readable(message).replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def without_mentions(message: str) -> str:
    """Return a message in which ``<!channel>`` and ``<@name>`` mention nobody."""
    return re.sub(r"<(?=[!@#])", "<\u200b", readable(message))


def safe_text(error: str, settings: Settings) -> str:
    """Return an error's text without secrets, shortened.

    >>> safe_text("no connection to postgresql://ana@db/shop", Settings())
    'no connection to postgresql://***@db/shop'
    """
    text = re.sub(r"(?<=://)[^\s/@]+@", "***@", error.strip())
    for secret in all_secrets(settings):
        text = text.replace(secret, "***")
    return shortened(text, LONGEST_ERROR)


def shortened(text: str, length: int) -> str:
    """Return at most ``length`` characters of a text; an ellipsis shows what was cut off."""
    return text if len(text) <= length else text[: length - 1] + "…"

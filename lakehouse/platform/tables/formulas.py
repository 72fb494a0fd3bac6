"""Keep spreadsheets from running text of delivered files as a formula when they open a CSV file.

A value such as ``=1+1`` gets an apostrophe in front, which spreadsheets take for the mark of text.
Numbers and telephone numbers stay as they are.
"""

import re

_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]", re.ASCII)
_HARMLESS = re.compile(
    r"\s*(?:[+-]?(?:[0-9][0-9.,]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?\s?%?"  # a number
    r"|\+[0-9][0-9 ().-]{6,}"  # a telephone number
    r"|[-=+@ ]+)\s*"  # a dash for "nothing"
)


def neutralized(text: str) -> str:
    """Return the text with an apostrophe in front if a spreadsheet could run it as a formula.

    >>> [neutralized(text) for text in ("=1+1", "@SUM(A1)", "-12,50", "+55 11 91234-5678", "--")]
    ["'=1+1", "'@SUM(A1)", '-12,50', '+55 11 91234-5678', '--']
    """
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return f"'{text}"
    return text


def restored(text: str) -> str:
    """Return the text that `neutralized` was given.

    >>> restored("'=1+1"), restored("'hello'"), restored(neutralized("'=1+1"))
    ('=1+1', "'hello'", "'=1+1")
    """
    return text[1:] if text.startswith("'") and neutralized(text[1:]) == text else text

"""Text that looks equal although its characters differ: blanks, accents, invisible characters.

The patterns are written for DuckDB and Spark alike, and a regular expression is several times
faster there than trimming or translating.
"""

import functools
import unicodedata
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

_BLANK = (
    r"\x{09}-\x{0D} \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"
)
"""Every kind of blank, for a character class."""
_INVISIBLE = (
    r"\x{00}-\x{08}\x{0E}-\x{1F}\x{7F}\x{AD}\x{61C}\x{180E}"
    r"\x{115F}\x{1160}\x{200B}-\x{200F}\x{2060}-\x{2064}\x{2800}\x{3164}"
    r"\x{FE00}-\x{FE0F}\x{FEFF}\x{FFA0}"
)
"""Characters that show nothing, among them the byte order mark and fillers. Not those that reverse
the text after them: such a number does not look like what it is, so it is rejected."""
_MARKS = r"\x{300}-\x{36F}"
"""Accents that follow their letter."""
_OUTER = f"^[{_BLANK}{_INVISIBLE}]+|[{_BLANK}{_INVISIBLE}]+$"
_ACCENTS = {"\u0301": "aeiou", "\u0300": "aeiou", "\u0302": "aeiou", "\u0308": "aeiou"} | {
    "\u0303": "aon",
    "\u0327": "c",
}
_SIMILAR = {
    "a": "аΑА",
    "b": "ΒВ",
    "c": "сС",
    "d": "ԁ",
    "e": "еΕЕ",
    "h": "һΗН",
    "i": "іıΙІ",
    "j": "јЈ",
    "k": "ΚК",
    "m": "ΜМ",
    "n": "Ν",
    "o": "оοΟО",
    "p": "рρΡР",
    "q": "ԛ",
    "s": "ѕЅ",
    "t": "ΤТ",
    "u": "υ",
    "v": "ν",
    "w": "ԝ",
    "x": "хΧХ",
    "y": "уΥУ",
    "z": "Ζ",
}
"""Letters of other alphabets that look like a Latin one."""


def bare(text: ir.StringValue) -> ir.StringValue:
    r"""Return a text without outer blanks of any kind and without outer invisible characters.

    >>> bare(ibis.literal("\ufeff a\u00a0")).execute()
    'a'
    """
    return text.re_replace(_OUTER, "")


def trimmed(text: ir.StringValue) -> ir.StringValue:
    """Return a text like `bare`; null when nothing is left.

    >>> trimmed(ibis.literal("  a ")).execute()
    'a'
    """
    return bare(text).nullif("")


def name(text: ir.StringValue) -> ir.StringValue:
    r"""Return a name in one form: trimmed, single blanks, accents on their letters.

    Use it for names by which rows are grouped or compared; null when nothing is left.

    >>> name(ibis.literal(" Sa\u0303o\u00a0 Paulo")).execute()
    'São Paulo'
    """
    visible = text.re_replace(f"[{_INVISIBLE}]+", "").re_replace(f"[{_BLANK}]+", " ")
    composed = visible
    for apart, together in _compositions():
        composed = composed.replace(apart, together)
    whole = visible.re_search(f"[{_MARKS}]").ifelse(composed, visible)
    return whole.strip().nullif("")


def label_of(text: ir.StringValue, labels: Mapping[str, str]) -> ir.StringValue:
    r"""Return the value of the label that a text spells; null when it spells none of them.

    Case, accents, kind and number of blanks, invisible characters, full-width forms and similar
    letters of other alphabets do not count.

    >>> label_of(ibis.literal("loja  FI\u0301SICA"), {"Loja Física": "shop"}).execute()
    'shop'
    """
    return ibis.cases(
        *((text.re_search(_spelling(label)), value) for label, value in labels.items()),
        else_=ibis.null("string"),
    )


@functools.cache
def _spelling(label: str) -> str:
    """Return the pattern of all spellings of a label."""
    skipped = f"[{_INVISIBLE}{_MARKS}]*"
    parts = [
        f"[{_BLANK}]+{skipped}" if each == " " else f"[{_variants(each)}]{skipped}"
        for each in _plain(label)
    ]
    around = f"[{_BLANK}{_INVISIBLE}]*"
    return f"^{around}{''.join(parts)}{around}$"


@functools.cache
def _variants(letter: str) -> str:
    """Return the characters that are written for a letter or digit, for a character class."""
    found = {letter, letter.upper(), *_SIMILAR.get(letter, "")}
    for code in (*range(0xAA, 0x250), *range(0xFF01, 0xFF5F)):
        if _plain(chr(code)) == letter:
            found.add(chr(code))
    return "".join(rf"\x{{{ord(each):X}}}" for each in sorted(found))


def _plain(text: str) -> str:
    """Return a text in lower case without accents and without full-width forms."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(each for each in letters if not unicodedata.combining(each)).casefold()


@functools.cache
def _compositions() -> list[tuple[str, str]]:
    """Return letters followed by their accent, each with the one character that means both."""
    pairs = [
        letter + mark
        for mark, letters in _ACCENTS.items()
        for letter in (*letters, *letters.upper())
    ]
    return [(pair, unicodedata.normalize("NFC", pair)) for pair in pairs]

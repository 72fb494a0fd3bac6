"""The ids and e-mail addresses of a person, and which values, texts and rows belong to them.

A tagged column identifies a person by its value. In text outside of tagged columns only distinctive
ids and addresses are recognized, as complete words.
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.privacy.personal_columns import PersonalColumns, has_numeric_ids
from lakehouse.platform.tables.csv_format import BLANKS

DISTINCTIVE_LENGTH = 6
"""Least number of characters of an id that is recognized in text, if it is not only digits."""
DISTINCTIVE_DIGITS = 9
"""Least number of digits of a number that is recognized in text."""
ERASED_TEXT = "erased"
"""Replaces a mention of a person."""

_WORD = re.compile(r"[\w.@+%'-]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def comparable_id(text: object, *, numeric: bool) -> str:
    """Return an id in the form in which ids are compared.

    >>> comparable_id(" 007 ", numeric=True), comparable_id("007", numeric=False)
    ('7', '007')
    """
    plain = str(text).strip(BLANKS)
    return str(int(plain)) if numeric and _NUMBER.fullmatch(plain) else plain


def comparable_email(text: object) -> str:
    """Return an e-mail address in the form in which addresses are compared: without case."""
    return str(text).strip(BLANKS).casefold()


def is_distinctive(text: str) -> bool:
    """Return whether a text is so unusual that it can only be a person's id or address.

    >>> [is_distinctive(text) for text in ("12", "8717bbf45cCDbEe", "ana@x.org", "40000")]
    [False, True, True, False]
    """
    if not _WORD.fullmatch(text):
        return False
    return len(text) >= (DISTINCTIVE_DIGITS if text.isdigit() else DISTINCTIVE_LENGTH)


def distinctive_words(texts: Iterable[str]) -> set[str]:
    """Return the words of texts that are distinctive.

    >>> sorted(distinctive_words(["de ana@x.org.", "12;8717bbf45cCDbEe"]))
    ['8717bbf45cCDbEe', 'ana@x.org']
    """
    words = (word.strip(".-+'") for text in texts for word in _WORD.findall(text))
    return {word for word in words if is_distinctive(word)}


@dataclass(frozen=True, kw_only=True)
class LinePositions:
    """Where ids are in the lines of one file.

    Args:
        delimiter: between the values of a line.
        width: number of columns.
        identifiers: positions of the columns with ids, from 0.
    """

    delimiter: str
    width: int
    identifiers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    """The ids and addresses of a person in one domain, in comparable form."""

    ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    numeric: bool = False
    """Ids of the domain are numbers."""
    _texts: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        texts = sorted(text for text in self.ids | self.emails if is_distinctive(text))
        object.__setattr__(self, "_texts", tuple(texts))

    def __bool__(self) -> bool:
        return bool(self.ids or self.emails)

    @staticmethod
    def of(domain: str, *, ids: Iterable[str] = (), emails: Iterable[str] = ()) -> "Person":
        """Return the person of a domain with ids and addresses as people write them."""
        numeric = has_numeric_ids(domain)
        return Person(
            ids=frozenset(comparable_id(text, numeric=numeric) for text in ids),
            emails=frozenset(comparable_email(text) for text in emails),
            numeric=numeric,
        )

    def has_id(self, value: object) -> bool:
        return value is not None and comparable_id(value, numeric=self.numeric) in self.ids

    def has_email(self, value: object) -> bool:
        return value is not None and comparable_email(value) in self.emails

    @functools.cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Pattern of a mention: a complete word; an id as written, an address in any case."""
        parts = [re.escape(t) if t in self.ids else f"(?i:{re.escape(t)})" for t in self._texts]
        if not parts:
            return None
        return re.compile(rf"(?<![\w.+-])(?:{'|'.join(parts)})(?![\w-]|[.@]\w)")

    def is_mentioned(self, text: str | None) -> bool:
        """Return whether a text outside of tagged columns names the person."""
        return bool(text and self.pattern and self.pattern.search(text))

    def without_mentions(self, text: str) -> str:
        """Return a text with every mention replaced."""
        return self.pattern.sub(ERASED_TEXT, text) if self.pattern else text

    def may_be_in(self, data: bytes) -> bool:
        """Return False if bytes cannot contain the person; a cheap test that may return True."""
        folded = data.lower()
        for text in self.ids | self.emails:
            forms = {text.lower().encode(code, "replace") for code in ("utf-8", "latin-1")}
            if text in self._texts:
                forms |= {text.lower().encode(code) for code in ("utf-16-le", "utf-16-be")}
            if any(form in folded for form in forms) or not text.isascii():
                return True
        return False

    def owns_line(self, text: str, positions: LinePositions) -> bool:
        """Return whether an unparsable line is theirs: by a mention, or an id at its position."""
        if self.is_mentioned(text):
            return True
        values = [part.strip(BLANKS + '"') for part in text.split(positions.delimiter)]
        return any(
            self.has_id(values[at])
            for position in positions.identifiers
            for at in (position, position - positions.width)
            if -len(values) <= at < len(values)
        )

    def owns_rejected_row(self, text: str | None, columns: PersonalColumns) -> bool:
        """Return whether a rejected row is theirs, from its values as JSON by column."""
        if not text:
            return False
        row = json.loads(text)
        by_id = any(self.has_id(row.get(name)) for name in columns.identifiers)
        by_email = any(self.has_email(row.get(name)) for name in columns.emails)
        return by_id or by_email or any(self.is_mentioned(_text(v)) for v in row.values())

    def owned_rows(self, rows: pa.Table, columns: PersonalColumns) -> pa.ChunkedArray:
        """Return True for each row that belongs to the person by an identifying column."""
        found = _no_rows(rows)
        for names, has in ((columns.identifiers, self.has_id), (columns.emails, self.has_email)):
            for name in names:
                if name in rows.column_names:
                    own = [
                        value
                        for value in rows[name].unique().to_pylist()
                        if has(value) or self.is_mentioned(_text(value))
                    ]
                    values = pa.array(own, rows[name].type)
                    found = pc.or_(found, pc.is_in(rows[name], values))
        return found

    def mentioning_rows(self, rows: pa.Table) -> pa.ChunkedArray:
        """Return True for each row with a text that names the person."""
        found = _no_rows(rows)
        for name in rows.column_names if self._texts else ():
            column = rows[name]
            if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
                continue
            likely = _no_rows(rows)
            for text in self._texts:
                matches = pc.match_substring(column, text, ignore_case=True).fill_null(False)
                likely = pc.or_(likely, matches)
            if pc.any(likely).as_py():
                values = column.filter(likely).unique().to_pylist()
                naming = [value for value in values if self.is_mentioned(value)]
                found = pc.or_(found, pc.is_in(column, pa.array(naming, column.type)))
        return found


Persons = Mapping[str, Person]
"""A person in each domain that may know them, by the name of the domain."""


def _no_rows(rows: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(False, rows.num_rows)])


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

"""Whom a request is about, and which values are theirs.

A person is known in a domain by ids and e-mail addresses. Columns that hold them are tagged in the
contracts; in text that belongs to no column only what cannot be anything else is recognised.
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.csv_format import BLANKS, CsvFormat
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table

PERSONAL = "personal"
"""Key of a column's tags under which a contract says what it tells of a person."""
IDENTIFIER, EMAIL = "identifier", "email"
DISTINCTIVE_LENGTH = 6
"""Characters from which on an id is recognised in running text, if it is not only digits."""
DISTINCTIVE_DIGITS = 9
"""Digits from which on a number is."""
ERASED_TEXT = "erased"
"""Stands in a value where somebody was mentioned."""

_WORD = re.compile(r"[\w.@+%'-]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True)
class Tags:
    """Columns of one table that say something of a person."""

    identifiers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.identifiers, *self.emails, *self.others)


def tags_of(table: Table) -> Tags:
    """What a table's contract says."""
    kinds = {c.name: c.tags[PERSONAL] for c in table.contract.columns if c.tags.get(PERSONAL)}
    return Tags(
        identifiers=tuple(name for name, kind in kinds.items() if kind == IDENTIFIER),
        emails=tuple(name for name, kind in kinds.items() if kind == EMAIL),
        others=tuple(name for name, kind in kinds.items() if kind not in (IDENTIFIER, EMAIL)),
    )


def declared_tags(table: TableId) -> Tags:
    """Tags of a stored table; none for a companion and for one that no system declares."""
    if table.companion:
        return Tags()
    try:
        return tags_of(load_domain(table.domain).table(table.layer, table.table))
    except (KeyError, ModuleNotFoundError):
        return Tags()


@functools.cache
def numbers_persons(domain: str) -> bool:
    """Whether a domain's ids are numbers, so that leading zeros mean nothing."""
    found = load_domain(domain)
    return any(
        column.type.is_integer()
        for table in found.tables
        for column in table.contract.columns
        if column.tags.get(PERSONAL) == IDENTIFIER
    )


def plain_id(text: object, *, numeric: bool) -> str:
    """An id as ids are compared.

    >>> plain_id(" 007 ", numeric=True), plain_id("007", numeric=False)
    ('7', '007')
    """
    plain = str(text).strip(BLANKS)
    return str(int(plain)) if numeric and _NUMBER.fullmatch(plain) else plain


def plain_email(text: object) -> str:
    """An e-mail address as addresses are compared: without regard to case."""
    return str(text).strip(BLANKS).casefold()


def distinctive(text: str) -> bool:
    """Whether a text can hardly be anything but somebody's id or address.

    >>> [distinctive(text) for text in ("12", "8717bbf45cCDbEe", "ana@x.org", "40000")]
    [False, True, True, False]
    """
    if not _WORD.fullmatch(text):
        return False
    return len(text) >= (DISTINCTIVE_DIGITS if text.isdigit() else DISTINCTIVE_LENGTH)


@dataclass(frozen=True, kw_only=True)
class Person:
    """What one system may know somebody by, in the form in which values are compared."""

    ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    numeric: bool = False
    """Ids are numbers in this system."""
    _texts: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        texts = sorted(text for text in self.ids | self.emails if distinctive(text))
        object.__setattr__(self, "_texts", tuple(texts))

    def __bool__(self) -> bool:
        return bool(self.ids or self.emails)

    @staticmethod
    def known(domain: str, *, ids: Iterable[str] = (), emails: Iterable[str] = ()) -> "Person":
        """A person of a domain by ids and addresses as somebody writes them."""
        numeric = numbers_persons(domain)
        return Person(
            ids=frozenset(plain_id(text, numeric=numeric) for text in ids),
            emails=frozenset(plain_email(text) for text in emails),
            numeric=numeric,
        )

    def has_id(self, value: object) -> bool:
        return value is not None and plain_id(value, numeric=self.numeric) in self.ids

    def has_email(self, value: object) -> bool:
        return value is not None and plain_email(value) in self.emails

    @functools.cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Finds them in running text as whole words; ids as written, addresses in any case."""
        said = [re.escape(t) if t in self.ids else f"(?i:{re.escape(t)})" for t in self._texts]
        if not said:
            return None
        return re.compile(rf"(?<![\w.+-])(?:{'|'.join(said)})(?![\w-]|[.@]\w)")

    def mentioned(self, text: str | None) -> bool:
        """Whether a text that belongs to no tagged column names them."""
        return bool(text and self.pattern and self.pattern.search(text))

    def silenced(self, text: str) -> str:
        """A text that names them no more."""
        return self.pattern.sub(ERASED_TEXT, text) if self.pattern else text

    def may_be_in(self, data: bytes) -> bool:
        """Whether bytes can hold them at all; cheap, and wrong on the safe side only."""
        folded = data.lower()
        for text in self.ids | self.emails:
            forms = {text.lower().encode(code, "replace") for code in ("utf-8", "latin-1")}
            if text in self._texts:
                forms |= {text.lower().encode(code) for code in ("utf-16-le", "utf-16-be")}
            if any(form in folded for form in forms) or not text.isascii():
                return True
        return False

    def line(self, text: str, places: "Places") -> bool:
        """Whether a line that is no record is theirs: by a word, or by the place of an id."""
        if self.mentioned(text):
            return True
        fields = [part.strip(BLANKS + '"') for part in text.split(places.delimiter)]
        return any(
            self.has_id(fields[at])
            for place in places.identifiers
            for at in (place, place - places.width)
            if -len(fields) <= at < len(fields)
        )

    def values(self, text: str | None, tags: Tags) -> bool:
        """Whether a rejected row, kept as JSON by column, is theirs."""
        if not text:
            return False
        row = json.loads(text)
        by_column = any(self.has_id(row.get(name)) for name in tags.identifiers)
        by_email = any(self.has_email(row.get(name)) for name in tags.emails)
        return by_column or by_email or any(self.mentioned(_said(v)) for v in row.values())

    def rows(self, rows: pa.Table, tags: Tags) -> pa.ChunkedArray:
        """True for the rows that a tagged column says are theirs."""
        found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
        for names, has in ((tags.identifiers, self.has_id), (tags.emails, self.has_email)):
            for name in names:
                if name in rows.column_names:
                    theirs = [
                        v
                        for v in rows[name].unique().to_pylist()
                        if has(v) or self.mentioned(_said(v))
                    ]
                    wanted = pa.array(theirs, rows[name].type)
                    found = pc.or_(found, pc.is_in(rows[name], wanted))
        return found

    def mentions(self, rows: pa.Table) -> pa.ChunkedArray:
        """True for the rows of which any text names them."""
        found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
        for name in rows.column_names if self._texts else ():
            column = rows[name]
            if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
                continue
            likely = pa.chunked_array([pa.repeat(False, rows.num_rows)])
            for text in self._texts:
                met = pc.match_substring(column, text, ignore_case=True).fill_null(False)
                likely = pc.or_(likely, met)
            if pc.any(likely).as_py():
                theirs = [
                    t for t in column.filter(likely).unique().to_pylist() if self.mentioned(t)
                ]
                found = pc.or_(found, pc.is_in(column, pa.array(theirs, column.type)))
        return found


def _said(value: object) -> str | None:
    return value if isinstance(value, str) else None


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where ids stand in the lines of one file."""

    delimiter: str
    width: int
    identifiers: tuple[int, ...]


def places_in(header: str, wanted: CsvFormat, tags: Tags) -> Places:
    """The places of tagged columns in a header line, as far as its names can be read."""
    delimiter = max(wanted.delimiters, key=header.count)
    names = [_name(part) for part in header.split(delimiter)]
    known = {_name(column): column for column in wanted.columns}
    known |= {_name(spelling): column for spelling, column in wanted.aliases.items()}
    columns = [known.get(name) for name in names]
    return Places(
        delimiter=delimiter,
        width=len(names),
        identifiers=tuple(at for at, name in enumerate(columns) if name in tags.identifiers),
    )


def _name(text: str) -> str:
    plain = text.strip(BLANKS + '"\ufeff').casefold()
    return re.sub(r"\s+", "_", plain)


def words(texts: Iterable[str]) -> set[str]:
    """Everything in running text that `distinctive` lets pass.

    >>> sorted(words(["de ana@x.org.", "12;8717bbf45cCDbEe"]))
    ['8717bbf45cCDbEe', 'ana@x.org']
    """
    found = (word.strip(".-+'") for text in texts for word in _WORD.findall(text))
    return {word for word in found if distinctive(word)}


Persons = Mapping[str, Person]
"""Somebody in each system that may know them."""

"""Match a line of a file with the columns of its format.

`complete_header` returns the header if the line is one, `explain` the error if it is not. Which
line of the file is the header is decided in ``header_search``.
"""

import csv
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import pyarrow as pa

from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected
from lakehouse.platform.tables.csv_format import CsvFormat, header_key

QUOTE = '"'
OTHER_QUOTE = "'"
_OTHER_DELIMITERS = ",;\t|:^~ "
_NAMED = {"\t": "a tab", " ": "a blank"}


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header line matched with a format.

    Attributes:
        format: the format.
        delimiter: the delimiter found in the header line.
        quote: the quote character found in the header line.
        escaped: a backslash before a quote makes it part of the value; else quotes are doubled.
        padded: blanks stand around the delimiters and do not belong to the values.
        width: number of columns of the header line.
        positions: position of each of the format's columns in the file; None if it is missing.
        extra: position of each undeclared column, by its name in the header.
        reordered: the columns come in another order than in the format.
        drift: sentences on how the header departs from the format.
        schema: schema of the rows: the format's columns as text, ``_line`` and ``_rescued``.
        keys: the names of the columns as `header_key` gives them.
    """

    format: CsvFormat
    delimiter: str
    quote: str = QUOTE
    escaped: bool = False
    padded: bool = False
    width: int
    positions: tuple[int | None, ...]
    extra: Mapping[str, int]
    reordered: bool
    drift: tuple[str, ...]
    schema: pa.Schema
    keys: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether quotes and delimiters are the usual ones, as the fast readers expect."""
        return self.quote == QUOTE and not self.escaped and not self.padded

    @cached_property
    def first_words(self) -> frozenset[str]:
        """Lower-case texts with which a repeated header or a row of totals may start."""
        names = [*self.format.columns, *self.format.aliases, *self.extra, *self.keys]
        words = {name.lower() for name in names}
        return frozenset(words | {word + end for word in self.format.totals for end in ("", ":")})

    @cached_property
    def quotes_inside(self) -> frozenset[int]:
        """Positions of columns whose unquoted values may contain quotes."""
        places = zip(self.format.columns, self.positions, strict=True)
        allowed = self.format.quotes_inside
        return frozenset(at for name, at in places if at is not None and name in allowed)

    def with_escapes(self) -> "Header":
        """Return the header for a file whose quotes are escaped by a backslash."""
        return replace(self, escaped=True)


@dataclass(frozen=True, kw_only=True)
class _Split:
    """The names of a line, split by one delimiter and quote character."""

    delimiter: str
    quote: str
    names: tuple[str, ...]
    unbalanced: bool = False
    """The line has quotes that are not valid CSV; they are left out of the names."""
    merged: bool = False
    """The delimiter between two names is missing."""

    @property
    def shown(self) -> list[str]:
        """The names without blanks around them; a column without a name gets its position."""
        names = (name.strip() for name in self.names)
        return [name or f"column_{place}" for place, name in enumerate(names, start=1)]


@lru_cache(maxsize=512)
def complete_header(text: str, wanted: CsvFormat, separator: str = "") -> Header | None:
    """Return the header if a line has every required column once; else None.

    Cached, because many files share a header.

    Args:
        text: the line without its line end.
        wanted: the format.
        separator: the delimiter that the file itself names; tried before those of the format.
    """
    split = best_split(text, wanted, separator)
    if split is None:
        return None
    split = _with_all_delimiters(split, wanted)
    known = _known(wanted)
    columns = [known.get(header_key(name), header_key(name)) for name in split.shown]
    missing = {*wanted.columns} - {*wanted.optional} - {*columns}
    if missing or len(set(columns)) < len(columns):
        return None
    return _header(split, columns, wanted)


def positional_header(text: str, wanted: CsvFormat, separator: str = "") -> Header:
    """Return the header of a file without a header line, whose first line is `text`."""
    delimiters = separator + wanted.delimiters
    width = len(wanted.columns)
    delimiter = next(
        (d for d in delimiters if len(_names(text, d, QUOTE) or ()) == width), delimiters[0]
    )
    split = _Split(delimiter=delimiter, quote=QUOTE, names=wanted.columns)
    return _header(split, list(wanted.columns), wanted)


def known_names(text: str, wanted: CsvFormat, separator: str = "") -> int:
    """Return how many columns of the format a line names."""
    split = best_split(text, wanted, separator)
    known = _known(wanted)
    return sum(header_key(name) in known for name in split.names) if split else 0


def best_split(text: str, wanted: CsvFormat, separator: str = "") -> _Split | None:
    """Split a line by the delimiter and quote that find most known columns; None if none can."""
    known = _known(wanted)
    splits = list(_splits(text, dict.fromkeys(separator + wanted.delimiters)))
    if not splits:
        return None
    return max(
        splits,
        key=lambda s: (
            sum(header_key(n) in known for n in s.names),
            not s.unbalanced,
            len(s.names),
        ),
    )


def explain(text: str, line: int, wanted: CsvFormat, separator: str = "") -> FileRejected:
    """Return why a line is not the header of the format."""
    split = best_split(text, wanted, separator)
    if split is None:
        detail = "the header is not valid CSV; hint: correct its quotes"
        return FileRejected(FileReason.SCHEMA, detail, line)
    known = _known(wanted)
    named = split.shown
    columns = [known.get(header_key(name), header_key(name)) for name in named]
    any_known = not set(wanted.columns).isdisjoint(columns)
    found = _list(named) if any_known else f"{len(named)} unknown values; is the header missing?"
    expected = f"expected {_list(wanted.columns)}; found {found}"
    if delimiter := _other_delimiter(text, wanted, separator):
        detail = (
            f"the columns are delimited by {_named(delimiter)}, expected"
            f" {' or '.join(map(_named, wanted.delimiters))};"
            " hint: export the file with that delimiter"
        )
        return FileRejected(FileReason.SCHEMA, detail, line)
    first: dict[str, str] = {}
    for name, column in zip(named, columns, strict=True):
        if column in first and any_known:
            detail = (
                f"the column occurs twice, as {first[column]!r} and {name!r}; {expected};"
                " hint: send each column once"
            )
            return FileRejected(FileReason.SCHEMA, detail, line, name)
        first[column] = name
    missing = [c for c in wanted.columns if c not in first and c not in wanted.optional]
    strange = [name for c, name in first.items() if c not in wanted.columns][:200]
    similar = {c: difflib.get_close_matches(c, strange, n=1, cutoff=0.75) for c in missing}
    guesses = "".join(f"; is {near[0]!r} meant for {c!r}?" for c, near in similar.items() if near)
    detail = (
        f"required columns are missing: {_list(missing)}; {expected}{guesses};"
        " hint: send the file with them, or add the spelling to the format's aliases"
    )
    return FileRejected(FileReason.SCHEMA, detail, line, missing[0] if missing else None)


def _header(split: _Split, columns: Sequence[str], wanted: CsvFormat) -> Header:
    names = split.shown
    positions = tuple(
        columns.index(column) if column in columns else None for column in wanted.columns
    )
    present = [position for position in positions if position is not None]
    extra = {name: position for position, name in enumerate(names) if position not in present}
    absent = [c for c, place in zip(wanted.columns, positions, strict=True) if place is None]
    reordered = present != sorted(present)
    drift = {
        f"undeclared columns, kept in _rescued: {_list(list(extra))}": extra,
        f"optional columns missing, filled with null: {_list(absent)}": absent,
        f"columns in another order: {_list(names)}": reordered,
        "the header has unbalanced quotes, which were left out": split.unbalanced,
        "a delimiter is missing between two names of the header": split.merged,
    }
    return Header(
        format=wanted,
        delimiter=split.delimiter,
        quote=split.quote,
        padded=_is_padded(split),
        width=len(names),
        positions=positions,
        extra=extra,
        reordered=reordered,
        drift=tuple(sentence for sentence, applies in drift.items() if applies),
        schema=pa.schema(
            [(column, pa.string()) for column in wanted.columns]
            + [("_line", pa.int32()), ("_rescued", pa.string())]
        ),
        keys=tuple(header_key(name) for name in names),
    )


@lru_cache(maxsize=64)
def _known(wanted: CsvFormat) -> Mapping[str, str]:
    """Return the column of each known spelling."""
    known = {header_key(column): column for column in wanted.columns}
    return known | {header_key(spelling): column for spelling, column in wanted.aliases.items()}


def _splits(text: str, delimiters: Iterable[str]) -> Iterator[_Split]:
    """Yield the names of a line for each delimiter and quote with which it is valid CSV."""
    for delimiter in delimiters:
        for quote in (QUOTE, OTHER_QUOTE) if OTHER_QUOTE in text else (QUOTE,):
            names = _names(text, delimiter, quote)
            if names is not None:
                yield _Split(delimiter=delimiter, quote=quote, names=names)
        if QUOTE in text:
            parts = text.split(delimiter)
            names = tuple(part.replace("\ufeff", "").strip(f"{QUOTE} ") for part in parts)
            yield _Split(delimiter=delimiter, quote=QUOTE, names=names, unbalanced=True)


def _with_all_delimiters(split: _Split, wanted: CsvFormat) -> _Split:
    """Return the names with those of two columns apart where the delimiter between is missing."""
    known = _known(wanted)
    keys = [header_key(name) for name in split.shown]
    missing = [header_key(c) for c in wanted.columns if c not in {known.get(key) for key in keys}]
    pairs = {first + second: (first, second) for first in missing for second in missing}
    names: list[str] = []
    for name in split.shown:
        pair = None if header_key(name) in known else pairs.get(header_key(name).replace(QUOTE, ""))
        names += pair or (name,)
    if len(names) == len(split.names):
        return split
    return replace(split, names=tuple(names), merged=True)


def _names(text: str, delimiter: str, quote: str) -> tuple[str, ...] | None:
    try:
        names = next(csv.reader([text], delimiter=delimiter, quotechar=quote, strict=True))
    except csv.Error:
        return None
    return tuple(name.replace("\ufeff", "") for name in names)


def _is_padded(split: _Split) -> bool:
    """Return whether a blank stands on the same side of every delimiter of the header."""
    if len(split.names) < 2 or split.unbalanced:
        return False
    before = all(name.endswith(" ") for name in split.names[:-1])
    return before or all(name.startswith(" ") for name in split.names[1:])


def _other_delimiter(text: str, wanted: CsvFormat, separator: str) -> str | None:
    """Return a delimiter that the format does not allow and with which the line is complete."""
    for delimiter in _OTHER_DELIMITERS:
        if delimiter not in wanted.delimiters and delimiter != separator:
            other = replace(wanted, delimiters=delimiter) if delimiter != " " else None
            names = [header_key(name) for name in _names(text, delimiter, QUOTE) or ()]
            required = {header_key(c) for c in wanted.columns if c not in wanted.optional}
            complete = other is not None and complete_header(text, other) is not None
            if len(required) > 1 and (complete or required.issubset(names)):
                return delimiter
    return None


def _named(delimiter: str) -> str:
    return _NAMED.get(delimiter, repr(delimiter))


def _list(names: Sequence[str]) -> str:
    """Names for a message, limited in number and length."""
    shown = ", ".join(repr(name[:60]) for name in names[:60])
    return f"{shown} and {len(names) - 60} more" if len(names) > 60 else shown or "nothing"

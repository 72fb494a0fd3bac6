"""Match the header line of a file with the columns of its format."""

import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected
from lakehouse.platform.tables.csv_format import CsvFormat, header_key


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header line matched with a format.

    Attributes:
        format: the format.
        delimiter: the delimiter found in the header line.
        width: number of columns of the header line.
        positions: position of each of the format's columns in the file; None if it is missing.
        extra: position of each undeclared column, by its name in the header.
        reordered: the columns come in another order than in the format.
        drift: sentences on how the header departs from the format.
        schema: schema of the rows: the format's columns as text, ``_line`` and ``_rescued``.
    """

    format: CsvFormat
    delimiter: str
    width: int
    positions: tuple[int | None, ...]
    extra: Mapping[str, int]
    reordered: bool
    drift: tuple[str, ...]
    schema: pa.Schema


@lru_cache(maxsize=512)
def match_header(text: str, line: int, wanted: CsvFormat) -> Header:
    """Find the format's columns in the header line; cached, because many files share a header.

    Args:
        text: the header line without its line end.
        line: its physical line, from 1.
        wanted: the format.

    Raises:
        FileRejected: ``schema``.
    """
    known = {header_key(column): column for column in wanted.columns}
    known |= {header_key(spelling): column for spelling, column in wanted.aliases.items()}
    delimiter, names = _split_header(text, line, known, wanted.delimiters)
    columns = [known.get(header_key(name), header_key(name)) for name in names]
    _check_columns(names, columns, line, wanted)
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
    }
    return Header(
        format=wanted,
        delimiter=delimiter,
        width=len(names),
        positions=positions,
        extra=extra,
        reordered=reordered,
        drift=tuple(sentence for sentence, applies in drift.items() if applies),
        schema=pa.schema(
            [(column, pa.string()) for column in wanted.columns]
            + [("_line", pa.int32()), ("_rescued", pa.string())]
        ),
    )


def _split_header(
    text: str, line: int, known: Mapping[str, str], delimiters: str
) -> tuple[str, list[str]]:
    """Split the header line by the delimiter that finds most known columns."""
    names_by: dict[str, list[str]] = {}
    failure = ""
    for delimiter in delimiters:
        try:
            names_by[delimiter] = next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error as error:
            failure = str(error)
    if not names_by:
        detail = f"the header is not valid CSV ({failure}); hint: correct its quotes"
        raise FileRejected(FileReason.SCHEMA, detail, line)
    delimiter = max(
        names_by,
        key=lambda d: (sum(header_key(name) in known for name in names_by[d]), len(names_by[d])),
    )
    return delimiter, [
        name.replace("\ufeff", "").strip() or f"column_{position}"
        for position, name in enumerate(names_by[delimiter], start=1)
    ]


def _check_columns(names: list[str], columns: list[str], line: int, wanted: CsvFormat) -> None:
    """Reject a header that repeats a column or lacks a required one.

    A first line without any known column may be a row of data, so its values are not shown.
    """
    known = not set(wanted.columns).isdisjoint(columns)
    found = _list(names) if known else f"{len(names)} unknown values; is the header missing?"
    expected = f"expected {_list(wanted.columns)}; found {found}"
    first: dict[str, str] = {}
    for name, column in zip(names, columns, strict=True):
        if column in first and known:
            detail = (
                f"the column occurs twice, as {first[column]!r} and {name!r}; {expected};"
                " hint: send each column once"
            )
            raise FileRejected(FileReason.SCHEMA, detail, line, name)
        first[column] = name
    missing = [c for c in wanted.columns if c not in first and c not in wanted.optional]
    if missing:
        strange = [name for c, name in first.items() if c not in wanted.columns][:200]
        similar = {c: difflib.get_close_matches(c, strange, n=1, cutoff=0.75) for c in missing}
        guesses = "".join(
            f"; is {near[0]!r} meant for {c!r}?" for c, near in similar.items() if near
        )
        detail = (
            f"required columns are missing: {_list(missing)}; {expected}{guesses};"
            " hint: send the file with them, or add the spelling to the format's aliases"
        )
        raise FileRejected(FileReason.SCHEMA, detail, line, missing[0])


def _list(names: Sequence[str]) -> str:
    """Names for a message, limited in number and length."""
    shown = ", ".join(repr(name[:60]) for name in names[:60])
    return f"{shown} and {len(names) - 60} more" if len(names) > 60 else shown or "nothing"

"""Recognize records that hold no row: repeated headers, headers of other tables, rows of totals."""

import re
from collections.abc import Sequence

from lakehouse.platform.ingestion.csv.errors import LineReason
from lakehouse.platform.ingestion.csv.header import Header
from lakehouse.platform.tables.csv_format import BLANKS, header_key

has_digit = re.compile("[0-9]").search


def first_word(row: Sequence[str]) -> str:
    """Return the first value that is not empty, in lower case and without blanks around it."""
    for value in row:
        if word := value.strip(BLANKS):
            return word.lower()
    return ""


def first_words(rows: Sequence[Sequence[str]]) -> set[str]:
    """Return the first word of every record."""
    words = {row[0].strip(BLANKS).lower() for row in rows}
    return words if "" not in words else set(map(first_word, rows))


def looks_like_names(row: Sequence[str], before: Sequence[str]) -> bool:
    """Return whether a record may be the header of another table: different words, no number.

    Args:
        row: its values.
        before: the row before it; without a number there, nothing is known.
    """
    words = {value.strip(BLANKS).lower() for value in row}
    if len(row) < 2 or "" in words or len(words) < len(row):
        return False
    return bool(has_digit("".join(before))) and not has_digit("".join(row))


def role(row: Sequence[str], header: Header) -> LineReason | None:
    """Return why a record holds no row; None if it holds one.

    Args:
        row: its values, of any number.
        header: the header of the file.
    """
    word = first_word(row)
    if word not in header.first_words:
        return None
    keys = [header_key(value) for value in row]
    if keys == [*header.keys] or (
        keys[: header.width] == [*header.keys] and not any(keys[header.width :])
    ):
        return LineReason.REPEATED_HEADER
    known = {header_key(name) for name in (*header.format.columns, *header.format.aliases)}
    named = len({key for key in keys if key in known or key in header.keys})
    if named > 1 and 2 * named >= sum(map(bool, keys)):
        return LineReason.OTHER_TABLE
    empty = any(not value.strip(BLANKS) for value in row)
    if word.rstrip(":") in header.format.totals and (empty or len(row) != header.width):
        return LineReason.FOOTER
    return None

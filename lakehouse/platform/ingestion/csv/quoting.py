"""Split records into values with the delimiter, quotes and escapes of the file's header."""

import csv
import re
from collections.abc import Callable, Iterator

from lakehouse.platform.ingestion.csv.errors import LINE_LIMIT
from lakehouse.platform.ingestion.csv.header import OTHER_QUOTE, Header


def record_reader(lines: Iterator[str], header: Header) -> Iterator[list[str]]:
    """Return an iterator over records; it raises ``csv.Error`` and can then be asked again."""
    if header.padded:
        return _PaddedReader(lines, header)
    return csv.reader(
        lines,
        delimiter=header.delimiter,
        quotechar=header.quote,
        escapechar="\\" if header.escaped else None,
        strict=True,
    )


def well_quoted(header: Header) -> Callable[[str], object]:
    """Return a function that tells whether every quote of a record encloses a whole value.

    ``csv.reader`` accepts quotes inside unquoted values, where they may be what is left of two
    merged fields.
    """
    delimiter, quote = re.escape(header.delimiter), re.escape(header.quote)
    blanks = (
        "[ \t]*" if header.padded and header.delimiter != "\t" else " *" if header.padded else ""
    )
    if header.escaped:
        inside, outside = (
            rf"(?:[^{quote}\\]|\\.|{quote}{quote})",
            rf"(?:[^{delimiter}{quote}\\]|\\.)",
        )
    else:
        inside, outside = rf"(?:[^{quote}]|{quote}{quote})", f"[^{delimiter}{quote}]"
    field = f"(?:{blanks}{quote}{inside}*+{quote}{blanks}|{outside}*+)"
    pattern = re.compile(rf"{field}(?:{delimiter}{field})*+[\r\n]*", re.DOTALL)
    return pattern.fullmatch


def has_single_quotes(body: str, delimiter: str) -> bool:
    """Return whether a value starts with a single quote."""
    if OTHER_QUOTE not in body:
        return False
    starts = (f"{delimiter}{OTHER_QUOTE}", f"\n{OTHER_QUOTE}")
    return body.startswith(OTHER_QUOTE) or any(start in body for start in starts)


class _PaddedReader:
    """Splits records in which blanks stand around the delimiters; the blanks are left out."""

    def __init__(self, lines: Iterator[str], header: Header) -> None:
        self._lines = lines
        self._quote = header.quote
        delimiter, quote = re.escape(header.delimiter), re.escape(header.quote)
        blank = "" if header.delimiter == "\t" else "\t"
        self._field = re.compile(
            rf"[ {blank}]*(?:{quote}((?:[^{quote}]|{quote}{quote})*+){quote}[ {blank}]*"
            rf"|([^{delimiter}\r\n]*))({delimiter}|[\r\n]*\Z)"
        )
        self._blanks = f" {blank}"

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        record = next(self._lines)
        is_open = record.count(self._quote) % 2
        parts = [record]
        length = len(record)
        while is_open:
            line = next(self._lines, None)
            if line is None:
                raise csv.Error("unexpected end of data")
            parts.append(line)
            length += len(line)
            if length > LINE_LIMIT:
                raise csv.Error(f"field larger than field limit ({LINE_LIMIT})")
            is_open ^= line.count(self._quote) % 2
        return self._split("".join(parts))

    def _split(self, record: str) -> list[str]:
        values: list[str] = []
        at = 0
        while found := self._field.match(record, at):
            quoted, plain, end = found.groups()
            if quoted is None:
                values.append(plain.strip(self._blanks))
            else:
                values.append(quoted.replace(self._quote * 2, self._quote))
            if not end or end[0] in "\r\n":
                return values
            at = found.end()
        raise csv.Error(f"text after a closing {self._quote}")

"""Headers whose delimiters differ from those of all rows below them.

The format knows the names of the columns, and the rows show how many values there are. A header
with one delimiter too many, or with blanks in place of delimiters, is read when all rows agree.
"""

from collections.abc import Callable
from dataclasses import replace

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected, LineReason
from lakehouse.platform.tables.csv_format import CsvFormat

FEWEST_ROWS = 3
"""Rows that must agree, so that a single damaged row decides nothing."""
_DAMAGED = frozenset({LineReason.COLUMN_COUNT, LineReason.BAD_QUOTING, LineReason.UNDECODABLE})

Reader = Callable[[bytes], CsvFile]


def read_with_repair(data: bytes, wanted: CsvFormat, read: Reader) -> CsvFile:
    """Read a file; when none of its rows fits its header, try the header with other delimiters.

    Raises:
        FileRejected: by the reader.
    """
    try:
        file = read(data)
    except FileRejected as rejected:
        if rejected.reason is FileReason.SCHEMA and wanted.header:
            for repaired in _with_delimiters(data, wanted):
                if again := _read_again(repaired, read, "blanks in place of delimiters"):
                    return again
        raise
    if file.rows.num_rows or len(file.unparsable) < FEWEST_ROWS or file.header_lines != 1:
        return file
    shorter = _without_empty_name(data, file)
    if shorter is None:
        return file
    return _read_again(shorter, read, "one delimiter too many") or file


def _read_again(data: bytes, read: Reader, problem: str) -> CsvFile | None:
    """Read a file with another header; None unless all of its lines fit the header."""
    try:
        file = read(data)
    except FileRejected:
        return None
    if file.rows.num_rows < FEWEST_ROWS or any(u.reason in _DAMAGED for u in file.unparsable):
        return None
    return replace(file, drift=(*file.drift, f"the header has {problem}"))


def _without_empty_name(data: bytes, file: CsvFile) -> bytes | None:
    """Return a file without the only empty name of its header; None if there is no such name."""
    lines = data.split(b"\n")
    at = file.header_line - 1
    if not file.delimiter.isascii() or at >= len(lines):
        return None
    delimiter = file.delimiter.encode()
    names = lines[at].split(delimiter)
    empty = [place for place, name in enumerate(names) if not name.strip()]
    if len(names) != file.header.width or len(empty) != 1:
        return None
    end = b"\r" if empty[0] == len(names) - 1 and lines[at].endswith(b"\r") else b""
    lines[at] = delimiter.join(names[: empty[0]] + names[empty[0] + 1 :]) + end
    return b"\n".join(lines)


def _with_delimiters(data: bytes, wanted: CsvFormat) -> list[bytes]:
    """Return a file whose first line is all columns between blanks, once for each delimiter."""
    first, newline, rest = data.partition(b"\n")
    text = first.removeprefix(b"\xef\xbb\xbf").strip()
    if text != " ".join(wanted.columns).encode() or not newline:
        return []
    end = b"\r\n" if first.endswith(b"\r") else b"\n"
    return [each.join(wanted.columns).encode() + end + rest for each in wanted.delimiters]

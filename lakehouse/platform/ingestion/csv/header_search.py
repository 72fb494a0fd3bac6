"""Find the header of a file below titles, blank lines and a ``sep=`` line.

The format knows the columns, so the header is the first line that has all required ones. The lines
above it hold no records; each is returned with its reason.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakehouse.platform.ingestion.csv.errors import (
    ERASED,
    ERASED_RECORD,
    LINE_LIMIT,
    FileReason,
    FileRejected,
    LineReason,
    UnparsableLine,
)
from lakehouse.platform.ingestion.csv.header import (
    Header,
    best_split,
    complete_header,
    explain,
    known_names,
    positional_header,
)
from lakehouse.platform.tables.csv_format import CsvFormat

SEARCHED = 100
"""Number of lines at the start of a file among which the header is searched."""

_HEADER_LINES = 10
_SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t| ]*', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class FoundHeader:
    """A header with its place in the file.

    Attributes:
        header: the header.
        line: its first physical line, from 1; 0 for a file without a header line.
        lines: number of its lines; more than 1 if a name contains a line break.
        above: the lines above it, in order.
    """

    header: Header
    line: int
    lines: int = 1
    above: tuple[UnparsableLine, ...] = ()

    @property
    def body(self) -> int:
        """The first physical line after the header."""
        return len(self.above) + self.lines + 1


def find_header(lines: Sequence[str], wanted: CsvFormat) -> FoundHeader | None:
    """Return the first line that has all required columns; None if there is none.

    Args:
        lines: the first `SEARCHED` lines of the file without their line ends.
        wanted: the format.
    """
    separator = ""
    for at, text in enumerate(lines):
        if len(text) > LINE_LIMIT:
            continue
        if not separator and (named := _SEPARATOR.fullmatch(text)) and _usable(named[1]):
            separator = named[1]
            continue
        if not text.strip(" "):
            continue
        if not wanted.header:
            header = complete_header(text, wanted, separator)
            if header is None:
                header = positional_header(text, wanted, separator)
                return FoundHeader(
                    header=header, line=0, lines=0, above=_above(lines[:at], header, wanted)
                )
            return FoundHeader(header=header, line=at + 1, above=_above(lines[:at], header, wanted))
        for joined in _with_following(lines, at):
            header = complete_header("\n".join(joined), wanted, separator)
            if header is not None:
                return FoundHeader(
                    header=header,
                    line=at + 1,
                    lines=len(joined),
                    above=_above(lines[:at], header, wanted),
                )
    return None


def no_header(lines: Sequence[str], wanted: CsvFormat) -> FileRejected:
    """Return the error of a file without a header; it names the line that comes closest."""
    separator = ""
    best, best_known, found = 0, -1, ""
    for at, text in enumerate(lines):
        if not separator and (named := _SEPARATOR.fullmatch(text)) and _usable(named[1]):
            separator = named[1]
        elif text.strip(" ") and len(text) <= LINE_LIMIT:
            known = known_names(text, wanted, separator)
            if known > best_known:
                best, best_known, found = at, known, text
    if best_known < 0:
        length = max(map(len, lines), default=0)
        if not any(map(str.strip, lines)):
            detail = (
                f"the first {len(lines)} lines are blank; hint: delete the lines above the header"
            )
            return FileRejected(FileReason.SCHEMA, detail, 1)
        detail = (
            f"the header has {length:,} characters, at most {LINE_LIMIT:,} are read;"
            " hint: shorten it, or send the file with line ends"
        )
        return FileRejected(FileReason.SCHEMA, detail, 1)
    return explain(found, best + 1, wanted, separator)


def _usable(separator: str) -> bool:
    return separator not in "\"'\r\n " and not separator.isalnum()


def _with_following(lines: Sequence[str], at: int) -> Iterator[Sequence[str]]:
    """Yield a line, and if a quote is open at its end also with the lines that may close it."""
    yield lines[at : at + 1]
    quotes = lines[at].count('"')
    for end in range(at + 1, min(at + _HEADER_LINES, len(lines))):
        if quotes % 2 == 0:
            return
        quotes += lines[end].count('"')
        if quotes % 2 == 0:
            yield lines[at : end + 1]


def _above(lines: Sequence[str], header: Header, wanted: CsvFormat) -> tuple[UnparsableLine, ...]:
    """Return the lines above the header with their reasons."""
    separator = False
    found: list[UnparsableLine] = []
    for number, text in enumerate(lines, start=1):
        if not text.strip(" "):
            reason, detail = LineReason.BLANK_LINE, "blank line before the header"
        elif text == ERASED:
            reason, detail = LineReason.ERASED, ERASED_RECORD
        elif not separator and _SEPARATOR.fullmatch(text):
            separator = True
            reason, detail = LineReason.SEPARATOR_LINE, "the line names the delimiter"
        elif _is_like_a_row(text, header, wanted):
            reason = LineReason.ROW_BEFORE_HEADER
            detail = (
                "a row before the header; hint: put the header first, or delete the line if it is"
                " no record"
            )
        else:
            reason, detail = LineReason.PREAMBLE, "text before the header"
        found.append(UnparsableLine(line=number, text=text, reason=reason, detail=detail))
    return tuple(found)


def _is_like_a_row(text: str, header: Header, wanted: CsvFormat) -> bool:
    """Return whether a line has as many values as the header, more than half of them not empty."""
    split = best_split(text, wanted, header.delimiter)
    if split is None or header.width == 1 or len(split.names) != header.width:
        return False
    return 2 * sum(bool(name.strip()) for name in split.names) > header.width

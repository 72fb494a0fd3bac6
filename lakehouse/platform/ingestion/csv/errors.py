"""Reasons why a CSV file or one of its lines is rejected, and the error of a rejected file."""

from dataclasses import dataclass
from enum import StrEnum

LINE_LIMIT = 131_072
"""Longest line that is read, in characters with its line end; also the csv module's field limit."""

ERASED = "lakehouse:erased"
"""Text of a line that replaces a line of a record erased on request."""

ERASED_RECORD = "record erased on request"
"""Detail of such a line."""


class FileReason(StrEnum):
    """Why a whole file is rejected."""

    EMPTY_FILE = "empty_file"
    """The file has no bytes or only blanks, so not even a header."""
    NOT_CSV = "not_csv"
    """The file has NUL bytes or the signature of another type (image, workbook, PDF, HTML)."""
    UNDECODABLE = "undecodable"
    """The header cannot be decoded in any encoding of the format."""
    SCHEMA = "schema"
    """A required column is missing, a column is repeated, or the header is not valid CSV."""
    TRUNCATED = "truncated"
    """The final line end is missing, a quote stays open, or gzip data ends early; the file is
    held until its complete version arrives."""
    TOO_LARGE = "too_large"
    """The decompressed file is larger than the limit."""
    BAD_GZIP = "bad_gzip"
    """The file is damaged gzip data, or not gzip data at all."""
    BAD_ARCHIVE = "bad_archive"
    """The ZIP archive is damaged, has a password or does not hold exactly one file."""
    BAD_WORKBOOK = "bad_workbook"
    """The workbook cannot be read, or lacks the sheet that the source declares."""


class LineReason(StrEnum):
    """Why a physical line is in no row."""

    COLUMN_COUNT = "column_count"
    """The line has more or fewer columns than the header."""
    BAD_QUOTING = "bad_quoting"
    """A quote is not closed, stands inside an unquoted value, or is followed by text."""
    UNDECODABLE = "undecodable"
    """The line has bytes that the file's encoding cannot decode, shown as ``\\xNN``, or it is
    written in another encoding than the rest of the file."""
    LINE_TOO_LONG = "line_too_long"
    """The line is longer than `LINE_LIMIT`."""
    BLANK_LINE = "blank_line"
    """The line has no characters or only blanks."""
    SEPARATOR_LINE = "separator_line"
    """The line ``sep=;`` of Excel, which names the delimiter."""
    PREAMBLE = "preamble"
    """A title or other text before the header."""
    ROW_BEFORE_HEADER = "row_before_header"
    """A line before the header that has as many values as it, so it may be a record."""
    REPEATED_HEADER = "repeated_header"
    """The header again, after the first row."""
    OTHER_TABLE = "other_table"
    """The header of another table, or a line that follows one."""
    FOOTER = "footer"
    """A row of totals, or text after the last row."""
    JOINED_FILES = "joined_files"
    """A byte order mark inside the line: two files were joined without a line end."""
    ERASED = "erased"
    """The line belonged to a record that was erased on request; its text is gone."""


NO_RECORDS = frozenset(
    {
        LineReason.SEPARATOR_LINE,
        LineReason.PREAMBLE,
        LineReason.REPEATED_HEADER,
        LineReason.FOOTER,
    }
)
"""Reasons of lines that belong to the form of a file and hold no record."""


@dataclass(frozen=True, kw_only=True)
class UnparsableLine:
    """A physical line that is neither the header nor part of a row.

    Attributes:
        line: its number in the file, from 1.
        text: the line without its line end.
        reason: the code under which it is quarantined.
        detail: what was found and, where it helps, what was expected.
    """

    line: int
    text: str
    reason: LineReason
    detail: str


class FileRejected(Exception):
    """A file that cannot be read; its text names the file, line and column, and ends with a hint.

    Attributes:
        reason: the code under which the delivery is recorded.
        detail: what was found and expected, and a hint.
        line: physical line, from 1; None if the problem has no line.
        column: the column with the problem, spelled as in the format or the header.
        name: the file.
    """

    def __init__(
        self,
        reason: FileReason,
        detail: str,
        line: int | None = None,
        column: str | None = None,
        name: str = "",
    ) -> None:
        super().__init__(reason, detail, line, column, name)
        self.reason, self.detail, self.line, self.column, self.name = self.args

    @property
    def held(self) -> bool:
        """Whether the file waits for its complete version instead of being rejected."""
        return self.reason is FileReason.TRUNCATED

    def __str__(self) -> str:
        place = [self.name] if self.name else []
        place += [f"line {self.line}"] if self.line is not None else []
        place += [f"column {self.column!r}"] if self.column is not None else []
        return f"{', '.join(place)}: {self.detail} [{self.reason}]"

"""Read records although some lines have bad quotes, the wrong width or undecodable bytes.

A record is whatever ``csv.reader(strict=True)`` accepts. Where it accepts none, or one of the wrong
width:

- A quote that is opened and contradicted later (``"oops,3`` … ``6,"ok"``) makes only the line that
  opened it unparsable; reading continues on the line after it. The same holds for a record of
  several lines and the wrong width if each line inside it is a record of its own.
- Among the lines read again, a record with an odd number of quotes is unparsable too: it may be the
  end of a value whose beginning was rejected.
- A quote that stays open until the end of the file makes its line unparsable if all lines after it
  are valid records; else the file is truncated.
- A line with the text `ERASED` is unparsable, ends every open quote and joins no record.
- The number of lines read again is limited in proportion to the file. Beyond the limit, all lines
  that a bad quote spans are unparsable together, so the time to read a hostile file stays linear.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.platform.ingestion.csv.decode import LONE_CR, DecodedText
from lakehouse.platform.ingestion.csv.errors import (
    ERASED,
    ERASED_RECORD,
    LINE_LIMIT,
    FileReason,
    FileRejected,
    LineReason,
    UnparsableLine,
)
from lakehouse.platform.ingestion.csv.header import OTHER_QUOTE, QUOTE, Header
from lakehouse.platform.ingestion.csv.quoting import has_single_quotes, record_reader, well_quoted
from lakehouse.platform.ingestion.csv.roles import first_word, looks_like_names, role
from lakehouse.platform.ingestion.csv.rows import (
    ONLY_BLANKS,
    batch_of_records,
    column_count,
)

_BATCH_ROWS = 50_000
_REREADS = 4  # average number of times that a line may be read again


@dataclass(kw_only=True)
class Records:
    """Rows and unparsable lines after the header."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    unparsable: list[UnparsableLine] = field(default_factory=list)
    continuation_lines: int = 0

    @property
    def bad(self) -> int:
        """Number of lines with bad quotes or the wrong number of columns."""
        reasons = (LineReason.BAD_QUOTING, LineReason.COLUMN_COUNT)
        return sum(line.reason in reasons for line in self.unparsable)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines after the header.

    Attributes:
        body: their text.
        newline: the line end.
        first: physical line on which they start.
        decoded: the file, for the encoding of its lines.
    """

    body: str
    newline: str
    first: int
    decoded: DecodedText


class RecoveringReader:
    """Reads the lines after the header; an iterator over these lines for ``csv.reader``.

    Args:
        lines: the lines.
        header: the file's header.
        doubt_escapes: rows with a quote after a backslash are unparsable.
    """

    def __init__(self, lines: Lines, header: Header, *, doubt_escapes: bool = False) -> None:
        body = lines.body
        self._lines = list(io.StringIO(body, newline=lines.newline))
        self._first = lines.first
        self._decoded = lines.decoded
        self._header = header
        self._doubt_escapes = doubt_escapes
        self._has_lone_cr = LONE_CR in body
        self._has_quotes = header.quote in body
        self._has_single_quotes = header.quote == QUOTE and OTHER_QUOTE in body
        self._quotes_inside = header.quotes_inside
        self._is_well_quoted = well_quoted(header)
        self._other_table = 0  # line of another table's header, until the header is repeated
        self._after_gap = False  # lines without a record stand between the last row and this one
        self._last_row: list[str] = []
        self._at = 0  # index of the next line; set back where lines are read again
        self._start = 0  # index of the first line of the current record
        self._doubtful_until = 0  # lines before this index are read again
        self._rereads = _REREADS * len(self._lines) + 1000
        self._records = Records()
        self._rows: list[list[str]] = []
        self._numbers: list[int] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        at_end = self._at == len(self._lines)
        if at_end or (self._at > self._start and self._is_erased(self._at)):
            raise StopIteration
        self._at += 1
        return self._lines[self._at - 1]

    def read(self) -> Records:
        """Assign each line to a row or to the unparsable lines.

        Raises:
            FileRejected: ``truncated``.
        """
        reader = record_reader(self, self._header)
        while self._at < len(self._lines):
            start = self._start = self._at
            line = self._lines[start]
            if self._is_erased(start):
                self._reject(start, start + 1, LineReason.ERASED, ERASED_RECORD)
            elif not line.strip(" \r\n"):
                self._reject(start, start + 1, LineReason.BLANK_LINE, ONLY_BLANKS)
            elif len(line) > LINE_LIMIT:
                detail = f"found {len(line):,} characters, at most {LINE_LIMIT:,} are read"
                self._reject(start, start + 1, LineReason.LINE_TOO_LONG, detail)
            else:
                try:
                    row = next(reader)
                except csv.Error as error:
                    self._reject_bad_quote(start, str(error))
                else:
                    self._accept_or_reject(start, row)
        self._flush()
        return self._records

    def _is_erased(self, at: int) -> bool:
        return self._lines[at].rstrip("\r\n") == ERASED

    def _accept_or_reject(self, start: int, row: list[str]) -> None:
        """Keep or reject what the reader accepted as one record."""
        end, width = self._at, self._header.width
        if len(row) == width and self._is_plain(start, row):
            self._keep(start, row)
            return
        lines = self._lines[start:end]
        if not self._decoded.clean and (problem := self._encoding_problem(lines)):
            self._reject(start, end, *problem)
        elif reason := role(row, self._header) or self._other_names(row):
            self._reject_role(start, end, reason)
        elif len(row) != width:
            detail = self._other_table_detail() or column_count(len(row), self._header)
            self._reject(start, self._end_of_wrong_width(start), self._width_reason(), detail)
        elif start < self._doubtful_until and self._has_odd_quotes(lines):
            detail = "an odd number of quotes after a line with a bad quote"
            self._reject(start, end, LineReason.BAD_QUOTING, detail)
        elif bad := self._bad_quotes(lines, row):
            self._reject(start, end, LineReason.BAD_QUOTING, bad)
        elif self._other_table:
            self._reject(start, end, LineReason.OTHER_TABLE, self._other_table_detail())
        else:
            self._keep(start, [value.replace(LONE_CR, "\r") for value in row])

    def _is_plain(self, start: int, row: list[str]) -> bool:
        """Return whether a record of the right width needs no closer look."""
        return not (
            not self._decoded.clean
            or self._has_lone_cr
            or start < self._doubtful_until
            or self._other_table
            or self._after_gap
            or self._doubt_escapes
            or first_word(row) in self._header.first_words
            or (self._has_quotes and self._header.quote in "".join(row))
            or (self._has_single_quotes and OTHER_QUOTE in "".join(row))
        )

    def _encoding_problem(self, lines: Sequence[str]) -> tuple[LineReason, str] | None:
        for line in lines:
            if problem := self._decoded.problem(line):
                return LineReason.UNDECODABLE, problem
            if "\ufeff" in line and not self._has_marks_in_quotes_only(lines):
                detail = (
                    "a byte order mark (U+FEFF) inside the line: another file starts there, or a"
                    " value has this invisible character; hint: end each file with a line end"
                    " before joining them, or delete the character"
                )
                return LineReason.JOINED_FILES, detail
        return None

    def _has_marks_in_quotes_only(self, lines: Sequence[str]) -> bool:
        """Return whether each byte order mark of a record is inside quotes, so part of a value."""
        text, quote = "".join(lines), self._header.quote
        before = text.split("\ufeff")[:-1]
        return all(
            sum(part.count(quote) for part in before[: n + 1]) % 2 for n in range(len(before))
        )

    def _bad_quotes(self, lines: Sequence[str], row: Sequence[str]) -> str:
        """Return what is wrong with the quotes of a record; empty if nothing is."""
        quote = self._header.quote
        if self._doubt_escapes and any('\\"' in line for line in lines):
            return (
                "a quote after a backslash, which may end the value or belong to it; hint: write a"
                f" quote inside a value twice: {quote}48{quote * 3}"
            )
        suspect = [
            value
            for at, value in enumerate(row)
            if quote in value and at not in self._quotes_inside
        ]
        if suspect and not self._is_well_quoted("".join(lines)):
            return (
                f"a quote ({quote}) inside an unquoted value, so fields may be merged; hint: write"
                f" the value in quotes and the quote twice: {quote}48{quote * 3}"
            )
        if (
            self._has_single_quotes
            and any(len(value) > 1 and value[0] == value[-1] == OTHER_QUOTE for value in row)
            and has_single_quotes("".join(lines), self._header.delimiter)
        ):
            return (
                "a value in single quotes, which may be quotes or part of the value; hint: use"
                " double quotes, or single quotes in the header too"
            )
        return ""

    def _other_names(self, row: Sequence[str]) -> LineReason | None:
        """Return that a record after a gap is the header of a table of other columns."""
        if self._after_gap and self._last_row and looks_like_names(row, self._last_row):
            return LineReason.OTHER_TABLE
        return None

    def _has_odd_quotes(self, lines: Sequence[str]) -> bool:
        return bool(sum(line.count(self._header.quote) for line in lines) % 2)

    def _reject_role(self, start: int, end: int, reason: LineReason) -> None:
        """Leave out a record that holds no row; note where another table starts and ends."""
        detail = {
            LineReason.REPEATED_HEADER: "the header again",
            LineReason.FOOTER: "a row of totals",
            LineReason.OTHER_TABLE: (
                "the header of another table; hint: send each table in a file of its own"
            ),
        }[reason]
        if reason is not LineReason.FOOTER:
            self._other_table = self._first + start if reason is LineReason.OTHER_TABLE else 0
        self._reject(start, end, reason, detail)

    def _other_table_detail(self) -> str:
        if not self._other_table:
            return ""
        return (
            f"the line follows the header of another table on line {self._other_table:,};"
            " hint: send each table in a file of its own"
        )

    def _width_reason(self) -> LineReason:
        return LineReason.OTHER_TABLE if self._other_table else LineReason.COLUMN_COUNT

    def _keep(self, start: int, row: list[str]) -> None:
        """Add a row that consists of the lines from `start` to the next line."""
        self._rows.append(row)
        self._after_gap, self._last_row = False, row
        self._numbers.append(self._first + start)
        self._records.continuation_lines += self._at - start - 1
        if len(self._rows) == _BATCH_ROWS:
            self._flush()

    def _end_of_wrong_width(self, start: int) -> int:
        """Return the index at which to continue after a record of the wrong width.

        If each line inside the record is a record of its own, only its first line is rejected.
        """
        inside = self._lines[start + 1 : self._at - 1]
        if not inside or len(inside) >= self._rereads:
            return self._at
        if not all(self._are_records([line]) for line in inside):
            return self._at
        self._rereads -= len(inside) + 1
        self._doubtful_until = max(self._doubtful_until, self._at)
        return start + 1

    def _reject_bad_quote(self, start: int, error: str) -> None:
        """Reject the line that opened a bad quote, and continue on the line after it."""
        quote = self._header.quote
        detail = (
            f"line {self._first + self._at - 1}: {error}; hint: write a quote inside a value twice,"
            f" and the value in quotes: {quote}Table 48{quote * 3}"
        )
        if error == "unexpected end of data" and self._at == len(self._lines):
            if not self._are_records(self._lines[start + 1 :]):
                detail = (
                    "a quote opened on this line is not closed until the end, so the file is"
                    " incomplete; held until it is complete"
                )
                raise FileRejected(FileReason.TRUNCATED, detail, self._first + start)
            detail = f"the quote is never closed; hint: close it with {quote} on its line"
        again = self._at - start - 1
        self._doubtful_until = max(self._doubtful_until, self._at)
        end = start + 1 if again <= self._rereads else self._at
        self._rereads -= again
        self._reject(start, end, LineReason.BAD_QUOTING, detail)

    def _reject(self, start: int, end: int, reason: LineReason, detail: str) -> None:
        """Make the lines from `start` to `end` unparsable and continue at `end`."""
        self._after_gap = reason in (LineReason.BLANK_LINE, LineReason.COLUMN_COUNT)
        for at in range(start, end):
            text = self._decoded.shown(self._lines[at])
            self._records.unparsable.append(
                UnparsableLine(
                    line=self._first + at,
                    text=text,
                    reason=reason if text.strip(" ") else LineReason.BLANK_LINE,
                    detail=detail,
                )
            )
        self._at = end

    def _flush(self) -> None:
        """Turn the collected rows into a batch, which needs less memory."""
        if self._rows:
            batch = batch_of_records(self._rows, self._numbers, self._header)
            self._records.batches.append(batch)
        self._rows, self._numbers = [], []

    def _are_records(self, lines: list[str]) -> bool:
        """Return whether lines are records of the right width, at least one, and nothing else."""
        widths: set[int] = set()
        try:
            reader = record_reader(iter(lines), self._header)
            widths.update(map(len, reader))
        except csv.Error:
            return False
        return widths - {0} == {self._header.width}

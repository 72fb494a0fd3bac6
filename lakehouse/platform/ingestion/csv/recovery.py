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
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.platform.ingestion.csv.errors import (
    ERASED,
    LINE_LIMIT,
    FileReason,
    FileRejected,
    LineReason,
    UnparsableLine,
)
from lakehouse.platform.ingestion.csv.header import Header
from lakehouse.platform.ingestion.csv.rows import (
    ERASED_RECORD,
    ONLY_BLANKS,
    batch_of_records,
    column_count,
)

LONE_CR = "\udc0d"
"""Stands for a CR that is not part of a line end; no decoder yields this character."""

_BATCH_ROWS = 50_000
_REREADS = 4  # average number of times that a line may be read again


@dataclass(kw_only=True)
class Records:
    """Rows and unparsable lines after the header."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    unparsable: list[UnparsableLine] = field(default_factory=list)
    continuation_lines: int = 0


class RecoveringReader:
    """Reads the lines after the header; an iterator over these lines for ``csv.reader``.

    Args:
        body: the text after the header.
        newline: the line end.
        first: physical line on which the body starts.
        damage: pattern of the characters that stand for undecodable bytes, if there are any.
        header: the file's header.
    """

    def __init__(
        self,
        body: str,
        newline: str,
        first: int,
        damage: re.Pattern[str] | None,
        header: Header,
    ) -> None:
        self._lines = list(io.StringIO(body, newline=newline))
        self._first = first
        self._damage = damage
        self._header = header
        self._has_lone_cr = LONE_CR in body
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
        reader = csv.reader(self, delimiter=self._header.delimiter, strict=True)
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
        """Keep or reject what ``csv.reader`` accepted as one record."""
        end = self._at
        plain = not (self._damage or self._has_lone_cr or start < self._doubtful_until)
        if plain and len(row) == self._header.width:
            self._keep(start, row)
            return
        lines = self._lines[start:end]
        if self._damage and any(map(self._damage.search, lines)):
            detail = "bytes that the file's encoding cannot decode"
            self._reject(start, end, LineReason.UNDECODABLE, detail)
        elif len(row) != self._header.width:
            detail = column_count(len(row), self._header)
            self._reject(start, self._end_of_wrong_width(start), LineReason.COLUMN_COUNT, detail)
        elif start < self._doubtful_until and sum(line.count('"') for line in lines) % 2:
            detail = "an odd number of quotes after a line with a bad quote"
            self._reject(start, end, LineReason.BAD_QUOTING, detail)
        else:
            self._keep(start, [value.replace(LONE_CR, "\r") for value in row])

    def _keep(self, start: int, row: list[str]) -> None:
        """Add a row that consists of the lines from `start` to the next line."""
        self._rows.append(row)
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
        detail = f"line {self._first + self._at - 1}: {error}"
        if error == "unexpected end of data" and self._at == len(self._lines):
            if not self._are_records(self._lines[start + 1 :]):
                detail = (
                    "a quote opened on this line is not closed until the end, so the file is"
                    " incomplete; held until it is complete"
                )
                raise FileRejected(FileReason.TRUNCATED, detail, self._first + start)
            detail = "the quote is never closed"
        again = self._at - start - 1
        self._doubtful_until = max(self._doubtful_until, self._at)
        end = start + 1 if again <= self._rereads else self._at
        self._rereads -= again
        self._reject(start, end, LineReason.BAD_QUOTING, detail)

    def _reject(self, start: int, end: int, reason: LineReason, detail: str) -> None:
        """Make the lines from `start` to `end` unparsable and continue at `end`."""
        for at in range(start, end):
            text = self._lines[at].rstrip("\r\n").replace(LONE_CR, "\r")
            if self._damage:
                text = self._damage.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text)
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
            reader = csv.reader(lines, delimiter=self._header.delimiter, strict=True)
            widths.update(map(len, reader))
        except csv.Error:
            return False
        return widths - {0} == {self._header.width}

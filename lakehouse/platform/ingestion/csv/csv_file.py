"""The result of reading one CSV file."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from lakehouse.platform.ingestion.csv.errors import NO_RECORDS, LineReason, UnparsableLine
from lakehouse.platform.ingestion.csv.header import Header
from lakehouse.platform.ingestion.csv.header_search import FoundHeader

_WORDS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, kw_only=True)
class CsvFile:
    """The rows of one file, its unparsable lines and what its header looked like.

    Attributes:
        rows: the format's columns as text; ``_line`` int32, the physical line (from 1) on which the
            record starts; ``_rescued``, values of undeclared columns as a JSON object, or null.
        unparsable: every physical line that is neither the header nor part of a row, in order.
        physical_lines: lines of the file, including an unfinished last one.
        header_lines: lines of the header; 0 for a file without one.
        header_line: its first physical line, from 1; 0 for a file without one.
        continuation_lines: lines of rows beyond each row's first.
        encoding: as the format names it.
        header: the header, for the layout of the lines.
        delimiter: the delimiter found in the header line.
        extra_columns: undeclared columns, as the header spells them.
        reordered: the columns come in another order than in the format.
        final_newline: the last line has its line end.
        drift: sentences on how the file departs from its format.
    """

    rows: pa.Table
    unparsable: tuple[UnparsableLine, ...]
    physical_lines: int
    header_lines: int = 1
    header_line: int
    continuation_lines: int
    encoding: str
    header: Header
    delimiter: str
    extra_columns: tuple[str, ...]
    reordered: bool
    final_newline: bool
    drift: tuple[str, ...]

    @property
    def balance(self) -> int:
        """Physical lines that are not accounted for; always 0."""
        accounted = self.rows.num_rows + self.continuation_lines + len(self.unparsable)
        return self.physical_lines - self.header_lines - accounted


def csv_file(
    found: FoundHeader,
    rows: pa.Table,
    unparsable: Sequence[UnparsableLine],
    *,
    physical_lines: int,
    continuation_lines: int = 0,
    encoding: str,
    final_newline: bool = True,
    drift: tuple[str, ...] = (),
) -> CsvFile:
    """Return the result of reading a file with a header; `drift` is added to the header's."""
    header = found.header
    lines = (*found.above, *_with_footers(unparsable, rows, header))
    return CsvFile(
        rows=rows,
        unparsable=lines,
        physical_lines=physical_lines,
        header_lines=found.lines,
        header_line=found.line,
        continuation_lines=continuation_lines,
        encoding=encoding,
        header=header,
        delimiter=header.delimiter,
        extra_columns=tuple(header.extra),
        reordered=header.reordered,
        final_newline=final_newline,
        drift=header.drift + drift + _skipped(lines),
    )


def _with_footers(
    unparsable: Sequence[UnparsableLine], rows: pa.Table, header: Header
) -> Sequence[UnparsableLine]:
    """Return the lines; text without a delimiter after the last row is a footer.

    A line with as many values as the header, but another delimiter, may be a record.
    """
    if not unparsable or header.width == 1:
        return unparsable
    others = {*header.format.delimiters} - {header.delimiter}
    last = rows["_line"][-1].as_py() if rows.num_rows else 0
    return [
        replace(line, reason=LineReason.FOOTER, detail="text after the last row")
        if line.line > last
        and line.reason is LineReason.COLUMN_COUNT
        and header.delimiter not in line.text
        and not any(line.text.count(each) >= header.width - 1 for each in others)
        and _WORDS.search(line.text)
        else line
        for line in unparsable
    ]


def _skipped(lines: Sequence[UnparsableLine]) -> tuple[str, ...]:
    """Return a sentence on the lines without a record that were left out; empty if none."""
    counts = Counter(line.reason for line in lines if line.reason in NO_RECORDS)
    if not counts:
        return ()
    return ("lines left out: " + ", ".join(f"{n} {reason}" for reason, n in counts.items()),)

"""The result of reading one CSV file."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.platform.ingestion.csv.errors import UnparsableLine
from lakehouse.platform.ingestion.csv.header import Header


@dataclass(frozen=True, kw_only=True)
class CsvFile:
    """The rows of one file, its unparsable lines and what its header looked like.

    Attributes:
        rows: the format's columns as text; ``_line`` int32, the physical line (from 1) on which the
            record starts; ``_rescued``, values of undeclared columns as a JSON object, or null.
        unparsable: every physical line that is neither the header nor part of a row, in order.
        physical_lines: lines of the file, including an unfinished last one.
        header_lines: 1; the header is the first line that is not blank.
        continuation_lines: lines of rows beyond each row's first.
        encoding: as the format names it.
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
    continuation_lines: int
    encoding: str
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
    header: Header,
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
    return CsvFile(
        rows=rows,
        unparsable=tuple(unparsable),
        physical_lines=physical_lines,
        continuation_lines=continuation_lines,
        encoding=encoding,
        delimiter=header.delimiter,
        extra_columns=tuple(header.extra),
        reordered=header.reordered,
        final_newline=final_newline,
        drift=header.drift + drift,
    )

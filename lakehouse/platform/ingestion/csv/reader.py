"""Read one delivered CSV file into rows and unparsable lines."""

from dataclasses import replace

from lakehouse.platform.ingestion.csv.columns import read_by_column
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.decimal_marks import with_decimal_commas
from lakehouse.platform.ingestion.csv.decode import as_utf8, reject_other_types
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.header_repair import read_with_repair
from lakehouse.platform.ingestion.csv.records import read_by_record
from lakehouse.platform.tables.csv_format import CsvFormat

DOS_END = b"\x1a"
"""Ends a text file of MS-DOS programs; no part of a line."""
COLUMN_READER_BYTES = 16_384
"""Size from which a file is read by column if that gives the same result."""


def read_csv(data: bytes, format: CsvFormat, *, name: str) -> CsvFile:  # noqa: A002  clearest name
    r"""Return the rows of one file, and each line that is in none of them.

    Args:
        data: the complete file, decompressed.
        format: columns and dialect of its source.
        name: the file, for messages.

    Raises:
        FileRejected: the file cannot be read.

    >>> file = read_csv(b"id;city\n1;Rio\n2\n", CsvFormat(columns=("City", "Id")), name="a.csv")
    >>> file.rows.to_pylist()
    [{'City': 'Rio', 'Id': '1', '_line': 2, '_rescued': None}]
    >>> file.unparsable[0].text, file.unparsable[0].detail[:26], file.balance
    ('2', 'found 1 column, expected 2', 0)
    """
    try:
        data, wide = as_utf8(data)
        complete, data = data, data.rstrip(DOS_END)
        reject_other_types(data)
        file = read_with_repair(data, format, lambda each: _read(each, format))
        file = with_decimal_commas(file, format)
        if len(data) < len(complete):
            file = replace(file, drift=(*file.drift, "the MS-DOS mark at the end was left out"))
        return replace(file, encoding=wide) if wide else file
    except FileRejected as rejected:
        rejected.name = name
        raise


def _read(data: bytes, wanted: CsvFormat) -> CsvFile:
    """Read a file by column if it is large and plain, else by record."""
    file = read_by_column(data, wanted) if len(data) >= COLUMN_READER_BYTES else None
    return file or read_by_record(data, wanted)

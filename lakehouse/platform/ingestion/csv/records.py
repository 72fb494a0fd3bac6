"""Read a file record by record with the csv module; works for every file.

`read_by_column` is faster for files whose quotes enclose complete fields.
"""

import csv
import io
import re

import pyarrow as pa

from lakehouse.platform.ingestion.csv.csv_file import CsvFile, csv_file
from lakehouse.platform.ingestion.csv.decode import DecodedText, decode
from lakehouse.platform.ingestion.csv.errors import (
    LINE_LIMIT,
    FileReason,
    FileRejected,
    LineReason,
    UnparsableLine,
)
from lakehouse.platform.ingestion.csv.header import Header, match_header
from lakehouse.platform.ingestion.csv.recovery import LONE_CR, Records, RecoveringReader
from lakehouse.platform.ingestion.csv.rows import batch_of_records
from lakehouse.platform.tables.csv_format import CsvFormat


def read_by_record(data: bytes, wanted: CsvFormat) -> CsvFile:
    """Read a file record by record.

    Raises:
        FileRejected: ``undecodable``, ``schema`` or ``truncated``.
    """
    decoded = decode(data, wanted.encodings)
    text, newline = decoded.text, "\n"
    if "\r" in text and "\n" not in text:
        newline = "\r"
    elif text.count("\r") != text.count("\r\n"):
        text = re.sub(r"\r++(?!\n)", lambda run: LONE_CR * len(run[0]), text)

    blanks, start = _leading_blank_lines(text, newline)
    end = text.find(newline, start)
    if end < 0:
        end = len(text)
    header = _header(text[start:end].rstrip("\r"), len(blanks) + 1, end, decoded, wanted)
    final_newline = text.endswith(newline)
    physical_lines = text.count(newline) + (not final_newline)
    if wanted.final_newline and not final_newline:
        raise _truncated(physical_lines)

    body = text[end + 1 :]
    first = len(blanks) + 2
    records = None
    if text is decoded.text and newline == "\n" and not decoded.damage:
        records = _plain_records(body, first, header)
    if records is None:
        records = RecoveringReader(body, newline, first, decoded.damage, header).read()
    drift = f"{decoded.foreign} lines look like UTF-8, but the file is read as {decoded.encoding}"
    return csv_file(
        header,
        pa.Table.from_batches(records.batches, header.schema),
        (*blanks, *records.unparsable),
        physical_lines=physical_lines,
        continuation_lines=records.continuation_lines,
        encoding=decoded.encoding,
        final_newline=final_newline,
        drift=(drift,) if decoded.foreign and decoded.damage is None else (),
    )


def _leading_blank_lines(text: str, newline: str) -> tuple[list[UnparsableLine], int]:
    """Return the blank lines before the header, and the offset at which the header starts."""
    blanks: list[UnparsableLine] = []
    start = 0
    while (end := text.find(newline, start)) >= 0:
        line = text[start:end].rstrip("\r")
        if line.strip(" "):
            break
        blanks.append(
            UnparsableLine(
                line=len(blanks) + 1,
                text=line,
                reason=LineReason.BLANK_LINE,
                detail="blank line before the header",
            )
        )
        start = end + 1
    return blanks, start


def _header(text: str, line: int, end: int, decoded: DecodedText, wanted: CsvFormat) -> Header:
    """Check and match the header line, which ends at offset `end` of the decoded text."""
    if end == len(decoded.text) and wanted.final_newline:
        raise _truncated(line)
    if len(text) > LINE_LIMIT:
        detail = (
            f"the header has {len(text):,} characters, at most {LINE_LIMIT:,} are read;"
            " hint: shorten it, or send the file with line ends"
        )
        raise FileRejected(FileReason.SCHEMA, detail, line)
    if decoded.damage and decoded.damage.search(text):
        detail = (
            f"the header cannot be decoded as {' or '.join(wanted.encodings)};"
            " hint: send the file as UTF-8"
        )
        raise FileRejected(FileReason.UNDECODABLE, detail, line)
    return match_header(text, line, wanted)


def _truncated(line: int) -> FileRejected:
    detail = "the last line has no line end, so the file is incomplete; held until it is complete"
    return FileRejected(FileReason.TRUNCATED, detail, line)


def _plain_records(body: str, first: int, header: Header) -> Records | None:
    """Read a short body in which every line is a record of the right width; else return None."""
    if len(body) > LINE_LIMIT or header.width == 1:
        return None
    reader = csv.reader(io.StringIO(body, newline="\n"), delimiter=header.delimiter, strict=True)
    try:
        rows = list(reader)
    except csv.Error:
        return None
    lines = body.count("\n") + (body[-1:] not in ("", "\n"))
    if len(rows) != lines or not {header.width}.issuperset(map(len, rows)):
        return None
    if not rows:
        return Records()
    return Records(batches=[batch_of_records(rows, range(first, first + lines), header)])

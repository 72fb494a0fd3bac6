"""Read a file record by record with the csv module; works for every file.

`read_by_column` is faster for files whose quotes enclose complete fields.
"""

import csv
import io
import re
from dataclasses import replace

import pyarrow as pa

from lakehouse.platform.ingestion.csv.csv_file import CsvFile, csv_file
from lakehouse.platform.ingestion.csv.decode import LONE_CR, DecodedText, decode
from lakehouse.platform.ingestion.csv.errors import LINE_LIMIT, FileReason, FileRejected
from lakehouse.platform.ingestion.csv.header import QUOTE, Header, complete_header
from lakehouse.platform.ingestion.csv.header_search import (
    SEARCHED,
    FoundHeader,
    find_header,
    no_header,
)
from lakehouse.platform.ingestion.csv.quoting import has_single_quotes
from lakehouse.platform.ingestion.csv.recovery import Lines, Records, RecoveringReader
from lakehouse.platform.ingestion.csv.roles import first_words
from lakehouse.platform.ingestion.csv.rows import batch_of_records
from lakehouse.platform.tables.csv_format import CsvFormat

_ESCAPED_QUOTE = '\\"'
_OTHER_ESCAPE = re.compile(r'\\(?!["\\])')


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

    found, start = _find_header(text, newline, decoded, wanted)
    final_newline = text.endswith(newline)
    physical_lines = text.count(newline) + (not final_newline)
    if wanted.final_newline and not final_newline:
        raise _truncated(physical_lines)

    body = text[start:]
    records, found = _read_records(body, newline, decoded, found, text is decoded.text)
    drift = f"{decoded.marks} byte order marks inside the file were removed"
    return csv_file(
        found,
        pa.Table.from_batches(records.batches, found.header.schema),
        records.unparsable,
        physical_lines=physical_lines,
        continuation_lines=records.continuation_lines,
        encoding=decoded.encoding,
        final_newline=final_newline,
        drift=(drift,) if decoded.marks else (),
    )


def _read_records(
    body: str, newline: str, decoded: DecodedText, found: FoundHeader, usual: bool
) -> tuple[Records, FoundHeader]:
    """Read the lines after the header; return also the header as they were read with it.

    Args:
        body: the text after the header.
        newline: the line end.
        decoded: the decoded file.
        found: the header.
        usual: there is no CR that is not part of a line end.
    """
    header, first = found.header, found.body
    if usual and newline == "\n" and decoded.clean and header.plain:
        records = _plain_records(body, first, header)
        if records is not None:
            return records, found
    lines = Lines(body=body, newline=newline, first=first, decoded=decoded)
    if _ESCAPED_QUOTE in body:
        return _read_escaped(lines, found)
    return RecoveringReader(lines, header).read(), found


def _read_escaped(lines: Lines, found: FoundHeader) -> tuple[Records, FoundHeader]:
    """Read lines with a quote after a backslash, which may be escaped or a value's last letter.

    The quotes are escaped if fewer lines are bad when they are read so, and if no backslash stands
    before anything else. If that does not decide it, rows with such quotes are unparsable.
    """
    rejected: FileRejected | None = None
    records = Records()
    try:
        records = RecoveringReader(lines, found.header).read()
        if not records.bad:
            return records, found
    except FileRejected as error:
        rejected = error
    if not _OTHER_ESCAPE.search(lines.body):
        escaped = found.header.with_escapes()
        try:
            again = RecoveringReader(lines, escaped).read()
        except FileRejected:
            pass
        else:
            if again.bad < records.bad or (rejected and not again.bad):
                return again, replace(found, header=escaped)
    if rejected:
        raise rejected
    if not any(_ESCAPED_QUOTE in line.text for line in records.unparsable):
        return records, found
    return RecoveringReader(lines, found.header, doubt_escapes=True).read(), found


def _find_header(
    text: str, newline: str, decoded: DecodedText, wanted: CsvFormat
) -> tuple[FoundHeader, int]:
    """Return the header and the offset of the line after it."""
    lines: list[str] = []
    ends: list[int] = []
    at = 0
    while at < len(text) and len(lines) < SEARCHED:
        end = text.find(newline, at)
        end = len(text) if end < 0 else end
        lines.append(text[at:end].rstrip("\r"))
        ends.append(end)
        at = end + 1
        if len(lines) == 1 and wanted.header and complete_header(lines[0], wanted):
            break
    found = find_header(lines, wanted)
    if found is not None:
        above = tuple(replace(line, text=decoded.shown(line.text)) for line in found.above)
        last = found.body - 2
        return replace(found, above=above), 0 if last < 0 else min(ends[last] + 1, len(text))
    error = no_header(lines, wanted)
    line = error.line or 1
    if line == len(lines) and ends[-1] == len(text) and wanted.final_newline:
        raise _truncated(line)
    if decoded.damage and decoded.damage.search(lines[line - 1]):
        detail = (
            f"the header cannot be decoded as {' or '.join(wanted.encodings)};"
            " hint: save the file as CSV UTF-8"
        )
        raise FileRejected(FileReason.UNDECODABLE, detail, line)
    raise error


def _truncated(line: int) -> FileRejected:
    detail = "the last line has no line end, so the file is incomplete; held until it is complete"
    return FileRejected(FileReason.TRUNCATED, detail, line)


def _plain_records(body: str, first: int, header: Header) -> Records | None:
    """Read a short body in which every line is a record of the right width; else return None."""
    if len(body) > LINE_LIMIT or header.width == 1 or has_single_quotes(body, header.delimiter):
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
    if _ESCAPED_QUOTE in body or not header.first_words.isdisjoint(first_words(rows)):
        return None
    if QUOTE in body and QUOTE in "".join(map("".join, rows)):
        return None
    return Records(batches=[batch_of_records(rows, range(first, first + lines), header)])

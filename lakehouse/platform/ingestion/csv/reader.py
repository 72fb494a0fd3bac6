"""The bytes of one landed CSV become rows, unparsable lines and a verdict on the file.

No physical line is lost. For every file that is read,

    physical lines = header lines + rows + continuation lines + unparsable lines

where a continuation line is a further line of a row whose quoted value contains line breaks, and
a blank line is an unparsable line with the reason ``blank_line``. `CsvFile.balance` is the
difference and is always 0. A file that cannot be trusted as a whole raises `FileRejected`.

What a record is, is decided by ``csv.reader(strict=True)``. Where it finds none:

- A line or record it can read, but not into the header's number of columns, is unparsable.
- A quote that is opened and then contradicted (``"oops,3`` … ``6,"ok"``) makes the line that
  opened it unparsable, and reading resumes on the line after it. The same goes for a record of
  several lines and the wrong width when each line inside it is a record of its own.
- Among the lines read a second time, a record with an odd number of quotes is unparsable too: it
  may be the end of a value whose beginning was rejected.
- A quote that stays open until the end of the file makes its line unparsable if all that follows
  reads well by itself; else the file counts as truncated.
- A line that says `ERASED` is unparsable, ends every open quote and joins no record.
- Re-reading is limited in proportion to the file; past the limit, the lines that a bad quote
  spans are unparsable together. The time to read a hostile file stays linear.

Lines end in LF or CR LF, also mixed (any CRs before an LF belong to the line end). A lone CR is
part of its value, unless the file has no LF at all: then CR is the line end.

A large file whose quotes, if any, each enclose one whole field within one line is read by pyarrow
instead, to the same result: many times as fast, and callers can use threads.

What a value means (numbers, dates, keys) does not belong here.
"""

import codecs
import csv
import difflib
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as columnar

from lakehouse.platform.tables.csv_format import BLANKS, CsvFormat, header_key

LINE_LIMIT = 131_072
"""Longest line that is read, in characters with its line end; also csv's limit of one field."""

COLUMNAR_BYTES = 16_384
"""From this size on, a plain file is read by column."""

ERASED = "lakehouse:erased"
"""A line of a record that was removed on request; it stands where the record's line stood."""

_BATCH_ROWS = 50_000
_BLOCK = 4 << 20  # bytes that pyarrow parses at once; longer than any line that is read
_REREADS = 4  # how often, on average, a line may be read again after a bad quote
_CACHED = 1 << 18  # bytes
_PIECE = 1 << 20  # bytes taken from a compressed stream at once
_LONE_CR = "\udc0d"  # stands for a CR that ends no line; no decoder yields this character
_NOTHING = "nothing but blanks"
_REMOVED = "removed on request"
_C1 = re.compile("[\x80-\x9f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_OTHER_KINDS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a ZIP archive or an XLSX workbook",
    b"\xd0\xcf\x11\xe0": "an XLS workbook",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "gzip data; its name must end in .gz",
    codecs.BOM_UTF16_LE: "UTF-16 text; it must be UTF-8 or Latin-1",
    codecs.BOM_UTF16_BE: "UTF-16 text; it must be UTF-8 or Latin-1",
}


class FileReason(StrEnum):
    """Why a whole file is rejected."""

    EMPTY_FILE = "empty_file"
    """No byte, or nothing but blanks: not even a header."""
    NOT_CSV = "not_csv"
    """NUL bytes, or the signature of another kind of file (image, workbook, PDF, HTML)."""
    UNDECODABLE = "undecodable"
    """The header is not text in any encoding of the format."""
    SCHEMA = "schema"
    """A required column is missing, a column is repeated, or the header is no CSV."""
    TRUNCATED = "truncated"
    """No final line end, a quote left open until the end, or gzip data cut short: held."""
    TOO_LARGE = "too_large"
    """Decompressed, it is larger than the limit."""
    BAD_GZIP = "bad_gzip"
    """Not gzip data, or damaged."""


class LineReason(StrEnum):
    """Why a physical line is in no row."""

    COLUMN_COUNT = "column_count"
    """More or fewer columns than the header."""
    BAD_QUOTING = "bad_quoting"
    """A quote is not closed, or text follows a closing quote."""
    UNDECODABLE = "undecodable"
    """Bytes that are no text in the file's encoding; shown as ``\\xNN``."""
    LINE_TOO_LONG = "line_too_long"
    """Longer than `LINE_LIMIT`."""
    BLANK_LINE = "blank_line"
    """Nothing but blanks."""
    ERASED = "erased"
    """A record was removed here on request; nothing of it is left."""


class FileRejected(Exception):
    """A file that is not read; its text names file, line, column, what was expected, the hint.

    Attributes:
        reason: the code under which the delivery is recorded.
        detail: what was expected and found, and what to do.
        line: physical line, from 1, where there is one to name.
        column: the column at fault, as the format or the header spells it.
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


@dataclass(frozen=True, kw_only=True)
class Unparsable:
    """A physical line that is in no row.

    Attributes:
        line: its number in the file, from 1.
        text: the line without its line end.
        reason: the code under which it is quarantined.
        detail: what was found.
    """

    line: int
    text: str
    reason: LineReason
    detail: str


@dataclass(frozen=True, kw_only=True)
class CsvFile:
    """One file, read.

    Attributes:
        rows: the format's columns as text; ``_line`` int32, the physical line (from 1) where the
            record starts; ``_rescued``, the values of undeclared columns as a JSON object (null
            when there are none).
        unparsable: every physical line that is neither header nor in a row, in order.
        physical_lines: lines of the file, an unfinished last one included.
        header_lines: 1; the header is the first line that is not blank.
        continuation_lines: lines of rows beyond each row's first.
        encoding: as the format names it.
        delimiter: the one found.
        extra_columns: undeclared columns, as the header spells them.
        reordered: the columns come in another order than the format's.
        final_newline: the last line has its line end.
        drift: sentences on how the file departs from its format.
    """

    rows: pa.Table
    unparsable: tuple[Unparsable, ...]
    physical_lines: int
    header_lines: int
    continuation_lines: int
    encoding: str
    delimiter: str
    extra_columns: tuple[str, ...]
    reordered: bool
    final_newline: bool
    drift: tuple[str, ...]

    @property
    def balance(self) -> int:
        """Physical lines that nothing accounts for; always 0."""
        accounted = self.rows.num_rows + self.continuation_lines + len(self.unparsable)
        return self.physical_lines - self.header_lines - accounted


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How one header line answers a format."""

    format: CsvFormat
    delimiter: str
    width: int
    places: tuple[int | None, ...]  # of each of the format's columns; nothing where it is missing
    extra: Mapping[str, int]  # place of each undeclared column
    reordered: bool
    drift: tuple[str, ...]
    schema: pa.Schema


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A decoded file."""

    text: str
    encoding: str
    damage: re.Pattern[str] | None = None  # what stands for undecodable bytes, if there are any
    foreign: int = 0  # lines that look like UTF-8 in a file that is not


@dataclass(kw_only=True)
class _Records:
    """What the lines after the header came to."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    unparsable: list[Unparsable] = field(default_factory=list)
    continuation_lines: int = 0


def read_csv(data: bytes, format: CsvFormat, *, name: str) -> CsvFile:  # noqa: A002  the word for it
    r"""Give the rows of one file, and each line that is in none of them.

    Args:
        data: the whole file, decompressed.
        format: what its source promises.
        name: the file, for messages.

    Raises:
        FileRejected: the file as a whole cannot be trusted.

    >>> file = read_csv(b"id;city\n1;Rio\n2\n", CsvFormat(columns=("City", "Id")), name="a.csv")
    >>> file.rows.to_pylist()
    [{'City': 'Rio', 'Id': '1', '_line': 2, '_rescued': None}]
    >>> file.unparsable[0].text, file.unparsable[0].detail, file.balance
    ('2', '1 column, expected 2', 0)
    """
    try:
        _reject_other_kinds(data)
        file = _by_column(data, format) if len(data) >= COLUMNAR_BYTES else None
        return file or _by_record(data, format)
    except FileRejected as rejected:
        rejected.name = name
        raise


def decompress(data: bytes | BinaryIO, *, name: str, limit: int) -> bytes:
    """Give the bytes inside gzip data, holding at most `limit` of them.

    Several members in a row are one file, as gzip has it; zero bytes after them are padding.

    Args:
        data: the compressed bytes, or a stream of them.
        name: the file, for messages.
        limit: bytes, decompressed.

    Raises:
        FileRejected: ``too_large``, ``bad_gzip`` or ``truncated``.
    """
    out = bytearray()
    try:
        for piece in _unzipped(io.BytesIO(data) if isinstance(data, bytes) else data):
            out += piece
            if len(out) > limit:
                detail = f"more than {limit:,} bytes when decompressed; send it in parts"
                raise FileRejected(FileReason.TOO_LARGE, detail)
    except zlib.error as error:
        detail = f"not sound gzip data ({error}); compress and send it anew"
        raise FileRejected(FileReason.BAD_GZIP, detail, name=name) from None
    except FileRejected as rejected:
        rejected.name = name
        raise
    return bytes(out)


def _unzipped(stream: BinaryIO) -> Iterator[bytes]:
    """Decompress a stream in pieces of at most `_PIECE` bytes."""
    member, begun, finished = zlib.decompressobj(wbits=31), False, 0
    while piece := stream.read(_PIECE):
        while piece:
            if finished and not begun and not (piece := piece.lstrip(b"\0")):
                break
            begun = True
            yield member.decompress(piece, _PIECE)
            piece = member.unconsumed_tail
            if member.eof:
                piece = member.unused_data
                member, begun, finished = zlib.decompressobj(wbits=31), False, finished + 1
    while begun and (more := member.decompress(b"", _PIECE)):
        yield more
    if not (member.eof if begun else finished):
        raise FileRejected(
            FileReason.TRUNCATED, "the gzip data ends too early; held until it comes complete"
        )


def _reject_other_kinds(data: bytes) -> None:
    """Reject what is empty or no CSV at all."""
    head = data[:512].removeprefix(codecs.BOM_UTF8)
    if not head.strip() and not data.removeprefix(codecs.BOM_UTF8).strip():
        detail = "no header, no rows; send the file with its header, even when it has no rows"
        raise FileRejected(FileReason.EMPTY_FILE, detail)
    found = next((kind for mark, kind in _OTHER_KINDS.items() if head.startswith(mark)), None)
    line = 1
    if head.lstrip().startswith(b"<"):
        found = "HTML or XML"
    elif found is None and (nul := data.find(b"\0")) >= 0:
        found = f"a NUL byte at offset {nul:,}; send the file anew"
        line = data.count(b"\n", 0, nul) + 1
    if found is not None:
        raise FileRejected(FileReason.NOT_CSV, f"expected CSV text, found {found}", line)


def _few(names: Sequence[str]) -> str:
    """Names for a message, which a hostile header must not blow up."""
    shown = ", ".join(repr(name[:60]) for name in names[:60])
    return f"{shown} and {len(names) - 60} more" if len(names) > 60 else shown or "nothing"


@lru_cache(maxsize=512)
def _layout(header: str, line: int, wanted: CsvFormat) -> _Layout:
    """Find the format's columns in the header line; many files share few headers."""
    known = {header_key(column): column for column in wanted.columns}
    known |= {header_key(spelling): column for spelling, column in wanted.aliases.items()}
    delimiter, names = _header(header, line, known, wanted.delimiters)
    columns = [known.get(header_key(name), header_key(name)) for name in names]
    _reject_schema(names, columns, line, wanted)
    places = tuple(
        columns.index(column) if column in columns else None for column in wanted.columns
    )
    present = [place for place in places if place is not None]
    extra = {name: place for place, name in enumerate(names) if place not in present}
    absent = [c for c, place in zip(wanted.columns, places, strict=True) if place is None]
    reordered = present != sorted(present)
    drift = {
        f"undeclared columns, kept aside: {_few(list(extra))}": extra,
        f"optional columns missing, filled with null: {_few(absent)}": absent,
        f"columns in another order: {_few(names)}": reordered,
    }
    return _Layout(
        format=wanted,
        delimiter=delimiter,
        width=len(names),
        places=places,
        extra=extra,
        reordered=reordered,
        drift=tuple(sentence for sentence, is_so in drift.items() if is_so),
        schema=pa.schema(
            [(column, pa.string()) for column in wanted.columns]
            + [("_line", pa.int32()), ("_rescued", pa.string())]
        ),
    )


def _header(
    header: str, line: int, known: Mapping[str, str], delimiters: str
) -> tuple[str, list[str]]:
    """Split the header line by the delimiter that finds most known columns."""
    readings: dict[str, list[str]] = {}
    failure = ""
    for delimiter in delimiters:
        try:
            readings[delimiter] = next(csv.reader([header], delimiter=delimiter, strict=True))
        except csv.Error as error:
            failure = str(error)
    if not readings:
        raise FileRejected(FileReason.SCHEMA, f"the header is no line of CSV ({failure})", line)
    delimiter = max(
        readings,
        key=lambda d: (sum(header_key(name) in known for name in readings[d]), len(readings[d])),
    )
    return delimiter, [
        name.replace("\ufeff", "").strip() or f"column_{place}"
        for place, name in enumerate(readings[delimiter], start=1)
    ]


def _reject_schema(names: list[str], columns: list[str], line: int, wanted: CsvFormat) -> None:
    """Reject a header that repeats a column or lacks a required one.

    A first line without any known column may be a row, whose values are not to be told.
    """
    known = not set(wanted.columns).isdisjoint(columns)
    found = _few(names) if known else f"{len(names)} other values; is the header missing?"
    expected = f"expected {_few(wanted.columns)}; found {found}"
    first: dict[str, str] = {}
    for name, column in zip(names, columns, strict=True):
        if column in first and known:
            detail = f"the column comes twice, as {first[column]!r} and {name!r}; {expected}"
            raise FileRejected(FileReason.SCHEMA, f"{detail}. Send each column once", line, name)
        first[column] = name
    missing = [c for c in wanted.columns if c not in first and c not in wanted.optional]
    if missing:
        strange = [name for c, name in first.items() if c not in wanted.columns][:200]
        alike = {c: difflib.get_close_matches(c, strange, n=1, cutoff=0.75) for c in missing}
        hints = "".join(f"; is {near[0]!r} meant for {c!r}?" for c, near in alike.items() if near)
        raise FileRejected(
            FileReason.SCHEMA,
            f"required column missing: {_few(missing)}; {expected}{hints}."
            " Send the file with it, or declare the spelling in the format's aliases",
            line,
            missing[0],
        )


def _decode(data: bytes, encodings: tuple[str, ...]) -> _Text:
    """Read the bytes as text; each undecodable byte becomes one character of `damage`."""
    if data.startswith(codecs.BOM_UTF8):
        data, encodings = data[3:], ("utf-8",)
    foreign = 0
    decoded = None
    for encoding in encodings:
        decoded = _decoded(data, encoding, foreign)
        if decoded.damage is None:
            break
        if codecs.lookup(encoding).name == "utf-8":
            foreign, others = _accented_lines(data)
            if foreign >= others:
                break
    assert decoded is not None  # noqa: S101  a format names an encoding
    return decoded


def _decoded(data: bytes, encoding: str, foreign: int) -> _Text:
    """Read the bytes in one encoding."""
    if codecs.lookup(encoding).name == "iso8859-1":
        text = data.decode(encoding)
        damage = _C1 if _C1.search(text) else None
        return _Text(text=text, encoding=encoding, damage=damage, foreign=foreign)
    try:
        return _Text(text=data.decode(encoding), encoding=encoding, foreign=foreign)
    except UnicodeDecodeError:
        text = data.decode(encoding, "surrogateescape")
        return _Text(text=text, encoding=encoding, damage=_ESCAPED, foreign=foreign)


def _accented_lines(data: bytes) -> tuple[int, int]:
    """How many lines beyond ASCII are UTF-8, and how many are not."""
    counts = [0, 0]
    for line in data.split(b"\n"):
        if not line.isascii():
            try:
                line.decode()
                counts[0] += 1
            except UnicodeDecodeError:
                counts[1] += 1
    return counts[0], counts[1]


def _by_record(data: bytes, wanted: CsvFormat) -> CsvFile:
    """Read a file record by record, with Python's own reader."""
    decoded = _decode(data, wanted.encodings)
    text, newline = decoded.text, "\n"
    if "\r" in text and "\n" not in text:
        newline = "\r"
    elif text.count("\r") != text.count("\r\n"):
        text = re.sub(r"\r++(?!\n)", lambda run: _LONE_CR * len(run[0]), text)

    blanks, start = _leading_blanks(text, newline)
    end = text.find(newline, start)
    if end < 0:
        end = len(text)
    layout = _layout_of(text[start:end].rstrip("\r"), len(blanks) + 1, end, decoded, wanted)
    final_newline = text.endswith(newline)
    physical_lines = text.count(newline) + (not final_newline)
    if wanted.final_newline and not final_newline:
        raise _cut(physical_lines)

    body = text[end + 1 :]
    first = len(blanks) + 2
    records = None
    if text is decoded.text and newline == "\n" and not decoded.damage:
        records = _plain_records(body, first, layout)
    if records is None:
        records = _Careful(body, newline, first, decoded.damage, layout).read()
    mixed = (
        f"{decoded.foreign} lines look like UTF-8 in a file that is read as {decoded.encoding}",
    )
    return CsvFile(
        rows=pa.Table.from_batches(records.batches, layout.schema),
        unparsable=(*blanks, *records.unparsable),
        physical_lines=physical_lines,
        header_lines=1,
        continuation_lines=records.continuation_lines,
        encoding=decoded.encoding,
        delimiter=layout.delimiter,
        extra_columns=tuple(layout.extra),
        reordered=layout.reordered,
        final_newline=final_newline,
        drift=layout.drift + mixed if decoded.foreign and decoded.damage is None else layout.drift,
    )


def _leading_blanks(text: str, newline: str) -> tuple[list[Unparsable], int]:
    """The blank lines before the header, and the offset at which it starts."""
    blanks: list[Unparsable] = []
    start = 0
    while (end := text.find(newline, start)) >= 0:
        line = text[start:end].rstrip("\r")
        if line.strip(" "):
            break
        blanks.append(
            Unparsable(
                line=len(blanks) + 1,
                text=line,
                reason=LineReason.BLANK_LINE,
                detail="before the header",
            )
        )
        start = end + 1
    return blanks, start


def _layout_of(header: str, line: int, end: int, decoded: _Text, wanted: CsvFormat) -> _Layout:
    """Judge the header line, which ends at an offset of the text."""
    if end == len(decoded.text) and wanted.final_newline:
        raise _cut(line)
    if len(header) > LINE_LIMIT:
        detail = f"the header is longer than {LINE_LIMIT:,} characters"
        raise FileRejected(FileReason.SCHEMA, detail, line)
    if decoded.damage and decoded.damage.search(header):
        detail = f"the header is no text in {' or '.join(wanted.encodings)}; send it as UTF-8"
        raise FileRejected(FileReason.UNDECODABLE, detail, line)
    return _layout(header, line, wanted)


def _cut(line: int) -> FileRejected:
    detail = "the last line has no line end, so the file was cut; held until it comes complete"
    return FileRejected(FileReason.TRUNCATED, detail, line)


def _plain_records(body: str, first: int, layout: _Layout) -> _Records | None:
    """Read a short body in which every line is a record of the right width; else give nothing."""
    if len(body) > LINE_LIMIT or layout.width == 1:
        return None
    reader = csv.reader(io.StringIO(body, newline="\n"), delimiter=layout.delimiter, strict=True)
    try:
        rows = list(reader)
    except csv.Error:
        return None
    lines = body.count("\n") + (body[-1:] not in ("", "\n"))
    if len(rows) != lines or not {layout.width}.issuperset(map(len, rows)):
        return None
    return _Records(batches=[_batch(rows, range(first, first + lines), layout)] if rows else [])


class _Careful:
    """Reads any body, one record after the other; the module says how bad quotes are survived."""

    def __init__(
        self,
        body: str,
        newline: str,
        first: int,
        damage: re.Pattern[str] | None,
        layout: _Layout,
    ) -> None:
        self.lines = list(io.StringIO(body, newline=newline))
        self.first = first  # physical line on which the body begins
        self.damage = damage
        self.layout = layout
        self.has_lone_cr = _LONE_CR in body
        self.at = 0  # the next line; set back where lines are read again
        self.start = 0  # the line on which the record begins that is being read
        self.doubted = 0  # lines before this one are read again
        self.rereads = _REREADS * len(self.lines) + 1000
        self.records = _Records()
        self.rows: list[list[str]] = []
        self.numbers: list[int] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at == len(self.lines) or (self.at > self.start and self.erased(self.at)):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]

    def read(self) -> _Records:
        """Give each line to a row or to the unparsable ones."""
        reader = csv.reader(self, delimiter=self.layout.delimiter, strict=True)
        while self.at < len(self.lines):
            start = self.start = self.at
            line = self.lines[start]
            if self.erased(start):
                self.reject(start, start + 1, LineReason.ERASED, _REMOVED)
            elif not line.strip(" \r\n"):
                self.reject(start, start + 1, LineReason.BLANK_LINE, _NOTHING)
            elif len(line) > LINE_LIMIT:
                detail = f"{len(line):,} characters, at most {LINE_LIMIT:,}"
                self.reject(start, start + 1, LineReason.LINE_TOO_LONG, detail)
            else:
                try:
                    row = next(reader)
                except csv.Error as error:
                    self.bad_quote(start, str(error))
                else:
                    self.record(start, row)
        self.flush()
        return self.records

    def erased(self, at: int) -> bool:
        """Whether a line stands for one that was removed."""
        return self.lines[at].rstrip("\r\n") == ERASED

    def record(self, start: int, row: list[str]) -> None:
        """Judge what the reader took for a record."""
        end = self.at
        sound = not (self.damage or self.has_lone_cr or start < self.doubted)
        if sound and len(row) == self.layout.width:
            self.keep(start, row)
            return
        lines = self.lines[start:end]
        if self.damage and any(map(self.damage.search, lines)):
            self.reject(start, end, LineReason.UNDECODABLE, "bytes that are no text")
        elif len(row) != self.layout.width:
            detail = _widths(len(row), self.layout)
            self.reject(start, self.strays(start), LineReason.COLUMN_COUNT, detail)
        elif start < self.doubted and sum(line.count('"') for line in lines) % 2:
            self.reject(start, end, LineReason.BAD_QUOTING, "an odd quote after a bad one")
        else:
            self.keep(start, [value.replace(_LONE_CR, "\r") for value in row])

    def keep(self, start: int, row: list[str]) -> None:
        """Make lines a row."""
        self.rows.append(row)
        self.numbers.append(self.first + start)
        self.records.continuation_lines += self.at - start - 1
        if len(self.rows) == _BATCH_ROWS:
            self.flush()

    def strays(self, start: int) -> int:
        """Where to resume after a record of the wrong width: before the records inside it."""
        inside = self.lines[start + 1 : self.at - 1]
        if not inside or len(inside) >= self.rereads or not _each_reads_well(inside, self.layout):
            return self.at
        self.rereads -= len(inside) + 1
        self.doubted = max(self.doubted, self.at)
        return start + 1

    def bad_quote(self, start: int, error: str) -> None:
        """Reject the line that opened a bad quote, and have the lines after it read again."""
        detail = f"line {self.first + self.at - 1}: {error}"
        if error == "unexpected end of data" and self.at == len(self.lines):
            if not _reads_well(self.lines[start + 1 :], self.layout):
                detail = "a quote is open until the end: the file was cut; held until it is whole"
                raise FileRejected(FileReason.TRUNCATED, detail, self.first + start)
            detail = "the quote is never closed"
        again = self.at - start - 1
        self.doubted = max(self.doubted, self.at)
        end = start + 1 if again <= self.rereads else self.at
        self.rereads -= again
        self.reject(start, end, LineReason.BAD_QUOTING, detail)

    def reject(self, start: int, end: int, reason: LineReason, detail: str) -> None:
        """Make lines unparsable and go on after them."""
        for at in range(start, end):
            text = self.lines[at].rstrip("\r\n").replace(_LONE_CR, "\r")
            if self.damage:
                text = self.damage.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text)
            self.records.unparsable.append(
                Unparsable(
                    line=self.first + at,
                    text=text,
                    reason=reason if text.strip(" ") else LineReason.BLANK_LINE,
                    detail=detail,
                )
            )
        self.at = end

    def flush(self) -> None:
        """Turn the rows so far into a batch, which is smaller."""
        if self.rows:
            self.records.batches.append(_batch(self.rows, self.numbers, self.layout))
        self.rows, self.numbers = [], []


def _by_column(data: bytes, wanted: CsvFormat) -> CsvFile | None:
    """Read a large plain UTF-8 file by column; give nothing where this could differ in anything."""
    marked = data.startswith(codecs.BOM_UTF8)
    end = data.find(b"\n")
    if (
        not (marked or codecs.lookup(wanted.encodings[0]).name == "utf-8")
        or not data.endswith(b"\n")
        or not 0 < end <= min(LINE_LIMIT, len(data) - 2)
        or data.startswith(codecs.BOM_UTF8, end + 1)
        or not _is_utf8(data)
    ):
        return None
    header = data[3 if marked else 0 : end].decode().removesuffix("\r")
    if not header.strip(" ") or "\r" in header:
        return None
    layout = _layout(header, 1, wanted)
    ends = _line_ends(data, end + 1, layout) if layout.delimiter.isascii() else None
    if ends is None:
        return None
    parsed = _parsed(data, end + 1, layout)
    if parsed is None or parsed[0].num_rows + len(parsed[1]) != len(ends):
        return None
    table, skipped = parsed
    unparsable = [
        _odd_line(data[(ends[at - 1] if at else end) + 1 : ends[at]], at + 2, width, layout)
        for at, width in skipped.items()
    ]
    lines = np.delete(np.arange(2, len(ends) + 2, dtype=np.int32), list(skipped))
    return CsvFile(
        rows=_table(table, lines, layout),
        unparsable=tuple(unparsable),
        physical_lines=len(ends) + 1,
        header_lines=1,
        continuation_lines=0,
        encoding="utf-8" if marked else wanted.encodings[0],
        delimiter=layout.delimiter,
        extra_columns=tuple(layout.extra),
        reordered=layout.reordered,
        final_newline=True,
        drift=layout.drift,
    )


def _is_utf8(data: bytes) -> bool:
    """Whether all bytes are UTF-8, found out without a copy of them as text."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _line_ends(data: bytes, start: int, layout: _Layout) -> Any | None:
    """Offsets of the line ends from `start` on; nothing if a line or quote needs the careful way.

    Quotes are harmless when, taken in pairs, the first stands at the start of a field, the second
    at the end of one, and no line end between them: then nothing else can be inside or outside.
    Where a pair ends and the next begins at once, the two are a doubled quote inside a field.
    """
    text = np.frombuffer(data, np.uint8)
    ends = _offsets(text, "\n", start)
    lengths = np.diff(ends, prepend=start - 1)
    after_cr = text[ends - 1] == ord("\r")
    if (
        layout.width == 1
        or lengths.max() > LINE_LIMIT
        or (lengths == 1).any()  # a blank line
        or (after_cr & (lengths == 2)).any()
        or data.count(b"\r", start) != after_cr.sum()  # a CR that ends no line
    ):
        return None
    quotes = _offsets(text, '"', start)
    opening, closing = quotes[0::2], quotes[1::2]
    if len(quotes) % 2:
        return None
    doubled = closing[:-1] + 1 == opening[1:]
    if not (
        (np.append(False, doubled) | _among(text[opening - 1], f"{layout.delimiter}\n")).all()
        and (np.append(doubled, False) | _among(text[closing + 1], f"{layout.delimiter}\r\n")).all()
        and (closing < ends[np.searchsorted(ends, opening)]).all()
    ):
        return None
    return ends


def _offsets(text: Any, letter: str, start: int) -> Any:
    """Where an ASCII letter stands from `start` on; by blocks that fit the processor's cache."""
    blocks = range(start, len(text), _CACHED)
    found = [np.flatnonzero(text[at : at + _CACHED] == ord(letter)) + at for at in blocks]
    return np.concatenate(found)


def _among(text: Any, letters: str) -> Any:
    return np.logical_or.reduce([text == ord(letter) for letter in letters])


def _parsed(data: bytes, start: int, layout: _Layout) -> tuple[pa.Table, dict[int, int]] | None:
    """Every column as text, and the width of each line (from 0) that has another number of them."""
    skipped: dict[int, int] = {}

    def skip(row: Any) -> str:
        skipped[row.number - 1] = row.actual_columns
        return "skip"

    names = [str(place) for place in range(layout.width)]
    strip = layout.format.strip
    try:
        table = columnar.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(start)),
            read_options=columnar.ReadOptions(
                column_names=names, use_threads=False, block_size=_BLOCK
            ),
            parse_options=columnar.ParseOptions(
                delimiter=layout.delimiter,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=columnar.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[] if strip else ["", *layout.format.null_texts],
                strings_can_be_null=not strip,
                quoted_strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table, skipped


def _odd_line(line: bytes, number: int, width: int, layout: _Layout) -> Unparsable:
    """A line that is no record, as the careful way words it."""
    text = line.decode().rstrip("\r")
    if text == ERASED:
        return Unparsable(line=number, text=text, reason=LineReason.ERASED, detail=_REMOVED)
    blank = not text.strip(" ")
    return Unparsable(
        line=number,
        text=text,
        reason=LineReason.BLANK_LINE if blank else LineReason.COLUMN_COUNT,
        detail=_NOTHING if blank else _widths(width, layout),
    )


def _table(parsed: pa.Table, lines: Any, layout: _Layout) -> pa.Table:
    """The parsed columns in the format's order, with their lines and what is kept aside."""
    nulls = pa.array(["", *layout.format.null_texts], pa.string())

    def values(place: int) -> pa.ChunkedArray:
        column = parsed.column(place)
        if not layout.format.strip:
            return column
        column = pc.utf8_trim(column, characters=BLANKS)
        return pc.if_else(pc.is_in(column, nulls), pa.scalar(None, pa.string()), column)

    missing = pa.nulls(parsed.num_rows, pa.string())
    columns = [missing if place is None else values(place) for place in layout.places]
    if layout.extra:
        extra = [values(place).to_pylist() for place in layout.extra.values()]
        missing = pa.array(_rescued(tuple(layout.extra), extra), pa.string())
    return pa.Table.from_arrays([*columns, pa.array(lines), missing], schema=layout.schema)


def _widths(width: int, layout: _Layout) -> str:
    columns = "1 column" if width == 1 else f"{width:,} columns"
    return f"{columns}, expected {layout.width:,}"


def _reads_well(lines: list[str], layout: _Layout) -> bool:
    """Whether lines are records of the right width, one at least, and nothing else."""
    widths: set[int] = set()
    try:
        widths.update(map(len, csv.reader(lines, delimiter=layout.delimiter, strict=True)))
    except csv.Error:
        return False
    return widths - {0} == {layout.width}


def _each_reads_well(lines: list[str], layout: _Layout) -> bool:
    return all(_reads_well([line], layout) for line in lines)


def _batch(rows: list[list[str]], numbers: Sequence[int], layout: _Layout) -> pa.RecordBatch:
    """The rows as columns, null where the format says so."""
    strip = layout.format.strip
    nulls = layout.format.null_texts | {""}

    def values(column: tuple[str, ...]) -> Sequence[str | None]:
        texts = [text.strip(BLANKS) for text in column] if strip else column
        if nulls.isdisjoint(texts):
            return texts
        return [None if text in nulls else text for text in texts]

    columns = list(zip(*rows, strict=True))
    missing = pa.nulls(len(rows), pa.string())
    arrays = [
        missing if place is None else pa.array(values(columns[place]), pa.string())
        for place in layout.places
    ]
    arrays.append(pa.array(numbers, pa.int32()))
    if layout.extra:
        extra = [values(columns[place]) for place in layout.extra.values()]
        missing = pa.array(_rescued(tuple(layout.extra), extra), pa.string())
    arrays.append(missing)
    return pa.RecordBatch.from_arrays(arrays, schema=layout.schema)


def _rescued(
    names: tuple[str, ...], columns: Sequence[Sequence[str | None]]
) -> Iterator[str | None]:
    """The undeclared values of each row as a JSON object; null where there are none."""
    for values in zip(*columns, strict=True):
        kept = {name: text for name, text in zip(names, values, strict=True) if text is not None}
        yield json.dumps(kept, ensure_ascii=False) if kept else None

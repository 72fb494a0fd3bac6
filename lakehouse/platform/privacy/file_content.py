"""The content of one file as records and lines, and where a person is in it."""

import gzip
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.decode import (
    BOMB_SEARCHED,
    as_utf8,
    decompress,
    like_original,
    most_content,
)
from lakehouse.platform.ingestion.csv.errors import ERASED, FileReason, FileRejected, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.csv.unpack import ZIP, all_content, unpack
from lakehouse.platform.privacy.person import LinePositions, Person
from lakehouse.platform.privacy.personal_columns import PersonalColumns
from lakehouse.platform.tables.csv_format import BLANKS, CsvFormat

ENCODINGS = ("utf-8", "latin-1")
GZIP = b"\x1f\x8b"
_TWO_BYTE_ENCODINGS = ("utf-16-le", "utf-16-be")


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """How the files of a source are read, and which of their columns are personal."""

    csv: CsvFormat
    columns: PersonalColumns


@dataclass(frozen=True, kw_only=True)
class FileMatches:
    """Where a person is in one file, by physical lines from 1."""

    records: tuple[int, ...] = ()
    """First line of each record of theirs."""
    lines: tuple[int, ...] = ()
    """Unparsable lines of theirs."""
    mentions: tuple[int, ...] = ()
    """First line of the header, or of each record of others, that names them."""
    unreadable: bool = False
    """The file contains them, but cannot be read by line."""
    erased: frozenset[int] = field(default=frozenset(), repr=False)
    """All lines to erase."""
    mentioning: frozenset[int] = field(default=frozenset(), repr=False)
    """All lines in which mentions are to be replaced."""

    def __bool__(self) -> bool:
        return bool(self.records or self.lines or self.mentions or self.unreadable)


@dataclass(kw_only=True)
class FileContent:
    """The content of a file: records as far as it can be parsed, otherwise lines.

    Attributes:
        name: of the file, for the reader.
        plain: decompressed bytes; UTF-16 as UTF-8.
        file_format: of the source; None for a file of no source.
        parsed: the records; None for a rejected file.
        is_compressed: by its bytes or by its name.
        is_complete: the compressed data is not damaged.
        delivered: decompressed bytes as they were delivered.
        lines: the physical lines with their ends.
    """

    name: str
    plain: bytes
    file_format: FileFormat | None
    parsed: CsvFile | None
    is_compressed: bool
    is_complete: bool
    delivered: bytes = field(repr=False)
    lines: Sequence[bytes]

    @staticmethod
    def of(data: bytes, name: str, file_format: FileFormat | None, *, limit: int) -> "FileContent":
        """Read a file; decompress at most ``limit`` bytes."""
        is_compressed = data.startswith(GZIP) or name.lower().endswith(".gz")
        plain, is_complete = _decompress(data, name, limit) if is_compressed else (data, True)
        if plain.startswith(ZIP):
            plain, is_complete = _unpack(plain, file_format, limit)
        delivered = plain
        plain = _text_of(delivered)
        newline = b"\n" if b"\n" in plain or b"\r" not in plain else b"\r"
        return FileContent(
            name=name,
            plain=plain,
            file_format=file_format,
            parsed=parse(plain, name, file_format) if file_format else None,
            is_compressed=is_compressed,
            is_complete=is_complete,
            delivered=delivered,
            lines=re.findall(b"[^%b]*%b|[^%b]+$" % ((newline,) * 3), plain),
        )

    def compress(self, plain: bytes) -> bytes:
        """Return new content in the form of the file; equal content gives equal bytes."""
        content = like_original(plain, self.delivered)
        return gzip.compress(content, mtime=0) if self.is_compressed else content

    def text(self, line: bytes) -> str:
        """Return a line as text, without its end."""
        body = line.rstrip(b"\r\n")
        for encoding in (self.parsed.encoding,) if self.parsed else ENCODINGS:
            try:
                return body.decode(encoding)
            except UnicodeDecodeError:
                continue
        return body.decode("latin-1")

    def two_byte_texts(self) -> list[str]:
        """Return the file decoded as UTF-16 if it may be such a text."""
        return [
            self.plain.decode(code, "ignore") for code in _TWO_BYTE_ENCODINGS if b"\0" in self.plain
        ]

    def identifying_values(self) -> set[str]:
        """Return the values of identifying columns and possible ids of unparsable lines."""
        found: set[str] = set()
        if self.file_format is None:
            return found
        if self.parsed:
            for name in self.file_format.columns.identifying:
                found.update(v for v in self.parsed.rows[name].unique().to_pylist() if v)
        positions = self._positions()
        for number in self._unparsable_lines():
            text = self.text(self.lines[number - 1])
            if positions.identifiers and text != ERASED:
                found.update(part.strip(' \t"') for part in text.split(positions.delimiter))
        return found

    def find(self, person: Person) -> FileMatches:
        """Return where a person is in the file."""
        if not person.may_be_in(self.plain):
            return FileMatches()
        if any(map(person.is_mentioned, self.two_byte_texts())):
            return FileMatches(unreadable=True)
        found = self._find(person)
        return found if self.is_complete else FileMatches(unreadable=bool(found))

    def _find(self, person: Person) -> FileMatches:
        positions = self._positions()
        texts = {n: self.text(self.lines[n - 1]) for n in self._unparsable_lines()}
        lines = [
            number
            for number, text in texts.items()
            if text != ERASED and person.owns_line(text, positions)
        ]
        if self.parsed is None or self.file_format is None:
            return FileMatches(lines=tuple(lines), erased=frozenset(lines))
        rows = self.parsed.rows
        starts = rows["_line"]
        own = person.owned_rows(rows, self.file_format.columns)
        mentioning = pc.and_(person.mentioning_rows(rows), pc.invert(own))
        records, mentions = starts.filter(own).to_pylist(), starts.filter(mentioning).to_pylist()
        header = self._header_line()
        if header and person.is_mentioned(self.text(self.lines[header - 1])):
            mentions.insert(0, header)
        return FileMatches(
            records=tuple(records),
            lines=tuple(lines),
            mentions=tuple(mentions),
            erased=frozenset(lines) | self._lines_of(records),
            mentioning=self._lines_of(mentions),
        )

    def badly_quoted_lines(self) -> list[int]:
        """Return the lines that were rejected for their quotes."""
        found = self.parsed.unparsable if self.parsed else ()
        return [each.line for each in found if each.reason is LineReason.BAD_QUOTING]

    def _unparsable_lines(self) -> Iterable[int]:
        if self.parsed:
            return [line.line for line in self.parsed.unparsable]
        return range(1, len(self.lines) + 1)

    def _header_line(self) -> int:
        """Return the line of the header, or the first that is not blank; 0 for none."""
        if self.parsed:
            return self.parsed.header_line
        return next((n for n, line in enumerate(self.lines, start=1) if line.strip()), 0)

    def _positions(self) -> LinePositions:
        if self.file_format is None:
            return LinePositions(delimiter=",", width=1, identifiers=())
        if self.parsed:
            layout, identifiers = self.parsed.header, self.file_format.columns.identifiers
            places = zip(self.file_format.csv.columns, layout.positions, strict=True)
            return LinePositions(
                delimiter=layout.delimiter,
                width=layout.width,
                identifiers=tuple(
                    sorted(at for name, at in places if at is not None and name in identifiers)
                ),
            )
        header = self._header_line()
        text = self.text(self.lines[header - 1]) if header else ""
        return positions_in(text, self.file_format)

    def _lines_of(self, starts: Iterable[int]) -> frozenset[int]:
        """Return all lines of the header and of the records that start on these lines."""
        if self.parsed is None:
            return frozenset(starts)
        rows = self.parsed.rows["_line"].to_pylist()
        unparsable = (each.line for each in self.parsed.unparsable)
        every = sorted({self._header_line(), *rows, *unparsable})
        following = dict(zip(every, [*every[1:], len(self.lines) + 1], strict=True))
        return frozenset(n for start in starts for n in range(start, following[start]))


def find_in_file(
    data: bytes, name: str, file_format: FileFormat | None, person: Person, *, limit: int
) -> FileMatches:
    """Return where a person is in a file; a file of no source is searched line by line."""
    return FileContent.of(data, name, file_format, limit=limit).find(person)


def values_and_texts(
    data: bytes, name: str, file_format: FileFormat | None, *, limit: int
) -> tuple[set[str], list[str]]:
    """Return the identifying values of a file, and its lines as texts."""
    file = FileContent.of(data, name, file_format, limit=limit)
    return file.identifying_values(), [*map(file.text, file.lines), *file.two_byte_texts()]


def ids_in_file(
    data: bytes, name: str, file_format: FileFormat, person: Person, *, limit: int
) -> set[str]:
    """Return the ids in records of a file that contain one of the person's addresses."""
    file = FileContent.of(data, name, file_format, limit=limit)
    return ids_in_rows(file.parsed.rows, file_format.columns, person) if file.parsed else set()


def ids_in_rows(rows: pa.Table, columns: PersonalColumns, person: Person) -> set[str]:
    """Return the ids in rows that contain one of the person's addresses."""
    by_email = rows.filter(person.owned_rows(rows, replace(columns, identifiers=())))
    found = (value for name in columns.identifiers for value in by_email[name].to_pylist())
    return {str(value) for value in found if value is not None}


def positions_in(header: str, file_format: FileFormat) -> LinePositions:
    """Return the positions of ids, as far as the names of a header line can be recognized."""
    delimiter = max(file_format.csv.delimiters, key=header.count)
    names = [_column_name(part) for part in header.split(delimiter)]
    known = {_column_name(column): column for column in file_format.csv.columns}
    known |= {_column_name(alias): column for alias, column in file_format.csv.aliases.items()}
    columns = [known.get(name) for name in names]
    return LinePositions(
        delimiter=delimiter,
        width=len(names),
        identifiers=tuple(
            at for at, name in enumerate(columns) if name in file_format.columns.identifiers
        ),
    )


def parse(plain: bytes, name: str, file_format: FileFormat) -> CsvFile | None:
    """Return the records of a file, also of a truncated one; None for a rejected file."""
    try:
        return read_csv(plain, file_format.csv, name=name)
    except FileRejected as rejected:
        if rejected.reason is not FileReason.TRUNCATED:
            return None
    try:
        return read_csv(plain, replace(file_format.csv, final_newline=False), name=name)
    except FileRejected:
        return None


def _text_of(data: bytes) -> bytes:
    """Return UTF-16 text as UTF-8; other content, and incomplete UTF-16, as it is."""
    try:
        return as_utf8(data)[0]
    except FileRejected:
        return data


def _column_name(text: str) -> str:
    plain = text.strip(BLANKS + '"\ufeff').casefold()
    return re.sub(r"\s+", "_", plain)


def _unpack(data: bytes, file_format: FileFormat | None, limit: int) -> tuple[bytes, bool]:
    """Return the text of an archive or workbook and whether it is readable; else all its files."""
    try:
        return unpack(data, file_format.csv if file_format else None, name="", limit=limit), True
    except FileRejected as rejected:
        searched = _searched(rejected, len(data), limit)
    return all_content(data, limit=searched), False


def _decompress(data: bytes, name: str, limit: int) -> tuple[bytes, bool]:
    """Return the content of gzip data and whether it is complete; of damaged data the beginning."""
    try:
        return decompress(data, name=name, limit=limit), True
    except FileRejected as rejected:
        searched = _searched(rejected, len(data), limit)
    try:
        return zlib.decompressobj(wbits=31).decompress(data, searched), False
    except zlib.error:
        return data, False


def _searched(rejected: FileRejected, size: int, limit: int) -> int:
    """Return how many bytes are searched of a compressed file that is rejected."""
    most = most_content(size, limit)
    is_bomb = rejected.reason is FileReason.TOO_LARGE and most < limit
    return BOMB_SEARCHED if is_bomb else most

"""A person's records in the bytes of one landed file: found, and taken out.

Every line of a removed record becomes a line that says `ERASED`, which the reader counts as
unparsable: the other records keep their lines, and the file balances as before. Of a record that is
not theirs and only mentions them, the mention alone is replaced. The same bytes and person always
give the same bytes, so a file that is delivered again is recognised as the one that is there.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.decode import decompress
from lakehouse.platform.ingestion.csv.errors import ERASED, FileReason, FileRejected, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.ingestion.errors import ReadRejected
from lakehouse.platform.privacy.persons import Person, Places, Tags, places_in
from lakehouse.platform.tables.csv_format import CsvFormat

NOT_ERASABLE = "not_erasable"
"""Reason of a file that is rejected because an erased person cannot be taken out of it."""
ENCODINGS = ("utf-8", "latin-1")
GZIP = b"\x1f\x8b"
_WIDE = ("utf-16-le", "utf-16-be")  # without lines of bytes


class NotErasable(ReadRejected):
    """A file whose other records would be read otherwise; the message says what to do."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: without the records of an erased person others would be read otherwise; have"
            " it sent anew without them",
            reason=NOT_ERASABLE,
        )


@dataclass(frozen=True, kw_only=True)
class Form:
    """How the files of a source are read, and which of their columns are personal."""

    format: CsvFormat
    tags: Tags


@dataclass(frozen=True, kw_only=True)
class Located:
    """Physical lines of one file, from 1, that concern somebody."""

    records: tuple[int, ...] = ()
    """On which each of their records starts."""
    lines: tuple[int, ...] = ()
    """Lines of theirs that are no record."""
    mentions: tuple[int, ...] = ()
    """On which the header or other records start that name them."""
    opaque: bool = False
    """They are in there, and the file has no lines."""
    erased: frozenset[int] = field(default=frozenset(), repr=False)
    """All lines to be replaced."""
    silenced: frozenset[int] = field(default=frozenset(), repr=False)
    """All lines in which a mention is to be replaced."""

    def __bool__(self) -> bool:
        return bool(self.records or self.lines or self.mentions or self.opaque)

    @property
    def places(self) -> list[int]:
        """A line for each finding; none for a file without lines."""
        return sorted({*self.records, *self.lines, *self.mentions})


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """A file without somebody."""

    data: bytes
    located: Located
    others: int = 0
    """Unreadable lines of others that had to go as well."""


def located(data: bytes, name: str, form: Form | None, person: Person, *, limit: int) -> Located:
    """Where somebody is in a file; a file of no source is searched line by line."""
    return _File.of(data, name, form, limit).located(person)


def redacted(data: bytes, name: str, form: Form | None, person: Person, *, limit: int) -> Redacted:
    """The file without somebody; equal bytes when they are not in it.

    Raises:
        NotErasable: without the records, others would be read otherwise.
    """
    file = _File.of(data, name, form, limit)
    found = file.located(person)
    if not found:
        return Redacted(data=data, located=found)
    if found.opaque:
        return Redacted(data=file.packed(f"{ERASED}\n".encode()), located=found)
    made = file.without(found, person)
    if file.reads_alike(made, found):
        return Redacted(data=file.packed(made), located=found)
    # A bad quote of somebody else's line may only have ended where a record is gone now.
    broken = frozenset(file.broken()) - found.erased
    wider = replace(found, erased=found.erased | broken)
    made = file.without(wider, person)
    if not file.reads_alike(made, wider):
        raise NotErasable(name)
    return Redacted(data=file.packed(made), located=found, others=len(broken))


def texts_of(
    data: bytes, name: str, form: Form | None, *, limit: int
) -> tuple[set[str], list[str]]:
    """Values of a file's tagged columns, and its text in pieces; to recognise who is in it."""
    file = _File.of(data, name, form, limit)
    return file.tagged_values(), [*map(file.text, file.lines), *file.wide()]


def ids_of(data: bytes, name: str, form: Form, person: Person, *, limit: int) -> set[str]:
    """Ids that stand in a file's records with one of somebody's addresses."""
    file = _File.of(data, name, form, limit)
    return ids_in(file.read.rows, form.tags, person) if file.read else set()


def ids_in(rows: pa.Table, tags: Tags, person: Person) -> set[str]:
    """Ids that stand in rows with one of somebody's addresses."""
    by_email = rows.filter(person.rows(rows, replace(tags, identifiers=())))
    found = (value for name in tags.identifiers for value in by_email[name].to_pylist())
    return {str(value) for value in found if value is not None}


@dataclass(kw_only=True)
class _File:
    """One file as it can be read: as records, or as lines at least."""

    name: str
    plain: bytes
    form: Form | None
    read: CsvFile | None
    is_packed: bool
    """By its bytes, or by its name at least."""
    whole: bool
    """The packed file is sound."""
    lines: Sequence[bytes]

    @staticmethod
    def of(data: bytes, name: str, form: Form | None, limit: int) -> "_File":
        is_packed = data.startswith(GZIP) or name.lower().endswith(".gz")
        plain, whole = _unpacked(data, name, limit) if is_packed else (data, True)
        newline = b"\n" if b"\n" in plain or b"\r" not in plain else b"\r"
        return _File(
            name=name,
            plain=plain,
            form=form,
            read=_read(plain, name, form) if form else None,
            is_packed=is_packed,
            whole=whole,
            lines=re.findall(b"[^%b]*%b|[^%b]+$" % ((newline,) * 3), plain),
        )

    def packed(self, plain: bytes) -> bytes:
        return gzip.compress(plain, mtime=0) if self.is_packed else plain

    def text(self, line: bytes) -> str:
        """A line as text, without its end."""
        body = line.rstrip(b"\r\n")
        for encoding in (self.read.encoding,) if self.read else ENCODINGS:
            try:
                return body.decode(encoding)
            except UnicodeDecodeError:
                continue
        return body.decode("latin-1")

    def wide(self) -> list[str]:
        """The whole file as text of two bytes a letter, where it may be such a text."""
        return [self.plain.decode(code, "ignore") for code in _WIDE if b"\0" in self.plain]

    def tagged_values(self) -> set[str]:
        """Everything in tagged columns, and in lines that are no record what may be an id."""
        found: set[str] = set()
        if self.form is None:
            return found
        if self.read:
            for name in (*self.form.tags.identifiers, *self.form.tags.emails):
                found.update(v for v in self.read.rows[name].unique().to_pylist() if v)
        places = self.places()
        for number in self.loose():
            text = self.text(self.lines[number - 1])
            if places and places.identifiers and text != ERASED:
                found.update(part.strip(' \t"') for part in text.split(places.delimiter))
        return found

    def loose(self) -> Iterable[int]:
        """Lines that are in no record."""
        if self.read:
            return [line.line for line in self.read.unparsable]
        return range(1, len(self.lines) + 1)

    def places(self) -> Places | None:
        if self.form is None:
            return None
        header = self.header()
        text = self.text(self.lines[header - 1]) if header else ""
        return places_in(text, self.form.format, self.form.tags)

    def header(self) -> int:
        """The first line with anything in it; 0 for a file without any."""
        return next((n for n, line in enumerate(self.lines, start=1) if line.strip()), 0)

    def located(self, person: Person) -> Located:
        if not person.may_be_in(self.plain):
            return Located()
        if any(map(person.mentioned, self.wide())):
            return Located(opaque=True)
        found = self._located(person)
        return found if self.whole else Located(opaque=bool(found))

    def _located(self, person: Person) -> Located:
        places = self.places() or Places(delimiter=",", width=1, identifiers=())
        loose = {n: self.text(self.lines[n - 1]) for n in self.loose()}
        lines = [n for n, text in loose.items() if text != ERASED and person.line(text, places)]
        if self.read is None or self.form is None:
            return Located(lines=tuple(lines), erased=frozenset(lines))
        rows = self.read.rows
        starts = rows["_line"]
        own = person.rows(rows, self.form.tags)
        other = pc.and_(person.mentions(rows), pc.invert(own))
        records, mentions = starts.filter(own).to_pylist(), starts.filter(other).to_pylist()
        header = self.header()
        if header and person.mentioned(self.text(self.lines[header - 1])):
            mentions.insert(0, header)
        return Located(
            records=tuple(records),
            lines=tuple(lines),
            mentions=tuple(mentions),
            erased=frozenset(lines) | self.spanned(records),
            silenced=self.spanned(mentions),
        )

    def spanned(self, starts: Iterable[int]) -> frozenset[int]:
        """All lines of the header or the records that start on these."""
        if self.read is None:
            return frozenset(starts)
        rows = self.read.rows["_line"].to_pylist()
        every = sorted({self.header(), *rows, *(u.line for u in self.read.unparsable)})
        following = dict(zip(every, [*every[1:], len(self.lines) + 1], strict=True))
        return frozenset(n for start in starts for n in range(start, following[start]))

    def broken(self) -> list[int]:
        """Lines that were rejected for their quotes."""
        found = self.read.unparsable if self.read else ()
        return [each.line for each in found if each.reason is LineReason.BAD_QUOTING]

    def without(self, found: Located, person: Person) -> bytes:
        made = []
        for number, line in enumerate(self.lines, start=1):
            end = line[len(line.rstrip(b"\r\n")) :]
            if number in found.erased:
                made.append(ERASED.encode() + end)
            elif number in found.silenced:
                encoding = self.read.encoding if self.read else "latin-1"
                text = line.decode(encoding, "surrogateescape")
                made.append(person.silenced(text).encode(encoding, "surrogateescape"))
            else:
                made.append(line)
        return b"".join(made)

    def reads_alike(self, made: bytes, found: Located) -> bool:
        """Whether everything that nobody asked to remove reads as before."""
        if self.read is None or self.form is None:
            return True
        again = _read(made, self.name, self.form)
        if again is None:
            return False
        gone = found.erased | found.silenced
        untouched = [u for u in self.read.unparsable if u.line not in gone]
        still = [u for u in again.unparsable if u.line not in gone]
        return (
            _besides(again.rows, gone).equals(_besides(self.read.rows, gone))
            and [(u.line, u.text) for u in still] == [(u.line, u.text) for u in untouched]
            and len(again.rows) == len(self.read.rows) - len(found.records)
        )


def _besides(rows: pa.Table, lines: frozenset[int]) -> pa.Table:
    starts = pa.array(sorted(lines), pa.int32())
    return rows.filter(pc.invert(pc.is_in(rows["_line"], starts))).combine_chunks()


def _read(plain: bytes, name: str, form: Form) -> CsvFile | None:
    """The file as records, also where it was cut; nothing when it is rejected as a whole."""
    try:
        return read_csv(plain, form.format, name=name)
    except FileRejected as rejected:
        if rejected.reason is not FileReason.TRUNCATED:
            return None
    try:
        return read_csv(plain, replace(form.format, final_newline=False), name=name)
    except FileRejected:
        return None


def _unpacked(data: bytes, name: str, limit: int) -> tuple[bytes, bool]:
    """Content of gzip data, and whether it is all there: of damaged data what can be read."""
    try:
        return decompress(data, name=name, limit=limit), True
    except FileRejected:
        try:
            return zlib.decompressobj(wbits=31).decompress(data, limit), False
        except zlib.error:
            return data, False

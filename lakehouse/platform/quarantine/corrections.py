"""Edits of single records become the corrected bytes of one landed CSV file.

Only the edited records change. Every other byte stays as it landed, and of an edited record every
value that was not touched, so delimiter, encoding, byte order mark, line ends and quotes are kept.
Where files lie, and which of them may be corrected, does not belong here.
"""

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import UnparsableLine
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.tables.csv_format import BLANKS, CsvFormat

Values = Mapping[str, str | None]
"""The format's columns of one record; null where nothing was written."""


class CorrectionError(Exception):
    """An edit that cannot be made; the message names file, line and column, and the hint."""

    def __init__(self, problem: str, *, file: str, line: int, column: str | None = None) -> None:
        place = f"{file}, line {line}" + (f", column {column!r}" if column else "")
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What is to become of the record or the unparsable line that starts at a line."""

    line: int
    values: Values = field(default_factory=dict)
    """Every column of the format, as it shall be read; for an unparsable line all null."""
    text: str | None = None
    """Instead of values: the physical lines of an unparsable line, without the last line end."""
    delete: bool = False


def corrected(data: bytes, wanted: CsvFormat, edits: Iterable[Edit], *, name: str) -> bytes:
    r"""The file with these edits made and nothing else changed.

    Args:
        data: the landed bytes, decompressed.
        wanted: the format of the source.
        edits: at most one for a line; one that changes nothing is left out.
        name: the file, for messages.

    Raises:
        CorrectionError: a line does not exist, a value cannot be written, or the result would
            be read otherwise than intended.
        FileRejected: the file as a whole cannot be read.

    >>> edit = Edit(line=2, values={"id": "7", "city": "Rio"})
    >>> corrected(b"id;city\r\n7;Roi\r\n8;Ita\r\n", CsvFormat(columns=("id", "city")), [edit],
    ...     name="a.csv")
    b'id;city\r\n7;Rio\r\n8;Ita\r\n'
    """
    file = _Editable(data, wanted, name)
    places = {edit.line: edit for edit in edits}
    pieces: list[bytes] = []
    moved: list[_Moved] = []
    at = 1
    written = 0
    for line in sorted(places):
        before = b"".join(file.lines[at - 1 : line - 1])
        edit, end = places[line], file.end(line)
        body = file.body(edit)
        at = end
        written += file.count(before)
        pieces += [before, body]
        added = file.count(body)
        moved.append(_Moved(edit=edit, first=written + 1, end=written + added + 1, old_end=end))
        written += added
    pieces.append(b"".join(file.lines[at - 1 :]))
    made = b"".join(pieces)
    if made != data:
        file.require_as_meant(made, moved)
    return made


@dataclass(frozen=True, kw_only=True)
class _Moved:
    """Where an edited record stands in the corrected file."""

    edit: Edit
    first: int
    end: int
    old_end: int


class _Editable:
    """A landed file with the place of every record."""

    def __init__(self, data: bytes, wanted: CsvFormat, name: str) -> None:
        self.name = name
        self.format = wanted
        self.newline = b"\n" if b"\n" in data or b"\r" not in data else b"\r"
        self.lines = re.findall(b"[^%b]*%b|[^%b]+$" % ((self.newline,) * 3), data)
        self.file = read_csv(data, wanted, name=name)
        self.rows = _rows(self.file)
        self.odd = {line.line: line for line in self.file.unparsable}
        self.starts = sorted({*self.rows, *self.odd})
        header = next(n for n in range(1, len(self.lines) + 1) if n not in self.odd)
        self.places, self.width = self._layout(self.lines[header - 1])

    def count(self, piece: bytes) -> int:
        """Physical lines of whole lines, the last of which may lack its line end."""
        return piece.count(self.newline) + (bool(piece) and not piece.endswith(self.newline))

    def end(self, line: int) -> int:
        """The line after a record."""
        if line not in self.rows and line not in self.odd:
            raise CorrectionError(
                f"no record starts here, the file has {len(self.lines)} lines; take the line from"
                " a fresh export",
                file=self.name,
                line=line,
            )
        later = (start for start in self.starts if start > line)
        return line + 1 if line in self.odd else next(later, len(self.lines) + 1)

    def body(self, edit: Edit) -> bytes:
        """The bytes of an edited record, its line end among them; nothing when it is deleted."""
        raw = b"".join(self.lines[edit.line - 1 : self.end(edit.line) - 1])
        if edit.delete:
            return b""
        text = raw.rstrip(b"\r\n")
        ending = raw[len(text) :]
        if edit.line in self.odd:
            made = self._mended(edit, self.odd[edit.line])
        else:
            made = self._changed(edit, text.decode(self.file.encoding))
        if made is None:
            return raw
        return self._encoded(made, edit) + ending

    def _changed(self, edit: Edit, text: str) -> str | None:
        """A record with other values; None when they are those it has."""
        was = self.rows[edit.line]
        fields = _raw_fields(text, self.file.delimiter)
        if len(fields) != self.width:
            raise AssertionError(f"{self.name}, line {edit.line}: fields do not match the header")
        changed = False
        for column, value in edit.values.items():
            wanted = as_read(value, self.format)
            if wanted == was[column]:
                continue
            place = self.places.get(column)
            if place is None:
                raise CorrectionError(
                    "the file has no such column; send a whole corrected file with it",
                    file=self.name,
                    line=edit.line,
                    column=column,
                )
            quoted = fields[place].startswith('"')
            fields[place] = _written(wanted or "", self.file.delimiter, quoted=quoted)
            changed = True
        return self._joined(fields) if changed else None

    def _mended(self, edit: Edit, line: UnparsableLine) -> str | None:
        """An unparsable line as its new text or from values; None when neither was given."""
        if edit.text is not None and edit.text != line.text:
            return edit.text.rstrip("\r\n")
        given = {c: v for c, v in edit.values.items() if as_read(v, self.format) is not None}
        if not given:
            return None
        fields = [""] * self.width
        for column, value in given.items():
            place = self.places.get(column)
            if place is None:
                raise CorrectionError(
                    "the file has no such column; leave it empty",
                    file=self.name,
                    line=edit.line,
                    column=column,
                )
            fields[place] = _written(value or "", self.file.delimiter)
        return self._joined(fields)

    def _joined(self, fields: Sequence[str]) -> str:
        return self.file.delimiter.join(fields) or '""'

    def _encoded(self, text: str, edit: Edit) -> bytes:
        try:
            return text.encode(self.file.encoding)
        except UnicodeEncodeError as error:
            letter = text[error.start]
            column = next((c for c, v in edit.values.items() if v and letter in v), None)
            raise CorrectionError(
                f"{letter!r} cannot be written in {self.file.encoding}, the file's encoding; use"
                " other letters or send the whole file as UTF-8",
                file=self.name,
                line=edit.line,
                column=column,
            ) from error

    def _layout(self, header: bytes) -> tuple[dict[str, int], int]:
        """Which place each column has in the header, asked of the reader itself."""
        text = header.decode(self.file.encoding).removeprefix("\ufeff").rstrip("\r\n")
        width = len(next(csv.reader([text], delimiter=self.file.delimiter, strict=True)))
        probe = self.file.delimiter.join(f"p{place}" for place in range(width))
        asked = header.rstrip(b"\r\n") + b"\n" + probe.encode() + b"\n"
        found = read_csv(asked, self.format, name=self.name).rows.to_pylist()[0]
        return {c: int(found[c][1:]) for c in self.format.columns if found[c]}, width

    def require_as_meant(self, made: bytes, moved: Sequence[_Moved]) -> None:
        """The corrected file reads as meant, and every untouched record as before.

        Raises:
            CorrectionError: naming the first line that does not.
        """
        again = read_csv(made, self.format, name=self.name)
        rows, odd = _rows(again), {line.line for line in again.unparsable}
        if again.delimiter != self.file.delimiter:
            raise self._unlike(moved[0].edit.line, "the file would be read with another delimiter")
        self._require_untouched(rows, moved)
        for each in moved:
            if not each.edit.delete:
                self._require_edited(each, rows, odd)

    def _require_untouched(
        self, rows: Mapping[int, dict[str, str | None]], moved: Sequence[_Moved]
    ) -> None:
        edited = {each.edit.line for each in moved}
        shift, waiting = 0, list(moved)
        for line in self.starts:
            while waiting and waiting[0].edit.line < line:
                gone = waiting.pop(0)
                shift = gone.end - gone.old_end
            untouched = line in self.rows and line not in edited
            if untouched and rows.get(line + shift) != self.rows[line]:
                raise self._unlike(line, "an untouched record would be read otherwise")

    def _require_edited(
        self, each: _Moved, rows: Mapping[int, dict[str, str | None]], odd: Collection[int]
    ) -> None:
        edit = each.edit
        if edit.line in self.odd:
            bad = [line for line in range(each.first, each.end) if line in odd]
            if bad and self._mended(edit, self.odd[edit.line]) is not None:
                raise self._unlike(edit.line, f"line {bad[0]} of the result is no record")
            return
        found = rows.get(each.first, {})
        for column, value in edit.values.items():
            if found.get(column) != as_read(value, self.format):
                raise self._unlike(edit.line, f"{value!r} would be read otherwise", column)

    def _unlike(self, line: int, problem: str, column: str | None = None) -> CorrectionError:
        told = (
            f"after the correction {problem}; look at its quotes and delimiters"
            f" ({self.file.delimiter!r})"
        )
        return CorrectionError(told, file=self.name, line=line, column=column)


def as_read(value: str | None, wanted: CsvFormat) -> str | None:
    """A value as the reader would give it.

    >>> as_read("NULL", CsvFormat(columns=("a",), null_texts=frozenset({"NULL"}))) is None
    True
    """
    text = (value or "").strip(BLANKS) if wanted.strip else (value or "")
    return None if not text or text in wanted.null_texts else text


def _rows(file: CsvFile) -> dict[int, dict[str, str | None]]:
    return {row.pop("_line"): row for row in file.rows.to_pylist()}


def _raw_fields(text: str, delimiter: str) -> list[str]:
    """The fields of a sound record as they are written, quotes and all.

    >>> _raw_fields('1;"a;""b";', ";")
    ['1', '"a;""b"', '']
    """
    fields: list[str] = []
    start = 0
    while True:
        at = start
        if text.startswith('"', at):
            at = text.index('"', at + 1) + 1
            while text.startswith('"', at):
                at = text.index('"', at + 1) + 1
        end = text.find(delimiter, at)
        if end < 0:
            return [*fields, text[start:]]
        fields.append(text[start:end])
        start = end + 1


def _written(value: str, delimiter: str, *, quoted: bool = False) -> str:
    """A value as a field; in quotes where it must be or was."""
    if quoted or any(letter in value for letter in (delimiter, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value

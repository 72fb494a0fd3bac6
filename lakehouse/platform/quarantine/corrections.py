"""Apply edits of single records to the bytes of one delivered CSV file.

Only the edited records change. All other bytes stay as they were delivered, and so does every value
of an edited record that is not edited: delimiter, encoding, byte order mark, line ends and quotes
are kept. Which file may be corrected and where it lands does not belong here.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.decode import as_utf8, like_original
from lakehouse.platform.ingestion.csv.errors import UnparsableLine
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.tables.csv_format import BLANKS, CsvFormat

Values = Mapping[str, str | None]
"""Value of each column of the format in one record; None where the file has none."""


class CorrectionError(Exception):
    """An edit that cannot be applied; the message names file, line and column, and a hint."""

    def __init__(self, problem: str, *, file: str, line: int, column: str | None = None) -> None:
        place = f"{file}, line {line}" + (f", column {column!r}" if column else "")
        super().__init__(f"{place}: {problem}")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """The edit of the record or unparsable line that starts at a line of the file."""

    line: int
    values: Values = field(default_factory=dict)
    """Wanted values of all columns of the format; for an unparsable line None in every column."""
    text: str | None = None
    """For an unparsable line instead of values: its wanted text, without the last line end."""
    delete: bool = False


def corrected(data: bytes, wanted: CsvFormat, edits: Iterable[Edit], *, name: str) -> bytes:
    r"""Return the content of a file with these edits applied and nothing else changed.

    Args:
        data: the delivered content, decompressed.
        wanted: the format of the source.
        edits: at most one edit for each line; an edit that changes nothing has no effect.
        name: path of the file, for messages.

    Raises:
        CorrectionError: no record starts at the line, a value cannot be written, or the corrected
            file would be read with other values than the wanted ones.
        FileRejected: the file cannot be read.

    >>> edit = Edit(line=2, values={"id": "7", "city": "Rio"})
    >>> corrected(b"id;city\r\n7;Roi\r\n8;Ita\r\n", CsvFormat(columns=("id", "city")), [edit],
    ...     name="a.csv")
    b'id;city\r\n7;Rio\r\n8;Ita\r\n'
    """
    text, wide = as_utf8(data)
    if wide:
        return like_original(corrected(text, wanted, edits, name=name), data)
    file = _DeliveredFile(data, wanted, name)
    by_line = {edit.line: edit for edit in edits}
    pieces: list[bytes] = []
    applied: list[_Applied] = []
    next_line = 1
    written_lines = 0
    for line in sorted(by_line):
        before = b"".join(file.lines[next_line - 1 : line - 1])
        edit, next_line = by_line[line], file.end(line)
        record = file.edited_record(edit)
        written_lines += file.count_lines(before)
        pieces += [before, record]
        added = file.count_lines(record)
        applied.append(
            _Applied(
                edit=edit,
                old_end=next_line,
                first=written_lines + 1,
                end=written_lines + added + 1,
            )
        )
        written_lines += added
    pieces.append(b"".join(file.lines[next_line - 1 :]))
    content = b"".join(pieces)
    if content != data:
        file.require_wanted_values(content, applied)
    return content


@dataclass(frozen=True, kw_only=True)
class _Applied:
    """An edit and the lines of its record in the corrected file."""

    edit: Edit
    old_end: int
    """The line after the record in the delivered file."""
    first: int
    """The first line of the record in the corrected file."""
    end: int
    """The line after the record in the corrected file."""


class _DeliveredFile:
    """The lines of a delivered file, with the record or unparsable line that starts at each."""

    def __init__(self, data: bytes, wanted: CsvFormat, name: str) -> None:
        self.name = name
        self.format = wanted
        self.newline = b"\n" if b"\n" in data or b"\r" not in data else b"\r"
        self.lines = re.findall(b"[^%b]*%b|[^%b]+$" % ((self.newline,) * 3), data)
        self.file = read_csv(data, wanted, name=name)
        self.records = _records(self.file)
        self.unparsable = {line.line: line for line in self.file.unparsable}
        self.starts = sorted({*self.records, *self.unparsable})
        layout = self.file.header
        places = zip(wanted.columns, layout.positions, strict=True)
        self.places = {column: place for column, place in places if place is not None}
        self.width = layout.width

    def count_lines(self, content: bytes) -> int:
        """Count the lines of content; the last one may have no line end."""
        unended = bool(content) and not content.endswith(self.newline)
        return content.count(self.newline) + unended

    def end(self, line: int) -> int:
        """Return the line after the record that starts at a line.

        Raises:
            CorrectionError: no record and no unparsable line starts there.
        """
        if line in self.unparsable:
            return line + 1
        if line not in self.records:
            raise CorrectionError(
                f"no record starts here; the file has {len(self.lines)} lines; hint: take the line"
                " number from a new export",
                file=self.name,
                line=line,
            )
        return next((start for start in self.starts if start > line), len(self.lines) + 1)

    def edited_record(self, edit: Edit) -> bytes:
        """Return the bytes of a record after its edit, line end included; empty when deleted."""
        delivered = b"".join(self.lines[edit.line - 1 : self.end(edit.line) - 1])
        if edit.delete:
            return b""
        text = delivered.rstrip(b"\r\n")
        line_end = delivered[len(text) :]
        if edit.line in self.unparsable:
            new_text = self._new_line_text(edit, self.unparsable[edit.line])
        else:
            line = text.decode(self.file.encoding).removeprefix("\ufeff")
            new_text = self._new_record_text(edit, line)
        return delivered if new_text is None else self._encode(new_text, edit) + line_end

    def require_wanted_values(self, content: bytes, applied: Sequence[_Applied]) -> None:
        """Read the corrected file and compare every record with its wanted values.

        Raises:
            CorrectionError: naming the first record that would be read with other values.
        """
        again = read_csv(content, self.format, name=self.name)
        records, unparsable = _records(again), {line.line for line in again.unparsable}
        if again.delimiter != self.file.delimiter:
            line = applied[0].edit.line
            raise self._misread(line, f"the delimiter would be {again.delimiter!r}")
        self._require_other_records(records, applied)
        for each in applied:
            if not each.edit.delete:
                self._require_edited_record(each, records, unparsable)

    def _new_record_text(self, edit: Edit, text: str) -> str | None:
        """Return the text of a record with the wanted values; None when it has them already."""
        old = self.records[edit.line]
        fields = _raw_fields(text, self.file.delimiter)
        if not self.file.header.plain or len(fields) != self.width:
            raise CorrectionError(
                "the file has unusual quotes or blanks around its delimiters, so one record cannot"
                " be changed alone; hint: send a whole corrected file",
                file=self.name,
                line=edit.line,
            )
        changed = False
        for column, value in edit.values.items():
            wanted = as_read(value, self.format)
            if wanted == old[column]:
                continue
            place = self._place(column, edit, "send a whole corrected file with this column")
            quoted = fields[place].startswith('"')
            fields[place] = _written(wanted or "", self.file.delimiter, quoted=quoted)
            changed = True
        return self._join(fields) if changed else None

    def _new_line_text(self, edit: Edit, line: UnparsableLine) -> str | None:
        """Return the wanted text of an unparsable line; None if there is none."""
        if edit.text is not None and edit.text != line.text:
            return edit.text.rstrip("\r\n")
        values = {c: v for c, v in edit.values.items() if as_read(v, self.format) is not None}
        if not values:
            return None
        fields = [""] * self.width
        for column, value in values.items():
            place = self._place(column, edit, "leave its value empty")
            fields[place] = _written(value or "", self.file.delimiter)
        return self._join(fields)

    def _place(self, column: str, edit: Edit, hint: str) -> int:
        """Return the place of a column in the header of the file."""
        if (place := self.places.get(column)) is None:
            problem = f"the file does not have this column; hint: {hint}"
            raise CorrectionError(problem, file=self.name, line=edit.line, column=column)
        return place

    def _join(self, fields: Sequence[str]) -> str:
        return self.file.delimiter.join(fields) or '""'

    def _encode(self, text: str, edit: Edit) -> bytes:
        try:
            return text.encode(self.file.encoding)
        except UnicodeEncodeError as error:
            letter = text[error.start]
            column = next((c for c, v in edit.values.items() if v and letter in v), None)
            raise CorrectionError(
                f"{letter!r} does not exist in {self.file.encoding}, the encoding of the file;"
                " hint: use other letters, or send the whole file as UTF-8",
                file=self.name,
                line=edit.line,
                column=column,
            ) from error

    def _require_other_records(
        self, records: Mapping[int, dict[str, str | None]], applied: Sequence[_Applied]
    ) -> None:
        """Require that every record without an edit is read as before."""
        edited = {each.edit.line for each in applied}
        shift, pending = 0, list(applied)
        for line in self.starts:
            while pending and pending[0].edit.line < line:
                previous = pending.pop(0)
                shift = previous.end - previous.old_end
            unedited = line in self.records and line not in edited
            if unedited and records.get(line + shift) != self.records[line]:
                raise self._misread(line, "a record without an edit would change")

    def _require_edited_record(
        self,
        each: _Applied,
        records: Mapping[int, dict[str, str | None]],
        unparsable: Collection[int],
    ) -> None:
        """Require that an edited record is read with the wanted values."""
        edit = each.edit
        if edit.line in self.unparsable:
            bad = [line for line in range(each.first, each.end) if line in unparsable]
            if bad and self._new_line_text(edit, self.unparsable[edit.line]) is not None:
                raise self._misread(edit.line, f"line {bad[0]} would not be a valid record")
            return
        found = records.get(each.first, {})
        for column, value in edit.values.items():
            if found.get(column) != as_read(value, self.format):
                problem = f"{value!r} would be read as {found.get(column)!r}"
                raise self._misread(edit.line, problem, column)

    def _misread(self, line: int, problem: str, column: str | None = None) -> CorrectionError:
        text = (
            f"in the corrected file {problem}; hint: check the quotes and delimiters"
            f" ({self.file.delimiter!r}) of the values"
        )
        return CorrectionError(text, file=self.name, line=line, column=column)


def as_read(value: str | None, wanted: CsvFormat) -> str | None:
    """Return a value as the reader returns it: without blanks, and None for a null text.

    >>> as_read("NULL", CsvFormat(columns=("a",), null_texts=frozenset({"NULL"}))) is None
    True
    """
    text = (value or "").strip(BLANKS) if wanted.strip else (value or "")
    return None if not text or text in wanted.null_texts else text


def _records(file: CsvFile) -> dict[int, dict[str, str | None]]:
    """Return the values of each record by the line on which it starts."""
    return {row.pop("_line"): row for row in file.rows.to_pylist()}


def _raw_fields(text: str, delimiter: str) -> list[str]:
    """Return the fields of a valid record as they are written, with their quotes.

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
    """Return a value as a field, in quotes where they are required or were used before."""
    if quoted or any(letter in value for letter in (delimiter, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value

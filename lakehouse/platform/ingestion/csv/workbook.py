"""Turn one sheet of an XLSX workbook into CSV text, one line for each row of the sheet.

The sheet is the one that the source declares, else the only visible one with the table.

Cells become the text that the tables expect: a date is ``YYYY-MM-DD``, a number has at most the 15
digits that a spreadsheet keeps and no exponent, and a decimal comma where the format declares one.
A number that the spreadsheet has rounded (16 digits and more) keeps its exponent, so that no id is
taken for whole: ``1.7E+38``. Errors (``#N/A``) and formulas without a stored result stay visible. A
line break inside a cell becomes a blank, so the number of a line is the number of its row.
"""

import csv
import datetime as dt
import html
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected
from lakehouse.platform.ingestion.csv.header import complete_header
from lakehouse.platform.ingestion.csv.header_search import SEARCHED, find_header
from lakehouse.platform.tables.csv_format import CsvFormat

CELLS = 30_000_000
"""Largest number of cells between the first and the last used one; all of them need memory."""

_PARTS = re.compile(r"(\[Content_Types\]\.xml|(_rels|xl|xl/_rels|xl/worksheets)/[^/]*\.(xml|rels))")
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>'
    rb".*?<(?:\w+:)?v>([^<]*)<"
)
_NO_RESULT = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*'
    rb"</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ATTRIBUTE = re.compile(r'(?:\w+:)?(\w+)\s*=\s*"([^"]*)"')
_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_DIGITS = 15  # that a spreadsheet keeps of a number

Place = tuple[int, int]
"""Row and column of a cell, from 0."""
Rows = Sequence[Sequence[object]]


def workbook_text(archive: zipfile.ZipFile, wanted: CsvFormat | None, *, limit: int) -> bytes:
    """Return the rows of a sheet as CSV text in UTF-8.

    Args:
        archive: the workbook.
        wanted: the format; names the sheet, and the columns with a decimal comma.
        limit: largest allowed size of the unpacked workbook in bytes.

    Raises:
        FileRejected: ``bad_workbook`` or ``too_large``.
    """
    parts = _checked_parts(archive, limit)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(_stored(parts)))
        name, rows = _sheet(book, wanted)
        found = _unreadable_cells(parts, name)
    except CalamineError as error:
        detail = (
            f"the workbook cannot be read ({error}); hint: save it again as XLSX, or as CSV UTF-8"
        )
        raise FileRejected(FileReason.BAD_WORKBOOK, detail) from None
    return "".join(_lines(rows, found, wanted)).encode()


def _checked_parts(archive: zipfile.ZipFile, limit: int) -> dict[str, bytes]:
    """Return the parts that hold sheets and their texts, decompressed within the limit."""
    parts: dict[str, bytes] = {}
    left = limit
    for info in archive.infolist():
        if not _PARTS.fullmatch(info.filename):
            continue
        if info.file_size > left:
            detail = (
                f"more than {limit:,} bytes when unpacked;"
                " hint: split the workbook or raise LAKEHOUSE_MAX_FILE_MB"
            )
            raise FileRejected(FileReason.TOO_LARGE, detail)
        parts[info.filename] = archive.read(info)
        left -= len(parts[info.filename])
    for name, part in parts.items():
        if name.startswith("xl/worksheets/"):
            _check_extent(part)
    return parts


def _check_extent(sheet: bytes) -> None:
    """Reject a sheet with cells so far apart that the area between them needs too much memory."""
    rows = columns = 0
    for column, row in _CELL.findall(sheet):
        rows, columns = max(rows, int(row)), max(columns, _column(column) + 1)
    if rows * columns > CELLS:
        detail = (
            f"a sheet of {rows:,} rows and {columns:,} columns, at most {CELLS:,} cells are read;"
            " hint: delete the empty formatted rows and columns"
        )
        raise FileRejected(FileReason.TOO_LARGE, detail)


def _stored(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of checked parts, so that nothing else is decompressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def _sheet(book: CalamineWorkbook, wanted: CsvFormat | None) -> tuple[str, Rows]:
    """Return the name and the rows of the declared sheet, else of the only one with the table.

    Hidden sheets are not read unless they are declared. Without a table, the first sheet is
    returned, whose lines explain what is missing.
    """
    names = book.sheet_names
    declared = wanted.sheet if wanted else None
    if not names or (declared is not None and declared not in names):
        detail = (
            f"expected a sheet {declared!r}, found {', '.join(map(repr, names)) or 'none'};"
            " hint: name the sheet so, or send the table as CSV UTF-8"
        )
        raise FileRejected(FileReason.BAD_WORKBOOK, detail)
    if declared is not None:
        return declared, _rows(book, declared)
    shown = _visible(book) or names
    if wanted is None or not wanted.header or len(shown) == 1:
        return shown[0], _rows(book, shown[0])
    sheets = {name: _rows(book, name) for name in shown}
    counts = {name: _rows_of_table(rows, wanted) for name, rows in sheets.items()}
    filled = [name for name, count in counts.items() if count]
    if len(filled) > 1:
        detail = (
            f"the sheets {' and '.join(map(repr, filled[:5]))} each have the table, and one of them"
            " would be ignored; hint: send each sheet as a file, or declare the sheet of the source"
        )
        raise FileRejected(FileReason.BAD_WORKBOOK, detail)
    headers = [name for name, count in counts.items() if count is not None]
    name = [*filled, *headers, *shown][0]
    return name, sheets[name]


def _visible(book: CalamineWorkbook) -> list[str]:
    """Return the names of the worksheets that a spreadsheet shows, without sheets of charts."""
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _rows(book: CalamineWorkbook, name: str) -> Rows:
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _rows_of_table(rows: Rows, wanted: CsvFormat) -> int | None:
    """Return how many rows that are not empty follow the header; None without a header."""
    texts = ([_text(value, comma=False) for value in row] for row in rows[:SEARCHED])
    lines = [_line(values, wanted.delimiters[0])[:-1] if any(values) else "" for values in texts]
    found = find_header(lines, wanted)
    if found is None:
        return None
    return sum(any(value != "" for value in row) for row in rows[found.line :])


def _unreadable_cells(parts: Mapping[str, bytes], name: str) -> dict[Place, str]:
    """Return the text of cells with an error or without a result, which the reader shows empty."""
    sheet = parts.get(_part_of_sheet(parts, name), b"")
    found = {
        (int(row) - 1, _column(column)): "#FORMULA?"
        for column, row in (_NO_RESULT.findall(sheet) if b"<f" in sheet or b":f" in sheet else ())
    }
    if b't="e"' in sheet:
        for column, row, text in _ERROR.findall(sheet):
            found[int(row) - 1, _column(column)] = text.decode("utf-8", "replace")
    return found


def _part_of_sheet(parts: Mapping[str, bytes], name: str) -> str:
    """Return the path of a sheet inside the workbook; empty if it cannot be found."""
    relations = _elements(parts.get("xl/_rels/workbook.xml.rels", b""), "Relationship")
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    for sheet in _elements(parts.get("xl/workbook.xml", b""), "sheet"):
        if sheet.get("name") == name:
            target = targets.get(sheet.get("id"), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _elements(part: bytes, tag: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of all elements with a tag, without prefixes of namespaces."""
    for element in re.findall(rf"<(?:\w+:)?{tag}\b([^>]*)>", part.decode("utf-8", "replace")):
        yield {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(element)}


def _lines(rows: Rows, found: Mapping[Place, str], wanted: CsvFormat | None) -> Iterator[str]:
    """Yield each row as a line; decimal commas are written below the header that declares them."""
    delimiter = wanted.delimiters[0] if wanted else ","
    comma: frozenset[int] = frozenset()
    for at, row in enumerate(rows):
        values = [
            found.get((at, column)) or _text(value, comma=column in comma)
            for column, value in enumerate(row)
        ]
        line = _line(values, delimiter) if any(values) else "\n"
        if wanted and wanted.decimal_comma and (header := complete_header(line[:-1], wanted)):
            places = zip(wanted.columns, header.positions, strict=True)
            comma = frozenset(p for c, p in places if p is not None and c in wanted.decimal_comma)
        yield line


def _line(values: Sequence[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(values)
    return out.getvalue()


def _text(value: object, *, comma: bool) -> str:
    """Return the value of a cell as text."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        number = _number(float(value))
        return number.replace(".", ",") if comma and "E" not in number else number
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return _BREAKS.sub(" ", str(value))


def _number(value: float) -> str:
    """Return a number as a spreadsheet shows it; with an exponent if digits were lost."""
    shown = Decimal(format(value, f".{_DIGITS}g"))
    if abs(value) >= 10**_DIGITS:
        return format(shown.normalize(), "E")
    return format(shown.normalize() + 0, "f")


def _column(letters: bytes) -> int:
    """Return the position of a column, from 0.

    >>> _column(b"A"), _column(b"AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1

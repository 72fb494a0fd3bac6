"""Turn delivered bytes into CSV text: gzip, a ZIP archive with one file, a sheet of a workbook.

The content decides, not the name: a file ``orders.xlsx`` that holds CSV text is read as CSV.
"""

import contextlib
import io
import struct
import zipfile
import zlib

from lakehouse.platform.ingestion.csv.decode import decompress, most_content, too_large
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected
from lakehouse.platform.ingestion.csv.workbook import workbook_text
from lakehouse.platform.tables.csv_format import CsvFormat

ZIP = b"PK\x03\x04"

_EMPTY_ZIP = b"PK\x05\x06"
_WORKBOOK = "xl/workbook.xml"
_SIDE_FILES = ("__macosx/", ".ds_store", "thumbs.db")
_TEXT_ENDS = (".csv", ".txt", ".tsv", ".xlsx")
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(ValueError, OSError, RuntimeError, struct.error),  # offsets and flags that make no sense
    IndexError,  # an entry without a name
)


def unpack(data: bytes, wanted: CsvFormat | None, *, name: str, limit: int) -> bytes:
    """Return the CSV text of a delivered file; other bytes as they are.

    Args:
        data: the delivered bytes.
        wanted: the format of the source; None for a file of no source.
        name: the file, for messages; gzip is recognized by its end ``.gz``.
        limit: largest allowed size of the content in bytes.

    Raises:
        FileRejected: ``too_large``, ``bad_gzip``, ``bad_archive``, ``bad_workbook`` or
            ``truncated``.
    """
    if name.lower().endswith(".gz"):
        data = decompress(data, name=name, limit=limit)
    if not data.startswith((ZIP, _EMPTY_ZIP)):
        return data
    try:
        return _content(data, wanted, limit, is_inside=False)
    except FileRejected as rejected:
        rejected.name = name
        raise


def all_content(data: bytes, *, limit: int) -> bytes:
    """Return all that can be decompressed of an archive that is not accepted, to search it."""
    found: list[bytes] = []
    with contextlib.suppress(*_DAMAGED), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            with contextlib.suppress(*_DAMAGED), archive.open(info) as stream:
                found.append(stream.read(limit - sum(map(len, found))))
    return b"\n".join(found) or data


def _content(data: bytes, wanted: CsvFormat | None, limit: int, *, is_inside: bool) -> bytes:
    """Return the text of a workbook, or of the one file in an archive."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED:
        detail = "the archive ends early or is damaged; held until the complete file arrives"
        raise FileRejected(FileReason.TRUNCATED, detail) from None
    with archive:
        try:
            most = most_content(len(data), limit)
            if _WORKBOOK in archive.namelist():
                return workbook_text(archive, wanted, limit=most)
            content = _only_file(archive, most, limit)
        except _DAMAGED as error:
            detail = f"damaged archive ({error}); hint: make it again and resend it"
            raise FileRejected(FileReason.BAD_ARCHIVE, detail) from None
    if content.startswith((ZIP, _EMPTY_ZIP)):
        if is_inside:
            detail = "an archive inside an archive; hint: send the CSV file itself"
            raise FileRejected(FileReason.BAD_ARCHIVE, detail)
        return _content(content, wanted, limit, is_inside=True)
    return content


def _only_file(archive: zipfile.ZipFile, most: int, limit: int) -> bytes:
    """Return the content of the only CSV file or workbook of an archive: at most `most` bytes."""
    files = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.lower().endswith(_SIDE_FILES[1:])
        and not info.filename.lower().startswith(_SIDE_FILES[0])
    ]
    if len(files) != 1 or not files[0].filename.lower().endswith(_TEXT_ENDS):
        names = ", ".join(repr(info.filename[:60]) for info in files[:5]) or "nothing"
        more = f" and {len(files) - 5} more" if len(files) > 5 else ""
        detail = (
            f"expected an archive with exactly one CSV file or XLSX workbook, found {names}{more};"
            " hint: send each file by itself"
        )
        raise FileRejected(FileReason.BAD_ARCHIVE, detail)
    info = files[0]
    if info.flag_bits & 1:
        detail = "the archive has a password; hint: send it without one"
        raise FileRejected(FileReason.BAD_ARCHIVE, detail)
    with archive.open(info) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise too_large(most, limit)
    return content

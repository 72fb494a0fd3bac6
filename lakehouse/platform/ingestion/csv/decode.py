"""Turn the bytes of a delivered file into text: gzip, other file types, encodings."""

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected

_PIECE = 1 << 20  # bytes read from a compressed stream at once
_C1 = re.compile("[\x80-\x9f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_OTHER_TYPES = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a ZIP archive or an XLSX workbook",
    b"\xd0\xcf\x11\xe0": "an XLS workbook",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "gzip data; hint: let the file name end in .gz",
    codecs.BOM_UTF16_LE: "UTF-16 text; hint: send it as UTF-8 or Latin-1",
    codecs.BOM_UTF16_BE: "UTF-16 text; hint: send it as UTF-8 or Latin-1",
}


@dataclass(frozen=True, kw_only=True)
class DecodedText:
    """A decoded file.

    Attributes:
        text: the file without its byte order mark.
        encoding: the encoding, as the format names it.
        damage: pattern of the characters that stand for undecodable bytes; None if there are none.
        foreign: number of lines that look like UTF-8 although the file is not UTF-8.
    """

    text: str
    encoding: str
    damage: re.Pattern[str] | None = None
    foreign: int = 0


def decompress(data: bytes | BinaryIO, *, name: str, limit: int) -> bytes:
    """Return the content of gzip data, holding at most `limit` bytes in memory.

    Several gzip members in a row are one file; zero bytes after the last one are padding.

    Args:
        data: the compressed bytes, or a stream of them.
        name: the file, for messages.
        limit: largest allowed size of the content in bytes.

    Raises:
        FileRejected: ``too_large``, ``bad_gzip`` or ``truncated``.
    """
    out = bytearray()
    try:
        for piece in _decompressed(io.BytesIO(data) if isinstance(data, bytes) else data):
            out += piece
            if len(out) > limit:
                detail = (
                    f"more than {limit:,} bytes when decompressed;"
                    " hint: split the file or raise LAKEHOUSE_MAX_FILE_MB"
                )
                raise FileRejected(FileReason.TOO_LARGE, detail)
    except zlib.error as error:
        detail = f"not valid gzip data ({error}); hint: compress the file again and resend it"
        raise FileRejected(FileReason.BAD_GZIP, detail, name=name) from None
    except FileRejected as rejected:
        rejected.name = name
        raise
    return bytes(out)


def _decompressed(stream: BinaryIO) -> Iterator[bytes]:
    """Decompress a stream in pieces of at most `_PIECE` bytes."""
    member, started, finished = zlib.decompressobj(wbits=31), False, 0
    while piece := stream.read(_PIECE):
        while piece:
            if finished and not started and not (piece := piece.lstrip(b"\0")):
                break
            started = True
            yield member.decompress(piece, _PIECE)
            piece = member.unconsumed_tail
            if member.eof:
                piece = member.unused_data
                member, started, finished = zlib.decompressobj(wbits=31), False, finished + 1
    while started and (more := member.decompress(b"", _PIECE)):
        yield more
    if not (member.eof if started else finished):
        detail = "the gzip data ends early; held until the complete file arrives"
        raise FileRejected(FileReason.TRUNCATED, detail)


def reject_other_types(data: bytes) -> None:
    """Reject a file that is empty or not CSV at all.

    Raises:
        FileRejected: ``empty_file`` or ``not_csv``.
    """
    head = data[:512].removeprefix(codecs.BOM_UTF8)
    if not head.strip() and not data.removeprefix(codecs.BOM_UTF8).strip():
        detail = "the file is empty; hint: send at least the header, even if there are no rows"
        raise FileRejected(FileReason.EMPTY_FILE, detail)
    found = next((name for mark, name in _OTHER_TYPES.items() if head.startswith(mark)), None)
    line = 1
    if head.lstrip().startswith(b"<"):
        found = "HTML or XML"
    elif found is None and (nul := data.find(b"\0")) >= 0:
        found = f"a NUL byte at offset {nul:,}; hint: export the file again and resend it"
        line = data.count(b"\n", 0, nul) + 1
    if found is not None:
        raise FileRejected(FileReason.NOT_CSV, f"expected CSV text, found {found}", line)


def decode(data: bytes, encodings: tuple[str, ...]) -> DecodedText:
    """Decode a file; each undecodable byte becomes one character that `damage` matches."""
    if data.startswith(codecs.BOM_UTF8):
        data, encodings = data[3:], ("utf-8",)
    foreign = 0
    decoded = None
    for encoding in encodings:
        decoded = _decode_as(data, encoding, foreign)
        if decoded.damage is None:
            break
        if codecs.lookup(encoding).name == "utf-8":
            foreign, others = _count_non_ascii_lines(data)
            if foreign >= others:
                break
    assert decoded is not None  # noqa: S101  a format has at least one encoding
    return decoded


def _decode_as(data: bytes, encoding: str, foreign: int) -> DecodedText:
    if codecs.lookup(encoding).name == "iso8859-1":
        text = data.decode(encoding)
        damage = _C1 if _C1.search(text) else None
        return DecodedText(text=text, encoding=encoding, damage=damage, foreign=foreign)
    try:
        return DecodedText(text=data.decode(encoding), encoding=encoding, foreign=foreign)
    except UnicodeDecodeError:
        text = data.decode(encoding, "surrogateescape")
        return DecodedText(text=text, encoding=encoding, damage=_ESCAPED, foreign=foreign)


def _count_non_ascii_lines(data: bytes) -> tuple[int, int]:
    """Count the non-ASCII lines that are valid UTF-8, and those that are not."""
    valid = invalid = 0
    for line in data.split(b"\n"):
        if not line.isascii():
            try:
                line.decode()
                valid += 1
            except UnicodeDecodeError:
                invalid += 1
    return valid, invalid

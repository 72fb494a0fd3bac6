"""Turn the bytes of a delivered file into text: gzip, other file types, encodings."""

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected

LONE_CR = "\udc0d"
"""Stands for a CR that is not part of a line end; no decoder yields this character."""

ANY_RATIO = 32 * 1024 * 1024
"""Bytes that may always come out of compressed data."""
MOST_RATIO = 100
"""Largest content as a multiple of the compressed size, above `ANY_RATIO`; CSV reaches about 30."""
BOMB_SEARCHED = 4 * 1024 * 1024
"""Bytes that are searched for a person in content above that ratio."""
GZIP = b"\x1f\x8b"
"""The first bytes of gzip data."""
_PIECE = 1 << 20  # bytes read from a compressed stream at once
_C1 = re.compile("[\x80-\x9f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_MAC = re.compile("(?<=[A-Za-z\udc80-\udcff])[‰‹›™](?=[A-Za-z])|(?<=[a-z])Ž")  # â ã õ ô é of Mac OS
_DOS = re.compile(
    "[\udc80-\udcff]|(?<=[A-Za-z])[‡‚ƒˆ¡¢£Æ](?=[A-Za-z])|" + _MAC.pattern
)  # ç é â ê í ó ú ã of DOS
_MARK = re.compile("(?<=[\r\n])\ufeff+")
_OTHER_TYPES = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a ZIP archive or an XLSX workbook",
    b"\xd0\xcf\x11\xe0": (
        "an XLS workbook, or one with a password; hint: save it as CSV UTF-8, or as XLSX without"
        " a password"
    ),
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"PK\x05\x06": "a ZIP archive without files",
    b"Rar!": "a RAR archive; hint: send the CSV file itself, or as ZIP or gzip",
    b"7z\xbc\xaf": "a 7-Zip archive; hint: send the CSV file itself, or as ZIP or gzip",
    b"BZh": "bzip2 data; hint: compress the file with gzip",
    b"\xfd7zXZ": "xz data; hint: compress the file with gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard data; hint: compress the file with gzip",
    b"SQLite format 3": "an SQLite database",
    b"{\\rtf": "an RTF document",
    GZIP: "gzip data; hint: let the file name end in .gz",
}


@dataclass(frozen=True, kw_only=True)
class DecodedText:
    """A decoded file.

    Attributes:
        text: the file without its byte order mark.
        encoding: the encoding, as the format names it.
        damage: pattern of the characters that stand for undecodable bytes; None if there are none.
        foreign: number of lines that are UTF-8 although the file is not.
        marks: number of byte order marks that were removed from line starts inside the file.
        joined: a byte order mark stands in the middle of a line.
    """

    text: str
    encoding: str
    damage: re.Pattern[str] | None = None
    foreign: int = 0
    marks: int = 0
    joined: bool = False

    @property
    def clean(self) -> bool:
        """Whether no line has to be looked at for its encoding."""
        return self.damage is None and not self.foreign and not self.joined

    def shown(self, line: str) -> str:
        r"""Return a line as text that can be stored, with undecodable bytes as ``\xNN``."""
        text = line.rstrip("\r\n").replace(LONE_CR, "\r")
        pattern = _C1 if self.damage is _C1 else _ESCAPED
        return pattern.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text)

    def problem(self, line: str) -> str | None:
        """Return what is wrong with the encoding of a line; None if nothing is."""
        if self.damage and self.damage.search(line):
            return self._undecodable(line)
        if self.foreign and (reading := _as_utf8(line, self.encoding)):
            return (
                f"the line is UTF-8 but the file is {self.encoding}; read as UTF-8 it is"
                f" {reading[:80]!r}; hint: save the whole file in one encoding, best CSV UTF-8"
            )
        return None

    def _undecodable(self, line: str) -> str:
        data = _bytes_of(line, self.encoding)
        if self.encoding == "utf-8":
            other, named = "cp1252", "Windows-1252"
        else:
            is_mac = _MAC.search(line)
            other, named = ("mac_roman", "Mac OS") if is_mac else ("cp850", "MS-DOS")
        try:
            reading = f"; read as {named} ({other}) the line is {data.decode(other)[:80]!r}"
        except UnicodeDecodeError:
            reading = ""
        return (
            f"bytes that are not {self.encoding}, unlike the rest of the file{reading};"
            " hint: save the whole file in one encoding, best CSV UTF-8"
        )


def most_content(size: int, limit: int) -> int:
    """Return how many bytes may come out of compressed data of a size in bytes.

    Tables never compress that well: a small file with hundreds of megabytes inside is an attack.

    >>> most_content(1_000, 10**9) == ANY_RATIO, most_content(10**6, 10**9), most_content(10**8, 50)
    (True, 100000000, 50)
    """
    return min(limit, max(ANY_RATIO, MOST_RATIO * size))


def too_large(most: int, limit: int) -> FileRejected:
    """Return the error for data with more content than `most_content` allows."""
    hint = "hint: split the file or raise LAKEHOUSE_MAX_FILE_MB"
    if most < limit:
        hint = f"that is over {MOST_RATIO} times its size; hint: send the file uncompressed"
    return FileRejected(FileReason.TOO_LARGE, f"more than {most:,} bytes when unpacked; {hint}")


def decompress(data: bytes | BinaryIO, *, name: str, limit: int) -> bytes:
    """Return the content of gzip data, holding at most `limit` bytes in memory.

    Several gzip members in a row are one file; zero bytes after the last one are padding.

    Args:
        data: the compressed bytes, or a stream that can be positioned.
        name: the file, for messages.
        limit: largest allowed size of the content in bytes.

    Raises:
        FileRejected: ``too_large``, ``bad_gzip`` or ``truncated``.
    """
    out = bytearray()
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    most = most_content(stream.seek(0, io.SEEK_END), limit)
    stream.seek(0)
    try:
        for piece in _decompressed(stream):
            out += piece
            if len(out) > most:
                raise too_large(most, limit)
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
            if finished and not started:
                _require_member(piece)
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


def _require_member(piece: bytes) -> None:
    """Reject bytes after the end of gzip data that do not start another member."""
    if not GZIP.startswith(piece[: len(GZIP)]):
        detail = (
            "the gzip data is complete, but other bytes follow its end;"
            " hint: compress the file again and resend it"
        )
        raise FileRejected(FileReason.BAD_GZIP, detail)


def as_utf8(data: bytes) -> tuple[bytes, str | None]:
    """Return UTF-16 text as UTF-8 and the name of its encoding; other bytes as they are, and None.

    UTF-16 is recognized by its byte order mark, or because nearly every second byte is zero.

    Raises:
        FileRejected: ``truncated``.
    """
    encoding = _utf16(data[:2000])
    if encoding is None:
        return data, None
    if len(data) % 2:
        detail = "half a character is missing at the end; held until the complete file arrives"
        raise FileRejected(FileReason.TRUNCATED, detail)
    text = data.decode(encoding, "surrogatepass").removeprefix("\ufeff")
    return text.encode("utf-8", "surrogatepass"), encoding


def like_original(text: bytes, original: bytes) -> bytes:
    """Return UTF-8 text in UTF-16 if the original is, with the same byte order mark."""
    encoding = _utf16(original[:2000])
    if encoding is None:
        return text
    mark = original[:2] if original[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else b""
    return mark + text.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")


def _utf16(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    half = len(head) // 2
    if half < 2 or b"\0" not in head:
        return None
    first, second = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if second > 0.6 * half and first < 0.02 * half:
        return "utf-16-le"
    if first > 0.6 * half and second < 0.02 * half:
        return "utf-16-be"
    return None


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
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
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
    return _without_marks(decoded)


def _without_marks(decoded: DecodedText) -> DecodedText:
    """Return the text without byte order marks at line starts, left where files were joined.

    A mark after a line break inside a quoted value belongs to the value.
    """
    if "\ufeff" not in decoded.text:
        return decoded
    quotes = at = marks = 0

    def removed(mark: re.Match[str]) -> str:
        nonlocal quotes, at, marks
        quotes += mark.string.count('"', at, mark.start())
        at = mark.start()
        if quotes % 2:
            return mark[0]
        marks += 1
        return ""

    text = _MARK.sub(removed, decoded.text.lstrip("\ufeff"))
    return replace(decoded, text=text, marks=marks, joined="\ufeff" in text)


def _decode_as(data: bytes, encoding: str, foreign: int) -> DecodedText:
    name = codecs.lookup(encoding).name
    if name == "iso8859-1":
        text = data.decode(encoding)
        damage = _C1 if _C1.search(text) else None
        return DecodedText(text=text, encoding=encoding, damage=damage, foreign=foreign)
    try:
        text = data.decode(encoding)
        damage = _DOS if name == "cp1252" and not text.isascii() and _DOS.search(text) else None
    except UnicodeDecodeError:
        text = data.decode(encoding, "surrogateescape")
        damage = _DOS if name == "cp1252" else _ESCAPED
    return DecodedText(text=text, encoding=encoding, damage=damage, foreign=foreign)


def _bytes_of(line: str, encoding: str) -> bytes:
    return line.rstrip("\r\n").replace(LONE_CR, "\r").encode(encoding, "surrogateescape")


def _as_utf8(line: str, encoding: str) -> str | None:
    """Return a line decoded as UTF-8 if it is such text and not ASCII."""
    if line.isascii():
        return None
    try:
        return _bytes_of(line, encoding).decode()
    except UnicodeError:
        return None


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

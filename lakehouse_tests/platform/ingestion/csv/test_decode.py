"""Gzip, other file types and encodings."""

import bz2
import gzip
import io
import lzma

import pytest

from lakehouse.platform.ingestion.csv.decode import decompress
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected, LineReason
from lakehouse_tests.platform.ingestion.csv.reading import bad, read, rejected, rows


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", FileReason.EMPTY_FILE),
        (b"\xef\xbb\xbf", FileReason.EMPTY_FILE),
        (b"\r\n \n", FileReason.EMPTY_FILE),
        (b"\x89PNG\r\n\x1a\n1,2\n", FileReason.NOT_CSV),
        (b"PK\x03\x04,\n", FileReason.NOT_CSV),
        (b"%PDF-1.7\n", FileReason.NOT_CSV),
        (b"\n<!doctype html>\n", FileReason.NOT_CSV),
        (b"Id,Cidade\n1,\x00\n", FileReason.NOT_CSV),
        (b"Id,Cidade\x81\n1,a\n", FileReason.UNDECODABLE),
        (b"1,Rio\n2,Natal\n", FileReason.SCHEMA),
    ],
)
def test_a_file_that_is_not_csv_is_rejected_with_its_reason(data, reason):
    assert rejected(data).reason is reason
    assert not rejected(data).held


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (bz2.compress(b"Id,Cidade\n1,Rio\n"), "bzip2 data"),
        (lzma.compress(b"Id,Cidade\n1,Rio\n"), "xz data"),
        (b"\x28\xb5\x2f\xfdabc", "Zstandard data"),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7-Zip archive"),
        (b"PK\x05\x06" + bytes(18), "a ZIP archive without files"),
        (b"{\\rtf1 Id,Cidade}\n", "an RTF document"),
    ],
)
def test_a_file_of_another_type_is_named(data, name):
    error = rejected(data)
    assert (error.reason, name in error.detail) == (FileReason.NOT_CSV, True)


def test_undecodable_bytes_reject_only_their_line_in_latin_1():
    text = b"Id,Cidade\n1,S\xe3o\n2,\x81\x9d\n3,c\n"
    assert rows(text) == [("1", "São"), ("3", "c")]
    assert bad(text) == [(3, r"2,\x81\x9d", LineReason.UNDECODABLE)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_is_read_with_and_without_byte_order_mark(encoding, mark):
    text = "Id\tCidade\r\n1\tSão Luís\r\n2\tMaceió\r\n"
    data = (mark + text).encode(encoding)
    assert rows(data) == [("1", "São Luís"), ("2", "Maceió")]
    assert read(data).encoding in ("utf-16-le", "utf-16-be")


def test_utf_16_that_ends_inside_a_character_is_held():
    assert rejected("Id,Cidade\n1,a\n".encode("utf-16")[:-1]).held


def test_windows_1252_keeps_the_letters_that_latin_1_does_not_have():
    text = "Id,Cidade\n1,“São” – 5 €\n".encode("cp1252")
    assert rows(text) == [("1", "“São” – 5 €")]


def test_a_utf_8_line_in_a_windows_1252_file_is_unparsable_and_named():
    text = "Id,Cidade\n1,São\n2,Maceió\n".encode("cp1252") + "3,Belém\n4,d\n".encode()
    assert rows(text) == [("1", "São"), ("2", "Maceió"), ("4", "d")]
    (line,) = read(text).unparsable
    assert (line.line, line.reason) == (4, LineReason.UNDECODABLE)
    assert "read as UTF-8 it is '3,Belém'" in line.detail


def test_a_windows_1252_line_in_a_utf_8_file_is_unparsable_and_named():
    text = "Id,Cidade\n1,São\n2,Maceió\n".encode() + "3,Belém\n".encode("cp1252")
    (line,) = read(text).unparsable
    assert (line.line, line.text) == (4, r"3,Bel\xe9m")
    assert "read as Windows-1252 (cp1252) the line is '3,Belém'" in line.detail


def test_ms_dos_text_is_not_taken_for_windows_1252():
    text = "Id,Cidade\n1,Açaí\n2,b\n".encode("cp850")
    assert rows(text) == [("2", "b")]
    assert "MS-DOS (cp850) the line is '1,Açaí'" in read(text).unparsable[0].detail


@pytest.mark.parametrize("word", ["São", "Conceição", "Antônio", "José", "Câmara"])
def test_text_of_a_macintosh_is_not_taken_for_windows_1252(word: str):
    text = f"Id,Cidade\n1,{word}\n2,b\n".encode("mac_roman")
    assert rows(text) == [("2", "b")]
    assert f"Mac OS (mac_roman) the line is '1,{word}'" in read(text).unparsable[0].detail


def test_byte_order_marks_of_joined_files_are_removed_at_line_starts():
    one = "\ufeffId,Cidade\r\n1,a\r\n"
    file = read(one + one.replace("1,a", "2,b"))
    assert [(row["Id"], row["Cidade"]) for row in file.rows.to_pylist()] == [("1", "a"), ("2", "b")]
    assert [line.reason for line in file.unparsable] == [LineReason.REPEATED_HEADER]
    assert "1 byte order marks" in " ".join(file.drift)


def test_a_line_in_which_another_file_starts_is_unparsable():
    text = "\ufeffId,Cidade\n1,a\n2,b\ufeffId,Cidade\n3,c\n"
    assert rows(text) == [("1", "a"), ("3", "c")]
    text = "\ufeffId,Cidade\n1,a\n2,b\ufeff3\n"
    assert [reason for _, _, reason in bad(text)] == [LineReason.JOINED_FILES]


def test_a_byte_order_mark_inside_quotes_belongs_to_the_value():
    text = 'Id,Cidade\n1,"\ufeffa"\n2,b\n3,"c\n\ufeffd"\n'
    assert [row[1] for row in rows(text)] == ["\ufeffa", "b", "c\n\ufeffd"]
    assert bad('Id,Cidade\n1,"a"\ufeffId,Cidade\n2,b\n')[0][2] is not None
    assert rows('Id,Cidade\n1,"a"\ufeffId,Cidade\n2,b\n') == [("2", "b")]


def test_one_damaged_line_does_not_turn_a_utf_8_file_into_latin_1():
    text = "Id,Cidade\n1,São\n2,Córdoba\n".encode() + b"3,Valpara\xc3\n4,d\n"
    assert rows(text) == [("1", "São"), ("2", "Córdoba"), ("4", "d")]
    assert bad(text) == [(4, r"3,Valpara\xc3", LineReason.UNDECODABLE)]


def test_the_mark_at_the_end_of_an_ms_dos_file_is_no_line():
    assert rows("Id,Cidade\n1,São\n\x1a") == rows("Id,Cidade\n1,São\n") == [("1", "São")]
    assert rows("Id,Cidade\n1,S\x1ao\n") == [("1", "S\x1ao")]
    with pytest.raises(FileRejected, match="truncated"):
        rows("Id,Cidade\n1,São\x1a")
    with pytest.raises(FileRejected, match="empty_file"):
        rows("\x1a")


def test_gzip_is_decompressed_member_by_member():
    data = gzip.compress(b"Id,Cidade\n") + gzip.compress(b"1,a\n") + b"\0" * 512
    assert decompress(data, name="a.csv.gz", limit=14) == b"Id,Cidade\n1,a\n"
    assert decompress(io.BytesIO(data), name="a.csv.gz", limit=14) == b"Id,Cidade\n1,a\n"


def gzip_reason(data: bytes, limit: int = 1 << 20) -> FileReason:
    with pytest.raises(FileRejected, match=r"a\.csv\.gz") as caught:
        decompress(data, name="a.csv.gz", limit=limit)
    return caught.value.reason


def test_a_gzip_bomb_is_stopped_at_the_limit():
    class Stream(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            self.taken += len(piece)
            return piece

    bomb = Stream(gzip.compress(bytes(64 << 20)) * 40)
    with pytest.raises(FileRejected, match="too_large"):
        decompress(bomb, name="a.csv.gz", limit=1 << 20)
    assert bomb.taken <= 1 << 20
    assert gzip_reason(gzip.compress(b"12345"), limit=4) is FileReason.TOO_LARGE


def test_truncated_gzip_is_held_and_damaged_gzip_is_rejected():
    complete = gzip.compress(b"Id,Cidade\n" + bytes(range(48, 58)) * 100)
    assert gzip_reason(complete[:-1]) is FileReason.TRUNCATED
    assert gzip_reason(b"") is FileReason.TRUNCATED
    assert gzip_reason(b"Id,Cidade\n") is FileReason.BAD_GZIP
    for tail in (b"tail", b"\n", b"\0\0\n", b"\x1f\x00"):
        assert gzip_reason(complete + tail) is FileReason.BAD_GZIP
    assert gzip_reason(complete + b"\x1f") is FileReason.TRUNCATED
    assert gzip_reason(complete[:-8] + b"\1" * 8) is FileReason.BAD_GZIP

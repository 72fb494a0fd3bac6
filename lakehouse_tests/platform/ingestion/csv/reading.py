"""Functions that read a small CSV file in tests."""

import pytest
from hypothesis import strategies as st

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.tables.csv_format import CsvFormat

TWO = CsvFormat(columns=("Id", "Cidade"))
THREE = CsvFormat(columns=("Id", "Endereco Entrega", "Status"), null_texts=frozenset({"NULL"}))


def read(text: str | bytes, wanted: CsvFormat = TWO) -> CsvFile:
    data = text.encode() if isinstance(text, str) else text
    file = read_csv(data, wanted, name="a.csv")
    assert file.balance == 0
    return file


def rows(text: str | bytes, wanted: CsvFormat = TWO) -> list[tuple[str | None, ...]]:
    return [tuple(row[c] for c in wanted.columns) for row in read(text, wanted).rows.to_pylist()]


def bad(text: str | bytes, wanted: CsvFormat = TWO) -> list[tuple[int, str, LineReason]]:
    return [(line.line, line.text, line.reason) for line in read(text, wanted).unparsable]


def rejected(text: str | bytes, wanted: CsvFormat = TWO) -> FileRejected:
    with pytest.raises(FileRejected) as caught:
        read(text, wanted)
    assert str(caught.value).startswith("a.csv")
    return caught.value


def read_or_reason(data: bytes, wanted: CsvFormat) -> CsvFile | FileReason:
    try:
        return read_csv(data, wanted, name="a.csv")
    except FileRejected as rejection:
        return rejection.reason


PIECES = [
    "1",
    "a",
    "x",
    '"',
    ",",
    ";",
    "é",
    ',"',
    '",',
    '""',
    "1,a",
    '2,"b"',
    "NULL",
    "\ufeff",
    "\x85",
    "\u2028",
    "\x0b",
    "\x1c",
    "ção",
    "3,c",
]
ENDS = ["\n", "\n", "\n", "\r\n", "\r", " ", "\t", "1,a\n", '2,"b"\n', "3,c\r\n"]
DAMAGED = st.lists(
    st.sampled_from([piece.encode() for piece in [*PIECES, *ENDS]] + [b"\xe3", b"\x81"]),
    max_size=40,
).map(b"".join)
PLAIN = st.lists(
    st.sampled_from(
        [
            '1,"a"',
            '"b;c",2',
            "é,NULL",
            '" NULL ",""',
            "3",
            '1,"x","é"',
            " ",
            '"a"',
            "1;2",
            "x,\x1c\xa0y",
            '1,"a ""b"" c"',
            '"""x""","y"""',
            '"a"b"",2',
        ]
    ),
    max_size=12,
).map(lambda lines: "".join(f"{line}\n" for line in lines).encode())
HEADERS = st.sampled_from([b"Id,Cidade\n", b"\xef\xbb\xbfcidade;ID\r\n", b"Id,Nota,Cidade\n"])
FORMATS = st.builds(
    CsvFormat,
    columns=st.just(TWO.columns),
    null_texts=st.sampled_from([frozenset(), frozenset({"NULL"})]),
    strip=st.booleans(),
    final_newline=st.booleans(),
)

"""A person is removed from the bytes of a file; other records are read as before."""

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion.csv.decode import as_utf8
from lakehouse.platform.ingestion.csv.errors import ERASED, FileRejected, LineReason
from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.privacy.file_content import FileFormat, find_in_file
from lakehouse.platform.privacy.person import Person
from lakehouse.platform.privacy.personal_columns import PersonalColumns
from lakehouse.platform.privacy.redaction import NotErasable, redact
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.test_unpack import sheets, zipped

FORMAT = FileFormat(
    csv=CsvFormat(columns=("id", "mail", "note"), delimiters=";,"),
    columns=PersonalColumns(identifiers=("id",), emails=("mail",)),
)
TWELVE = Person(ids=frozenset({"12"}), numeric=True)
ANA = Person(ids=frozenset({"k-7788-ana"}), emails=frozenset({"ana@x.org"}))


@pytest.mark.parametrize(
    ("data", "person", "wanted"),
    [
        pytest.param(
            b"id;mail;note\r\n12;;12\r\n13;;12\r\n0012;;\r\n",
            TWELVE,
            f"id;mail;note\r\n{ERASED}\r\n13;;12\r\n{ERASED}\r\n".encode(),
            id="a number counts in the id column only, without leading zeros",
        ),
        pytest.param(
            b"id;mail;note\n13;;\n12;two;few;much\n1;2;3;12\n12\n",
            TWELVE,
            f"id;mail;note\n13;;\n{ERASED}\n1;2;3;12\n{ERASED}\n".encode(),
            id="in an unparsable line a number counts at the position of the id",
        ),
        pytest.param(
            b'id,mail,note\n1,ANA@x.org,"a\nb\nc"\n2,b@x.org,"a\nb"\n',
            ANA,
            f'id,mail,note\n{ERASED}\n{ERASED}\n{ERASED}\n2,b@x.org,"a\nb"\n'.encode(),
            id="a record of several lines leaves as many erased lines",
        ),
        pytest.param(
            b"id,mail,note\n2,b@x.org,see ana@x.org and joana@x.org\n3,c@x.org,k-7788-anas\n",
            ANA,
            b"id,mail,note\n2,b@x.org,see erased and joana@x.org\n3,c@x.org,k-7788-anas\n",
            id="only the mention is replaced, as a complete word",
        ),
        pytest.param(
            "id,mail,note\n2,b@x.org,São ana@x.org\n1,ana@x.org,é\n".encode("latin-1"),
            ANA,
            f"id,mail,note\n2,b@x.org,São erased\n{ERASED}\n".encode("latin-1"),
            id="the encoding is kept",
        ),
        pytest.param(
            b'id,mail,note\n5,"oops,3\n1,ana@x.org,"ok"\n6,f@x.org,\n',
            ANA,
            f'id,mail,note\n5,"oops,3\n{ERASED}\n6,f@x.org,\n'.encode(),
            id="a bad quote that ended in the erased record ends before it",
        ),
        pytest.param(
            b'id,mail,note\n1,Ana <ANA@x.org>,"hers"\n2,b@x.org,\n',
            ANA,
            f"id,mail,note\n{ERASED}\n2,b@x.org,\n".encode(),
            id="an address among other words in its column identifies the record",
        ),
        pytest.param(
            b"id,mail,note,ana@x.org\n2,b@x.org,,1\n3,c@x.org,,\n",
            ANA,
            b"id,mail,note,erased\n2,b@x.org,,1\n3,c@x.org,,\n",
            id="a mention in the header is replaced",
        ),
        pytest.param(
            b"mail,id\nana@x.org,1\nb@x.org,2\n",
            ANA,
            f"mail,id\n{ERASED}\nb@x.org,2\n".encode(),
            id="a rejected file is cleaned line by line",
        ),
    ],
)
def test_a_redacted_file_has_the_expected_bytes(data: bytes, person: Person, wanted: bytes) -> None:
    redacted = redact(data, "a.csv", FORMAT, person, limit=10**6)
    assert redacted.data == wanted
    assert redacted.others == 0
    assert redact(redacted.data, "a.csv", FORMAT, person, limit=10**6).data == wanted
    for name in ("a.csv.gz", "a.csv"):
        compressed = redact(gzip.compress(data), name, FORMAT, person, limit=10**6)
        assert gzip.decompress(compressed.data) == wanted


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.gz", gzip.compress(b"id,mail,note\n1,ana@x.org,\n" * 99, mtime=0)[:-9]),
        ("a.csv", "id,mail,note\n1,ana@x.org,\n".encode("utf-16")[:-1]),
    ],
)
def test_an_unreadable_file_with_the_person_loses_its_content(name: str, data: bytes) -> None:
    redacted = redact(data, name, FORMAT, ANA, limit=10**6)
    plain = gzip.decompress(redacted.data) if name.endswith(".gz") else redacted.data
    assert redacted.matches.unreadable
    assert as_utf8(plain)[0] == f"{ERASED}\n".encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_stays_utf_16_and_keeps_other_records(encoding: str) -> None:
    text = "Lista\nid,mail,note\n1,ANA@x.org,\n2,b@x.org,São ana@x.org\n"
    redacted = redact(text.encode(encoding), "a.csv", FORMAT, ANA, limit=10**6)
    assert redacted.data.decode(encoding) == (
        f"Lista\nid,mail,note\n{ERASED}\n2,b@x.org,São erased\n"
    )


def test_a_person_in_an_archive_is_found_and_the_rest_is_kept() -> None:
    text = b"id,mail,note\n1,ana@x.org,\n2,b@x.org,x\n"
    redacted = redact(zipped(a__csv=text), "a.zip", FORMAT, ANA, limit=10**6)
    assert redacted.data == f"id,mail,note\n{ERASED}\n2,b@x.org,x\n".encode()
    workbook = sheets(Um=[["id", "mail", "note"], [1, "ana@x.org", None], [2, "b@x.org", "x"]])
    assert redact(workbook, "a.xlsx", FORMAT, ANA, limit=10**6).data == (
        redacted.data.replace(b",", b";")
    )
    two = zipped(a__csv=text, b__csv=text)
    assert redact(two, "a.zip", FORMAT, ANA, limit=10**6).matches.unreadable
    assert redact(zipped(a__csv=text[:13]), "a.zip", FORMAT, ANA, limit=10**6).matches.records == ()


values = st.text(st.sampled_from('ab1;,"\n\ré '), max_size=5)


@settings(max_examples=200, deadline=None)
@given(
    records=st.lists(st.tuples(st.sampled_from(["12", "012", "7", "8"]), values), max_size=8),
    odd_lines=st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(['x"y,"', '"', "12;", "a;b;c;d", ""])),
        max_size=2,
    ),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_other_records_are_read_as_before_a_redaction(
    records: list[tuple[str, str]], odd_lines: list[tuple[int, str]], newline: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator=newline)
    bodies = []
    for number, note in records:
        text.seek(0)
        text.truncate()
        writer.writerow([number, "", note])
        bodies.append(text.getvalue())
    for place, odd in odd_lines:
        bodies.insert(place, odd + newline)
    data = f"id;mail;note{newline}{''.join(bodies)}".encode()
    try:
        before = read_csv(data, FORMAT.csv, name="a.csv")
        redacted = redact(data, "a.csv", FORMAT, TWELVE, limit=10**6)
    except (FileRejected, NotErasable):
        return
    after = read_csv(redacted.data, FORMAT.csv, name="a.csv")
    own = {r["_line"] for r in before.rows.to_pylist() if TWELVE.has_id(r["id"])}
    expected = [r for r in before.rows.to_pylist() if r["_line"] not in own]
    assert after.rows.to_pylist() == expected
    assert after.physical_lines == before.physical_lines
    assert after.balance == 0
    erased = [u.line for u in after.unparsable if u.reason is LineReason.ERASED]
    assert own <= set(erased)
    assert not find_in_file(redacted.data, "a.csv", FORMAT, TWELVE, limit=10**6)

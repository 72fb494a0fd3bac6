"""Edits of records change these records in the bytes of a file, and nothing else."""

import csv
import io
import re
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.platform.ingestion.csv.reader import read_csv
from lakehouse.platform.quarantine.corrections import CorrectionError, Edit, corrected
from lakehouse.platform.tables.csv_format import CsvFormat

FORMAT = CsvFormat(columns=("id", "city", "note"), null_texts=frozenset({"NULL"}))


@pytest.mark.parametrize(
    ("delivered", "edit", "wanted"),
    [
        pytest.param(
            b"\xef\xbb\xbfid;city;note\r\n1;Rio;\r\n2;Ita;x\r\n",
            Edit(line=2, values={"id": "1", "city": "S\xe3o; Luis", "note": None}),
            '\ufeffid;city;note\r\n1;"São; Luis";\r\n2;Ita;x\r\n'.encode(),
            id="byte order mark, delimiter and line ends are kept",
        ),
        pytest.param(
            'id,city,note\n1,Maceió,"a\nb"\n2,"Ita","NULL"\n'.encode("latin-1"),
            Edit(line=2, values={"id": "1", "city": "Belém", "note": "a"}),
            'id,city,note\n1,Belém,"a"\n2,"Ita","NULL"\n'.encode("latin-1"),
            id="a record of several lines is replaced",
        ),
        pytest.param(
            b'id,city,note\n1,Rio,"NULL"\n2,"Ita",""\n',
            Edit(line=2, values={"id": "1", "city": "Rio", "note": None}),
            b'id,city,note\n1,Rio,"NULL"\n2,"Ita",""\n',
            id="a null text stays as it was written",
        ),
        pytest.param(
            b"note,extra,id,city\nx,kept,1,Rio\ny,kept,2\n",
            Edit(line=3, values={"id": "2", "city": "Ita", "note": None}),
            b"note,extra,id,city\nx,kept,1,Rio\n,,2,Ita\n",
            id="an unparsable line is written from values in the order of the header",
        ),
        pytest.param(
            b'\n\nid,city,note\n1,"Rio,a\n2,"Ita",b\n',
            Edit(line=4, values={"id": None, "city": None, "note": None}, text='1,"Rio",a'),
            b'\n\nid,city,note\n1,"Rio",a\n2,"Ita",b\n',
            id="an unparsable line is replaced by text",
        ),
        pytest.param(
            b"id,city,note\r1,Rio,\r2,Ita,\r",
            Edit(line=3, delete=True),
            b"id,city,note\r1,Rio,\r",
            id="carriage returns alone end lines",
        ),
    ],
)
def test_a_correction_changes_only_the_edited_record(
    delivered: bytes, edit: Edit, wanted: bytes
) -> None:
    assert corrected(delivered, FORMAT, [edit], name="a.csv") == wanted


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_correction_keeps_utf_16_and_the_lines_above_the_header(mark: str) -> None:
    text = f"{mark}sep=;\r\nClientes\r\n\r\nid;city;note\r\n1;Maceió;\r\n2;Ita;\r\n"
    edit = Edit(line=6, values={"id": "2", "city": "Itá", "note": None})
    found = corrected(text.encode("utf-16-le"), FORMAT, [edit], name="a.csv")
    assert found.decode("utf-16-le") == text.replace("Ita", "Itá")


def test_a_record_with_unusual_quotes_is_not_changed_alone() -> None:
    edit = Edit(line=2, values={"id": "1", "city": "Ita", "note": None})
    with pytest.raises(CorrectionError, match="send a whole corrected file"):
        corrected(b"'id','city','note'\n'1','Rio','a'\n", FORMAT, [edit], name="a.csv")


@pytest.mark.parametrize(
    ("delivered", "edit", "message"),
    [
        (
            "id,city,note\n1,Maceió,\n".encode("latin-1"),
            Edit(line=2, values={"id": "1", "city": "5 →", "note": None}),
            "a.csv, line 2, column 'city': '→' does not exist in cp1252",
        ),
        (
            b"id,city,note\n1,Rio\n",
            Edit(line=2, text="1,Rio,a,b"),
            "a.csv, line 2: in the corrected file line 2 would not be a valid record",
        ),
        (
            b"id,city,note\n1,Rio\n2,Ita,\n",
            Edit(line=2, text='1,Rio,"a'),
            "a.csv, line 2",
        ),
        (b"id,city,note\n1,Rio,\n", Edit(line=1, delete=True), "line 1: no record starts here"),
    ],
)
def test_a_correction_that_would_be_read_with_other_values_is_rejected(
    delivered: bytes, edit: Edit, message: str
) -> None:
    with pytest.raises(CorrectionError, match=re.escape(message)):
        corrected(delivered, FORMAT, [edit], name="a.csv")


values = st.text(st.sampled_from('ab ;,"\n\ré'), max_size=6)
records = st.lists(st.tuples(values, values, values), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    before=records,
    after=st.tuples(values, values, values),
    place=st.integers(0, 5),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_record_can_be_changed_to_any_other_without_changing_the_rest(
    before: list[tuple[str, str, str]],
    after: tuple[str, str, str],
    place: int,
    quoting: Literal[0, 1, 2, 3],
    newline: str,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quoting=quoting, lineterminator=newline)
    writer.writerow(FORMAT.columns)
    writer.writerows(before)
    delivered = text.getvalue().encode()
    old = read_csv(delivered, FORMAT, name="a.csv")
    if old.unparsable or old.rows.num_rows != len(before):
        return
    found = old.rows.to_pylist()
    target = found[place % len(found)]
    edit = Edit(line=target["_line"], values=dict(zip(FORMAT.columns, after, strict=True)))
    try:
        content = corrected(delivered, FORMAT, [edit], name="a.csv")
    except CorrectionError:
        assert "\r" in "".join(after), "only a single carriage return can become a line end"
        return
    wanted = [
        {c: (v or None) for c, v in zip(FORMAT.columns, after, strict=True)}
        if row is target
        else {c: row[c] for c in FORMAT.columns}
        for row in found
    ]
    again = read_csv(content, FORMAT, name="a.csv").rows.select(list(FORMAT.columns)).to_pylist()
    assert again == wanted

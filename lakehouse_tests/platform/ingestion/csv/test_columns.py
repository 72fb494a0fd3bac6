"""Reading by column gives the same result as reading by record."""

import pytest
from hypothesis import example, given, settings

from lakehouse.platform.ingestion.csv import columns, reader, records
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import (
    DAMAGED,
    FORMATS,
    HEADERS,
    PLAIN,
    TWO,
    read_or_reason,
)


@settings(max_examples=600, deadline=None)
@given(header=HEADERS, body=DAMAGED | PLAIN, wanted=FORMATS)
@example(header=b"Id,Cidade\n", body=b"\xef\xbb\xbf1,a\n2,b\n", wanted=TWO)
def test_reading_by_column_equals_reading_by_record(header, body, wanted):
    by_record = read_or_reason(header + body, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "COLUMN_READER_BYTES", 0)
        assert read_or_reason(header + body, wanted) == by_record


@pytest.mark.parametrize("wanted", [TWO, CsvFormat(columns=TWO.columns, strip=True)])
def test_a_large_file_is_read_by_column_across_blocks(wanted, monkeypatch):
    monkeypatch.setattr(columns, "_BLOCK", 1 << 12)
    lines = [f'{n},"São ""{n}"", x "' if n % 3 else f"{n},é" for n in range(5000)]
    lines[1234], lines[3000], lines[4999] = "1234", "  ", '1,"a","b"'
    data = ("Id,Cidade\r\n" + "\r\n".join(lines) + "\r\n").encode()
    by_column = columns.read_by_column(data, wanted)
    assert by_column is not None
    assert by_column == records.read_by_record(data, wanted)
    assert [line.line for line in by_column.unparsable] == [1236, 3002, 5001]

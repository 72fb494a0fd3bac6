"""No polluted file gives a wrong row, and every physical line is accounted for."""

from collections import Counter

import pytest

from bench.polluted_files import COLUMNS, PollutedFile, physical_lines, polluted_files
from lakehouse.platform.ingestion.csv import reader
from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.ingestion.csv.errors import FileRejected
from lakehouse.platform.ingestion.csv.reader import read_csv

FILES = list(polluted_files(step=11))
UNREADABLE = {"empty", "cut", "open_quote", "zero_bytes"}
HEADER_ROW = "row0_"


def read(file: PollutedFile) -> CsvFile | None:
    try:
        return read_csv(file.data, file.format, name=file.name)
    except FileRejected:
        return None


def rows(file: CsvFile) -> list[tuple[str, ...]]:
    return [tuple(row[c] or "" for c in COLUMNS) for row in file.rows.to_pylist()]


@pytest.mark.parametrize("by_column_from", [0, 1 << 30], ids=["by column", "by record"])
def test_no_accepted_row_is_wrong_and_no_line_is_lost(by_column_from, monkeypatch):
    monkeypatch.setattr(reader, "COLUMN_READER_BYTES", by_column_from)
    wrong, lost = [], []
    for file in FILES:
        if found := read(file):
            wrong += [file.name] if set(rows(found)) - set(file.truth) else []
            lines = found.header_lines + found.rows.num_rows + found.continuation_lines
            lines += len(found.unparsable)
            lost += [file.name] if lines != physical_lines(file) else []
    assert (wrong, lost) == ([], [])


def test_all_rows_are_read_that_can_be_read_without_guessing():
    missed = {}
    for file in FILES:
        found = read(file)
        missing = Counter(file.rows) - Counter(rows(found) if found else ())
        if missing and HEADER_ROW not in file.name:
            missed[file.name] = missing.total()
    assert not missed
    assert {file.name for file in FILES if read(file) is None} <= UNREADABLE | {
        file.name for file in FILES if HEADER_ROW in file.name
    }

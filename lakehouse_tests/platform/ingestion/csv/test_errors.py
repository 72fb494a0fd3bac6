"""Reasons and errors of files and lines."""

import pickle

from lakehouse.platform.ingestion.csv.errors import FileReason, LineReason, UnparsableLine
from lakehouse_tests.platform.ingestion.csv.reading import rejected


def test_a_rejected_file_survives_pickling():
    rejection = pickle.loads(pickle.dumps(rejected("Id\n1\n")))
    assert str(rejection) == str(rejected("Id\n1\n"))


def test_the_reasons_of_lines_and_files_are_stable_codes():
    assert (
        UnparsableLine(line=1, text="", reason=LineReason.BLANK_LINE, detail="").reason
        == "blank_line"
    )
    assert {*FileReason} == {
        "empty_file",
        "not_csv",
        "undecodable",
        "schema",
        "truncated",
        "too_large",
        "bad_gzip",
        "bad_archive",
        "bad_workbook",
    }

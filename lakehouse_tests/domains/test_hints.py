"""Every reason of the reader has a hint in the language of the units."""

from lakehouse.domains.hints import HINTS, hint_for
from lakehouse.platform.ingestion.csv.errors import FileReason, FileRejected, LineReason


def test_every_reason_of_the_reader_has_a_hint():
    assert {*HINTS} == {*FileReason, *LineReason} - {LineReason.ERASED}


def test_the_message_of_a_rejected_file_leads_to_its_hint():
    message = str(FileRejected(FileReason.BAD_ARCHIVE, "two files", name="a.zip"))
    assert hint_for(message) == HINTS["bad_archive"]
    assert hint_for("no reason") == ""

"""Files of the landing zone become raw and bronze rows."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.platform.ingestion.deliveries import (
    DeliveredFiles,
    raw_table,
    read_deliveries,
)
from lakehouse.platform.ingestion.ingest import Ingested, ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.keep_files import Redact
from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.unrecognized_files import (
    has_recorded,
    stage_unrecognized_files,
    unrecognized_files_of,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings
from lakehouse_tests.platform.ingestion.landed import (
    AT,
    FIFTH,
    NOW,
    SOURCES,
    SPEC,
    PutFile,
    zone_on_disk,
)

(ORDERS, _, _) = SOURCES
FILE = "mrhealth/2021-01-05/unidade_007/PEDIDO.csv"


class RemoveLine:
    """Removes one line from every file, as if it were a person's record."""

    def __init__(self, line: bytes) -> None:
        self.line = line

    def redaction(self, bronze: Table, *, limit: int) -> Redact:
        return lambda data, _: data.replace(self.line, b"")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def intake_of(lake: Lake, root: Path, erased: Iterator[bytes]) -> Intake:
    """An intake whose erased person is another one each time it is asked."""
    return Intake(
        spec=SPEC,
        landing=zone_on_disk(root),
        lake=lake,
        settings=Settings(root=lake.root, landing=str(root), quiet_seconds=0),
        now=NOW,
        erased=lambda: RemoveLine(next(erased)),
    )


def ingest_day(intake: Intake) -> Ingested:
    return ingest(ORDERS.bronze, [FIFTH], intake, intake.listing([FIFTH]), note={})


def test_rows_of_a_file_are_traced_to_its_line_and_digest(
    lake: Lake, tmp_path: Path, put_file: PutFile
):
    put_file(FILE, b"Id\n1\n2,3\n4\n")
    result = ingest_day(intake_of(lake, tmp_path, iter([b"none"])))
    assert (result.files, result.rows, result.unparsable) == ({"loaded": 1}, 2, 1)
    (delivery,) = read_deliveries(lake, "mrhealth", "orders")
    assert (delivery.file, delivery.unit, delivery.record_rows) == (FILE, 7, 2)
    rows = lake.table(ORDERS.bronze.id).read([FIFTH]).to_pylist()
    assert [(row["Id"], row["_line"], row["_digest"]) for row in rows] == [
        ("1", 2, delivery.digest),
        ("4", 4, delivery.digest),
    ]


def test_erased_persons_are_loaded_again_after_a_conflict(
    lake: Lake, tmp_path: Path, put_file: PutFile, monkeypatch: pytest.MonkeyPatch
):
    """An erasure commits the same days, so the second attempt must know the person."""
    put_file(FILE, b"Id\n1\n2\n")
    table = lake.table(raw_table("mrhealth", "orders"))
    begun: list[dt.date] = []

    def erasures() -> Iterator[bytes]:
        empty = DELIVERIES.to_arrow([])
        table.write({FIFTH: empty}, schema=DELIVERIES.stored)
        begun.append(FIFTH)
        yield b"nobody"
        yield b"1\n"

    ingest_day(intake_of(lake, tmp_path, erasures()))
    assert begun == [FIFTH]
    assert [row["Id"] for row in lake.table(ORDERS.bronze.id).read().to_pylist()] == ["2"]


def data_versions(done: Ingested) -> dict[TableId, dict[dt.date, str]]:
    return {table: each.data_versions for table, each in done.staged.tables.items()}


def test_nothing_is_asked_about_erased_persons_when_no_file_is_new(
    lake: Lake, tmp_path: Path, put_file: PutFile
):
    put_file(FILE, b"Id\n1\n")
    intake = intake_of(lake, tmp_path, iter([b"none"]))
    first = ingest_day(intake)
    assert data_versions(ingest_day(intake)) == data_versions(first)


def test_problems_name_each_rejected_file_with_a_hint(
    lake: Lake, tmp_path: Path, put_file: PutFile
):
    put_file(FILE, b"Name\nx\n")
    result = ingest_day(intake_of(lake, tmp_path, iter([b"none"])))
    (problem,) = result.problems.values()
    assert list(result.problems) == [FILE]
    assert problem.startswith(
        f"rejected: {FILE}, line 1, column 'Id': required columns are missing"
    )
    assert "hint:" in problem
    assert result.rows == 0


def record(listing: Listing, days: list[dt.date], intake: Intake) -> int:
    """Record unrecognized files; return how many these days have."""
    staged = stage_unrecognized_files(listing, days, intake)
    staged.commit(note={})
    return staged.rows(unrecognized_files_of("mrhealth"), days)


def test_unrecognized_files_are_recorded_once_on_the_day_of_their_folder(
    lake: Lake, tmp_path: Path, put_file: PutFile
):
    put_file("mrhealth/2021-01-05/notes.txt")
    put_file("mrhealth/notes.txt", at=dt.datetime(2021, 1, 5, 12, tzinfo=dt.UTC))
    put_file("mrhealth/2999-01-01/PEDIDO.csv", at=AT)
    intake = intake_of(lake, tmp_path, iter(()))
    days = [FIFTH, dt.date(2021, 3, 1)]
    for _ in range(2):
        found = intake.listing(None)
        assert record(found, days, intake) == 3
    stored = read_deliveries(lake, "mrhealth", unrecognized_files_of("mrhealth").table)
    assert [(row.day, row.file, row.reason) for row in stored] == [
        (FIFTH, "mrhealth/notes.txt", "unknown_file"),
        (FIFTH, "mrhealth/2021-01-05/notes.txt", "unknown_file"),
        (dt.date(2021, 3, 1), "mrhealth/2999-01-01/PEDIDO.csv", "future_day"),
    ]


def test_a_file_that_is_recognized_later_is_no_longer_recorded_as_unrecognized(
    lake: Lake, tmp_path: Path, put_file: PutFile
):
    put_file("mrhealth/2021-06-20/PEDIDO.csv", at=AT)
    put_file("mrhealth/2021-06-20/notes.txt", at=AT)
    table = unrecognized_files_of("mrhealth").table
    early = intake_of(lake, tmp_path, iter(()))
    recorded_on = dt.date(2021, 3, 1)
    assert record(early.listing([recorded_on]), [recorded_on], early) == 2
    the_day = dt.date(2021, 6, 20)
    late = replace(early, now=early.now + dt.timedelta(days=5))
    listing = late.listing([the_day])
    assert [file.path for file in listing.files] == ["mrhealth/2021-06-20/PEDIDO.csv"]
    delivered = DeliveredFiles(lake, "mrhealth")
    assert [has_recorded(delivered, file) for file in listing.unrecognized_files] == [True]
    record(listing, [the_day], late)
    stored = read_deliveries(lake, "mrhealth", table)
    assert {row.file for row in stored} == {"mrhealth/2021-06-20/notes.txt"}

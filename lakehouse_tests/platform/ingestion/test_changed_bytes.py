"""Bytes that change without a new size or time are found by reading, a few files at a time."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.platform.ingestion.changed_bytes import BytesCheck, ChangedFile, changed_files
from lakehouse.platform.ingestion.ingest import ingest
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings
from lakehouse_tests.platform.ingestion.landed import (
    FIFTH,
    NOW,
    SOURCES,
    SPEC,
    PutFile,
    zone_on_disk,
)
from lakehouse_tests.platform.ingestion.test_file_histories import Nobody

(ORDERS, ITEMS, _) = SOURCES
DAYS = [FIFTH + dt.timedelta(days=n) for n in range(4)]
BRONZES = [ITEMS.bronze, ORDERS.bronze]


def name(day: dt.date, unit: int = 7, dataset: str = "PEDIDO") -> str:
    return f"mrhealth/{day}/unidade_00{unit}/{dataset}.csv"


@pytest.fixture
def intake(tmp_path: Path, put_file: PutFile) -> Intake:
    """A lake with nine files of four days."""
    for day in DAYS:
        put_file(name(day), b"Id\n1\n")
        put_file(name(day, 8), b"Id\n2\n")
    put_file(name(DAYS[1], 7, "ITEM_PEDIDO"), b"Id\n3\n")
    lake = Lake(str(tmp_path / "lake"))
    intake = Intake(
        spec=SPEC,
        landing=zone_on_disk(tmp_path),
        lake=lake,
        settings=Settings(root=lake.root, landing=str(tmp_path), quiet_seconds=0),
        now=NOW,
        erased=Nobody,
    )
    load(intake)
    return intake


def load(intake: Intake, *, reread: bool = False) -> None:
    listing = intake.listing(DAYS)
    for source in (ORDERS, ITEMS):
        ingest(source.bronze, DAYS, intake, listing, note={}, reread=reread)


def share(intake: Intake, most_files: int = 2) -> list[str]:
    """Run one share of the check, as a process of its own would, and return the changed files."""
    state = BytesCheck.load(intake.lake.store, "mrhealth")
    found = state.run(BRONZES, intake, most_files=most_files)
    state.save(intake.lake.store, "mrhealth")
    return paths(found)


def paths(found: list[ChangedFile]) -> list[str]:
    return [each.file.path for each in found]


def test_every_changed_file_is_found_within_one_round_from_any_position(
    intake: Intake, put_file: PutFile
):
    for start in range(6):
        for _ in range(start):
            share(intake)
        changed = [name(DAYS[start % 4]), name(DAYS[1], 7, "ITEM_PEDIDO")]
        for path in changed:
            put_file(path, f"Id\n{start + 4}\n".encode())
        found = {path for _ in range(6) for path in share(intake)}
        assert found == set(changed)
        load(intake, reread=True)
        assert share(intake, 100) == share(intake, 100) == []


def test_a_changed_file_is_returned_until_it_is_ingested(intake: Intake, put_file: PutFile):
    put_file(name(DAYS[0]), b"Id\n9\n")
    assert share(intake, 1) == []
    assert [share(intake, 1) for _ in range(5)] == [[name(DAYS[0])]] * 5
    load(intake, reread=True)
    assert share(intake, 1) == []


def test_files_that_are_gone_or_have_a_new_time_are_left_to_the_listing(
    intake: Intake, put_file: PutFile, tmp_path: Path
):
    put_file(name(DAYS[0]), b"Id\n9\n", at=NOW - dt.timedelta(days=1))
    (tmp_path / name(DAYS[1])).unlink()
    (tmp_path / name(DAYS[2])).chmod(0)
    assert share(intake, 100) == []


def test_the_length_of_a_round_is_recorded(intake: Intake):
    for _ in range(5):
        share(intake)
    state = BytesCheck.load(intake.lake.store, "mrhealth")
    assert (state.last_files, state.files) == (9, 0)


def test_a_state_that_cannot_be_read_starts_the_round_again(intake: Intake):
    for text in (b"", b"[]", b'{"other": 1}'):
        intake.lake.store.write("raw/mrhealth/bytes_check.json", text)
        assert BytesCheck.load(intake.lake.store, "mrhealth") == BytesCheck()


def test_with_checksum_the_listed_files_are_read(intake: Intake, put_file: PutFile):
    put_file(name(DAYS[3]), b"Id\n8\n")
    files = intake.listing(DAYS).files
    assert paths(changed_files(files, BRONZES, intake)) == [name(DAYS[3])]
    later = replace(intake, now=NOW + dt.timedelta(days=1))
    load(later)
    assert paths(changed_files(files, BRONZES, later)) == [name(DAYS[3])], "a listing cannot see it"
    load(later, reread=True)
    assert changed_files(files, BRONZES, later) == []

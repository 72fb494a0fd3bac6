"""Newest snapshots that a process remembers, and when it reads the log again."""

import os
import shutil
from pathlib import Path

import deltalake
import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.known_snapshots import KnownSnapshots
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.location import TableLocation
from lakehouse.platform.storage.snapshot import read_snapshot
from lakehouse_tests.platform.storage.orders import MON, ORDERS, TUE, ids_by_day, put, rows_of

LONG_AGO = 1_700_000_000


@pytest.fixture
def location(on_disk: LakeTable) -> TableLocation:
    return TableLocation(on_disk.store, ORDERS)


def settle(table: LakeTable) -> None:
    """Let the log look as if its last change was long ago."""
    log = Path(table.url, "_delta_log")
    for path in (*log.iterdir(), log):
        os.utime(path, (LONG_AGO, LONG_AGO))


def remembered(location: TableLocation, most_files: int = 100) -> KnownSnapshots:
    known = KnownSnapshots(most_files)
    known.remember(location, read_snapshot(location))
    return known


def test_the_newest_version_is_read_from_the_log_once(on_disk: LakeTable, location: TableLocation):
    put(on_disk, {MON: rows_of(1)})
    settle(on_disk)
    first = on_disk.snapshot()
    assert on_disk.snapshot() is first
    assert on_disk.exists()


def test_a_commit_without_a_change_does_not_read_the_log(
    on_disk: LakeTable, location: TableLocation, monkeypatch: pytest.MonkeyPatch
):
    put(on_disk, {MON: rows_of(1)})
    settle(on_disk)
    assert on_disk.snapshot().version == 0
    opened: list[int | None] = []
    open_log = TableLocation.open

    def watched(self: TableLocation, version: int | None = None) -> deltalake.DeltaTable | None:
        opened.append(version)
        return open_log(self, version)

    monkeypatch.setattr(TableLocation, "open", watched)
    again = put(on_disk, {MON: rows_of(1)})
    assert (again.version, again.changed, again.unchanged) == (0, (), (MON,))
    assert opened == []
    assert put(on_disk, {MON: rows_of(2)}).changed == (MON,)
    assert opened


def test_a_commit_without_a_change_repairs_a_damaged_file(
    on_disk: LakeTable, location: TableLocation
):
    put(on_disk, {MON: rows_of(1)})
    settle(on_disk)
    (stored,) = on_disk.snapshot().urls()
    Path(stored).write_bytes(b"damaged")
    assert put(on_disk, {MON: rows_of(1)}).changed == (MON,)
    assert ids_by_day(on_disk) == {MON: [1]}


def test_a_commit_of_this_or_another_process_is_seen(on_disk: LakeTable, location: TableLocation):
    put(on_disk, {MON: rows_of(1)})
    settle(on_disk)
    known = remembered(location)
    assert known.find(location) is not None
    folder = Path(on_disk.url, "_delta_log").stat()
    put(on_disk, {TUE: rows_of(2)})
    os.utime(Path(on_disk.url, "_delta_log"), ns=(folder.st_atime_ns, folder.st_mtime_ns))
    assert known.find(location) is None
    assert ids_by_day(on_disk) == {MON: [1], TUE: [2]}


def test_a_table_that_was_built_again_is_read_again(on_disk: LakeTable, location: TableLocation):
    put(on_disk, {MON: rows_of(1)})
    settle(on_disk)
    known = remembered(location)
    shutil.rmtree(on_disk.url)
    assert known.find(location) is None
    assert not on_disk.exists()
    put(on_disk, {MON: rows_of(2)})
    assert known.find(location) is None
    assert ids_by_day(on_disk) == {MON: [2]}


def test_a_newest_entry_with_other_bytes_is_read_again(on_disk: LakeTable, location: TableLocation):
    put(on_disk, {MON: rows_of(1)})
    settle(on_disk)
    known = remembered(location)
    entry = Path(on_disk.url, "_delta_log", f"{0:020}.json")
    entry.write_bytes(entry.read_bytes()[:-20])
    assert known.find(location) is None


def test_a_log_that_has_just_changed_is_not_remembered(on_disk: LakeTable, location: TableLocation):
    put(on_disk, {MON: rows_of(1)})
    log = Path(on_disk.url, "_delta_log")
    far_ahead = 4_000_000_000
    os.utime(log, (far_ahead, far_ahead))
    assert remembered(location).find(location) is None


def test_an_outdated_snapshot_is_not_remembered(on_disk: LakeTable, location: TableLocation):
    put(on_disk, {MON: rows_of(1)})
    put(on_disk, {MON: rows_of(2)})
    settle(on_disk)
    known = KnownSnapshots()
    known.remember(location, read_snapshot(location, 0))
    assert known.find(location) is None


def test_the_snapshots_used_least_recently_are_forgotten_first(tmp_path: Path):
    lake = Lake(str(tmp_path))
    locations = []
    for name in ("first", "second", "third"):
        table = lake.table(type(ORDERS)("silver", "mrhealth", name))
        put(table, {MON: rows_of(1), TUE: rows_of(2)})
        settle(table)
        locations.append(TableLocation(table.store, table.id))
    known = KnownSnapshots(most_files=6)
    for location in locations[:2]:
        known.remember(location, read_snapshot(location))
    assert known.find(locations[0]) is not None
    known.remember(locations[2], read_snapshot(locations[2]))
    found = [known.find(location) is not None for location in locations]
    assert found == [True, False, True]


def test_on_s3_nothing_is_remembered(orders: LakeTable):
    put(orders, {MON: rows_of(1)})
    location = TableLocation(orders.store, ORDERS)
    if not on_s3(orders):
        settle(orders)
    assert (remembered(location).find(location) is None) == on_s3(orders)


def on_s3(table: LakeTable) -> bool:
    return table.url.startswith("s3://")


def test_the_newest_commit_of_a_known_version_is_that_of_the_history(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1)}, note={"run_id": "first"})
    put(on_disk, {TUE: rows_of(2)}, note={"run_id": "second"})
    from_the_log = on_disk.history()
    settle(on_disk)
    on_disk.snapshot()
    assert on_disk.history(1) == from_the_log[:1]
    assert on_disk.history(1)[0].run_id == "second"

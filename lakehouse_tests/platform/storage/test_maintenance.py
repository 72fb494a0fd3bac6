"""Vacuum of a table, on disk and on S3."""

import datetime as dt
import time

from lakehouse.platform.storage import commit
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.storage.orders import (
    MON,
    ORDERS,
    SCHEMA,
    THU,
    TUE,
    WED,
    files_of,
    ids_by_day,
    put,
    rows_of,
)


def test_a_dry_run_of_vacuum_lists_the_files_that_vacuum_deletes(three_versions: LakeTable):
    leftover = three_versions.stage(THU, rows_of(4), SCHEMA)
    files = files_of(three_versions)
    current = {file.parts[0].path for file in three_versions.snapshot().files}
    planned = three_versions.vacuum(retention=dt.timedelta(0), dry_run=True)
    assert set(planned) == files - current
    assert leftover.files[0].path in planned
    assert files_of(three_versions) == files
    assert three_versions.vacuum(retention=dt.timedelta(0), dry_run=False) == planned
    assert files_of(three_versions) == current
    assert ids_by_day(three_versions) == {MON: [10], TUE: [200], WED: [30]}
    assert three_versions.vacuum(retention=dt.timedelta(0), dry_run=False) == []


def test_vacuum_keeps_the_files_of_versions_within_the_retention(orders: LakeTable):
    put(orders, {MON: rows_of(1)})
    put(orders, {MON: rows_of(2)})
    old, seen = (orders.snapshot(version=v).files[0].parts[0].path for v in (0, 1))
    time.sleep(1.1)  # S3 keeps whole seconds
    moment = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    put(orders, {MON: rows_of(3)})
    staged = orders.stage(TUE, rows_of(4), SCHEMA)
    assert orders.vacuum(retention=dt.timedelta(hours=1), dry_run=False) == []
    deleted = orders.vacuum(retention=dt.datetime.now(dt.UTC) - moment, dry_run=False)
    assert old in deleted
    assert seen not in deleted
    assert orders.read(snapshot=orders.snapshot(at=moment))["id"].to_pylist() == [2]
    assert staged.files[0].path not in deleted or orders.url.startswith("s3://")


def test_vacuum_deletes_the_unfinished_files_of_killed_writers_and_keeps_other_files(
    on_disk: LakeTable,
):
    put(on_disk, {MON: rows_of(1)})
    nested = Lake(on_disk.store.uri).table(TableId("silver", "mrhealth", "x", "orders"))
    put(nested, {MON: rows_of(5)})
    unfinished = on_disk.store.scratch(f"{ORDERS.path}/day=2024-01-01")
    unfinished.write_bytes(b"half")
    on_disk.store.write(f"{ORDERS.path}/notes.txt", b"mine")
    assert on_disk.vacuum(retention=dt.timedelta(0), dry_run=False) == [
        f"day=2024-01-01/{unfinished.name}"
    ]
    assert not unfinished.exists()
    assert on_disk.store.read(f"{ORDERS.path}/notes.txt") == b"mine"
    assert ids_by_day(nested) == {MON: [5]}


def test_vacuum_keeps_the_newest_two_checkpoints(orders: LakeTable, monkeypatch):
    properties = commit.TABLE_PROPERTIES | {"delta.checkpointInterval": "3"}
    monkeypatch.setattr(commit, "TABLE_PROPERTIES", properties)
    for number in range(14):
        put(orders, {MON: rows_of(number)})
    expected = [f"_delta_log/{version:020}.checkpoint.parquet" for version in (2, 5)]
    deleted = orders.vacuum(retention=dt.timedelta(0), dry_run=False)
    assert [path for path in deleted if path.startswith("_delta_log")] == expected
    assert ids_by_day(orders) == {MON: [13]}
    assert orders.snapshot(version=4).version == 4
    assert dict(orders.snapshot().by_day[MON].bounds)["id"] == (13, 13)

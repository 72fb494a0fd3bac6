"""Read, stage and commit days of a table, on disk and on S3."""

import datetime as dt
from pathlib import Path

import deltalake
import duckdb
import pyarrow as pa
import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import StorageError
from lakehouse.platform.storage.s3_access import delta_storage_options, duckdb_s3_setup
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse_tests.platform.storage.orders import (
    EIGHT,
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


def test_a_committed_day_is_visible_with_its_file_and_rows(orders: LakeTable):
    assert not orders.exists()
    assert orders.snapshot() == Snapshot(version=-1)
    done = put(orders, {TUE: rows_of(3), MON: rows_of(1, 2)})
    assert (done.version, done.changed, done.unchanged, done.rows) == (0, (MON, TUE), (), 3)
    shown = orders.snapshot()
    assert (shown.version, shown.days, shown.schema) == (0, (MON, TUE), SCHEMA)
    monday = shown.by_day[MON]
    assert (monday.rows, len(monday.data_version)) == (2, 16)
    assert monday.parts[0].path.startswith(f"day=2024-01-01/{monday.data_version}-")
    assert monday.size == len(orders.store.read(f"{ORDERS.path}/{monday.parts[0].path}"))
    assert dict(monday.bounds) == {"id": (1, 2), "unit": ("north", "north")}
    assert orders.read().to_pylist() == [
        {"id": 1, "unit": "north", "day": MON},
        {"id": 2, "unit": "north", "day": MON},
        {"id": 3, "unit": "north", "day": TUE},
    ]
    assert orders.read([TUE, WED], columns=["day", "id"]).to_pylist() == [{"day": TUE, "id": 3}]


def test_committing_the_same_rows_again_changes_nothing(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of()})
    before = orders.snapshot()
    again = put(orders, {MON: rows_of(1), TUE: rows_of()})
    assert (again.version, again.changed, again.unchanged) == (0, (), (MON, TUE))
    assert orders.snapshot() == before
    assert files_of(orders) == {file.parts[0].path for file in before.files}


def test_a_commit_replaces_only_the_days_whose_rows_differ(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    monday = orders.snapshot().by_day[MON]
    done = put(orders, {MON: rows_of(1), TUE: rows_of(5, 6), WED: rows_of(7)}, removed=[THU])
    assert (done.version, done.changed, done.unchanged, done.rows) == (1, (TUE, WED), (MON,), 3)
    assert ids_by_day(orders) == {MON: [1], TUE: [5, 6], WED: [7]}
    assert orders.snapshot().by_day[MON] == monday
    assert ids_by_day(orders, version=0) == {MON: [1], TUE: [2]}


def test_a_day_without_rows_is_in_the_table_and_an_unprocessed_day_is_not(orders: LakeTable):
    put(orders, {MON: rows_of(), TUE: rows_of(1)})
    shown = orders.snapshot()
    assert (shown.days, shown.by_day[MON].rows, dict(shown.by_day[MON].bounds)) == (
        (MON, TUE),
        0,
        {},
    )
    assert len(shown.urls([MON, WED])) == 1
    assert orders.read([MON]).num_rows == 0
    assert orders.read([MON]).schema == SCHEMA.append(pa.field("day", pa.date32()))
    assert [file.day for file in shown.between(TUE, WED)] == [TUE]


def test_a_commit_without_days_creates_no_table(orders: LakeTable):
    assert put(orders, {}, removed=[MON]).version == -1
    assert not orders.exists()
    with pytest.raises(StorageError, match="does not exist"):
        orders.read()


def test_removing_all_days_keeps_the_table(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    assert put(orders, {}, removed=[MON]).changed == (MON,)
    assert ids_by_day(orders) == {TUE: [2]}
    put(orders, {}, removed=[TUE])
    assert (ids_by_day(orders), orders.read().num_rows, orders.exists()) == ({}, 0, True)
    put(orders, {MON: rows_of(9)})
    assert ids_by_day(orders) == {MON: [9]}


def test_committing_a_staged_file_twice_keeps_it(orders: LakeTable):
    staged = [orders.stage(MON, rows_of(1), SCHEMA)]
    assert orders.commit(staged, schema=SCHEMA).changed == (MON,)
    assert orders.commit(staged, schema=SCHEMA).unchanged == (MON,)
    assert ids_by_day(orders) == {MON: [1]}


def test_a_staged_day_is_not_visible_before_its_commit(orders: LakeTable):
    staged = orders.stage(MON, rows_of(1, 2), SCHEMA)
    assert (staged.rows, staged.day, orders.exists()) == (2, MON, False)
    with pytest.raises(StorageError, match="given twice"):
        orders.commit([staged, orders.stage(MON, rows_of(3), SCHEMA)], schema=SCHEMA)
    other = orders.stage(TUE, rows_of(1).select(["id"]), pa.schema([SCHEMA.field("id")]))
    with pytest.raises(StorageError, match="another table or schema"):
        orders.commit([other], schema=SCHEMA)
    assert not orders.exists()


def test_many_days_are_staged_in_parallel_and_returned_in_their_order(orders: LakeTable):
    days = [MON + dt.timedelta(n) for n in range(60)]
    staged = orders.stage_many(((day, rows_of(n)) for n, day in enumerate(days)), SCHEMA)
    assert [each.day for each in staged] == days
    assert orders.commit(staged, schema=SCHEMA).changed == tuple(days)
    assert ids_by_day(orders) == {day: [n] for n, day in enumerate(days)}


def test_a_datetime_is_rejected_as_a_day(on_disk: LakeTable):
    with pytest.raises(TypeError, match="is not a date"):
        put(on_disk, {EIGHT: rows_of(1)})


@pytest.mark.parametrize(
    ("given", "schema", "message"),
    [
        ({"id": [1]}, SCHEMA, r"does not have the schema's columns, see \['unit'\]"),
        ({"id": [1], "unit": ["a"], "x": [1]}, SCHEMA, r"see \['x'\]"),
        ({"id": ["one"], "unit": ["a"]}, SCHEMA, "column 'id' does not fit int64"),
        ({"id": [2**40]}, pa.schema([("id", pa.int8())]), "column 'id' does not fit int8"),
        (
            {"t": pa.array([1], pa.timestamp("ns"))},
            pa.schema([("t", pa.timestamp("ns"))]),
            "column 't' does not fit",
        ),
        ({}, pa.schema([("t", pa.time64("us"))]), "'t' has type .* cast it"),
        ({}, pa.schema([("a", pa.int8()), ("A", pa.int8())]), "the same name"),
    ],
    ids=[
        "missing column",
        "unknown column",
        "text instead of an integer",
        "integer out of range",
        "nanoseconds",
        "type unknown to Delta",
        "names that differ only in case",
    ],
)
def test_rows_that_do_not_fit_the_schema_are_rejected_with_the_column_name(
    on_disk: LakeTable, given, schema, message
):
    with pytest.raises(StorageError, match=message):
        on_disk.write({MON: pa.table(given)}, schema=schema)
    assert not on_disk.exists()
    assert files_of(on_disk) == set()
    assert list(on_disk.store.unfinished()) == []


def test_other_engines_read_the_same_rows(orders: LakeTable):
    put(orders, {MON: rows_of(1, 2), TUE: rows_of()})
    put(orders, {MON: rows_of(3)})
    on_s3 = orders.url.startswith("s3://")
    with duckdb.connect() as connection:
        if on_s3:
            duckdb_s3_setup(connection)
        urls = orders.snapshot().urls()
        found = connection.execute("select id, unit from read_parquet(?)", [urls]).fetchall()
    assert found == [(3, "north")]
    options = delta_storage_options() if on_s3 else None
    delta = deltalake.DeltaTable(orders.url, storage_options=options)
    assert delta.to_pyarrow_table().to_pylist() == [{"id": 3, "unit": "north", "day": MON}]


def test_a_second_file_of_a_day_written_by_another_program_is_an_error(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1)})
    appended = rows_of(2).append_column("day", pa.array([MON]))
    deltalake.write_deltalake(on_disk.url, appended, mode="append")
    with pytest.raises(StorageError, match=r"2024-01-01 has 2 files .*one write.*roll back"):
        on_disk.snapshot()
    assert on_disk.snapshot(version=0).days == (MON,)


def test_an_unreadable_table_is_an_error_and_not_a_missing_table(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1)})
    log = Path(on_disk.url) / "_delta_log" / f"{0:020}.json"
    log.write_bytes(b"{ this is not JSON\n")
    with pytest.raises(Exception, match=r"(?i)json"):
        on_disk.exists()
    with pytest.raises(Exception, match=r"(?i)json"):
        put(on_disk, {TUE: rows_of(2)})

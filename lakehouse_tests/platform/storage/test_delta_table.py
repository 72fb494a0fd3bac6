"""Tables of days: what a commit, a rollback and a vacuum do, on disk and on S3."""

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import CommitFailedError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.platform.storage import commit
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import DayConflict, SchemaConflict, StorageError, VersionGone
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.s3_access import delta_storage_options, duckdb_s3_setup
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId

ORDERS = TableId("silver", "mrhealth", "orders")
SCHEMA = pa.schema([("id", pa.int64()), ("unit", pa.string())])
EIGHT = dt.datetime.fromisoformat("2024-01-02T08:00:00")
MON, TUE, WED, THU = (dt.date(2024, 1, day) for day in (1, 2, 3, 4))


def rows_of(*ids: int, unit: str = "north") -> pa.Table:
    return pa.table({"id": ids, "unit": [unit] * len(ids)}, schema=SCHEMA)


@pytest.fixture
def lake(lake_root: str) -> Lake:
    return Lake(lake_root)


@pytest.fixture
def orders(lake: Lake) -> LakeTable:
    return lake.table(ORDERS)


@pytest.fixture
def on_disk(tmp_path: Path) -> LakeTable:
    return Lake(str(tmp_path)).table(ORDERS)


def put(table: LakeTable, days: Mapping[dt.date, pa.Table], **more: Any) -> commit.CommitResult:
    return table.write(days, schema=SCHEMA, **more)


def ids_by_day(table: LakeTable, **where: Any) -> dict[dt.date, list[int]]:
    """Every day of the table with its ids, also days without rows."""
    snapshot = table.snapshot(**where)
    found: dict[dt.date, list[int]] = {day: [] for day in snapshot.days}
    for row in table.read(snapshot=snapshot, columns=["id", "day"]).to_pylist():
        found[row["day"]].append(row["id"])
    return found


def files_of(table: LakeTable) -> set[str]:
    start = len(table.id.path) + 1
    paths = (entry.path[start:] for entry in table.store.entries(table.id.path))
    return {path for path in paths if path.startswith("day=")}


def test_a_commit_shows_its_days_and_their_files(orders: LakeTable):
    assert not orders.exists()
    assert orders.snapshot() == Snapshot(version=-1)
    done = put(orders, {TUE: rows_of(3), MON: rows_of(1, 2)})
    assert (done.version, done.changed, done.unchanged, done.rows) == (0, (MON, TUE), (), 3)
    shown = orders.snapshot()
    assert (shown.version, shown.days, shown.schema) == (0, (MON, TUE), SCHEMA)
    monday = shown.by_day[MON]
    assert (monday.rows, len(monday.data_version)) == (2, 16)
    assert monday.path.startswith(f"day=2024-01-01/{monday.data_version}-")
    assert monday.size == len(orders.store.read(f"{ORDERS.path}/{monday.path}"))
    assert dict(monday.bounds) == {"id": (1, 2), "unit": ("north", "north")}
    assert orders.read().to_pylist() == [
        {"id": 1, "unit": "north", "day": MON},
        {"id": 2, "unit": "north", "day": MON},
        {"id": 3, "unit": "north", "day": TUE},
    ]
    assert orders.read([TUE, WED], columns=["day", "id"]).to_pylist() == [{"day": TUE, "id": 3}]


def test_a_commit_of_the_same_rows_changes_nothing(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of()})
    before = orders.snapshot()
    again = put(orders, {MON: rows_of(1), TUE: rows_of()})
    assert (again.version, again.changed, again.unchanged) == (0, (), (MON, TUE))
    assert orders.snapshot() == before
    assert files_of(orders) == {file.path for file in before.files}


def test_only_the_days_that_differ_are_replaced(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    monday = orders.snapshot().by_day[MON]
    done = put(orders, {MON: rows_of(1), TUE: rows_of(5, 6), WED: rows_of(7)}, removed=[THU])
    assert (done.version, done.changed, done.unchanged, done.rows) == (1, (TUE, WED), (MON,), 3)
    assert ids_by_day(orders) == {MON: [1], TUE: [5, 6], WED: [7]}
    assert orders.snapshot().by_day[MON] == monday
    assert ids_by_day(orders, version=0) == {MON: [1], TUE: [2]}


def test_an_empty_day_is_a_day_and_a_missing_day_is_not(orders: LakeTable):
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


def test_an_empty_commit_makes_no_table(orders: LakeTable):
    assert put(orders, {}, removed=[MON]).version == -1
    assert not orders.exists()
    with pytest.raises(StorageError, match="does not exist"):
        orders.read()


def test_removed_days_are_gone_and_the_table_stays(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    assert put(orders, {}, removed=[MON]).changed == (MON,)
    assert ids_by_day(orders) == {TUE: [2]}
    put(orders, {}, removed=[TUE])
    assert (ids_by_day(orders), orders.read().num_rows, orders.exists()) == ({}, 0, True)
    put(orders, {MON: rows_of(9)})
    assert ids_by_day(orders) == {MON: [9]}


def test_a_file_committed_twice_is_kept(orders: LakeTable):
    staged = [orders.stage(MON, rows_of(1), SCHEMA)]
    assert orders.commit(staged, schema=SCHEMA).changed == (MON,)
    assert orders.commit(staged, schema=SCHEMA).unchanged == (MON,)
    assert ids_by_day(orders) == {MON: [1]}


def test_a_staged_day_is_not_visible(orders: LakeTable):
    staged = orders.stage(MON, rows_of(1, 2), SCHEMA)
    assert (staged.rows, staged.day, orders.exists()) == (2, MON, False)
    with pytest.raises(StorageError, match="given twice"):
        orders.commit([staged, orders.stage(MON, rows_of(3), SCHEMA)], schema=SCHEMA)
    other = orders.stage(TUE, rows_of(1).select(["id"]), pa.schema([SCHEMA.field("id")]))
    with pytest.raises(StorageError, match="another table or schema"):
        orders.commit([other], schema=SCHEMA)
    assert not orders.exists()


def test_history_tells_who_changed_which_days(orders: LakeTable):
    start = dt.datetime.now(dt.UTC)
    put(orders, {MON: rows_of(1), TUE: rows_of(2)}, note={"run_id": "first"})
    put(orders, {TUE: rows_of(3, 4)}, note={"run_id": "second", "why": "late file"})
    newest, oldest = orders.history()
    assert (newest.version, newest.days, newest.rows, newest.run_id) == (1, (TUE,), 2, "second")
    assert (oldest.version, oldest.days, oldest.operation) == (0, (MON, TUE), "write")
    assert newest.note == {"run_id": "second", "why": "late file"}
    assert start - dt.timedelta(seconds=1) < oldest.at <= newest.at <= dt.datetime.now(dt.UTC)
    assert orders.history(limit=1) == [newest]


@pytest.fixture
def thrice(orders: LakeTable) -> LakeTable:
    """Monday and Tuesday, then both changed and Wednesday added, then Tuesday changed again."""
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    put(orders, {MON: rows_of(10), TUE: rows_of(20), WED: rows_of(30)})
    put(orders, {TUE: rows_of(200)})
    return orders


def test_one_day_can_be_rolled_back(thrice: LakeTable):
    done = thrice.rollback(to=0, days=(TUE, TUE), note={"who": "ana"})
    assert (done.version, done.changed, done.rows) == (3, (TUE,), 1)
    assert ids_by_day(thrice) == {MON: [10], TUE: [2], WED: [30]}
    newest = thrice.history(1)[0]
    assert (newest.operation, newest.days, newest.note) == ("rollback", (TUE,), {"who": "ana"})
    assert dict(thrice.snapshot().by_day[TUE].bounds)["id"] == (2, 2)


def test_a_range_can_be_rolled_back_and_loses_days_that_were_not_there(thrice: LakeTable):
    assert thrice.rollback(to=0, days=(TUE, THU)).changed == (TUE, WED)
    assert ids_by_day(thrice) == {MON: [10], TUE: [2]}


def test_a_whole_version_can_be_rolled_back_and_back_again(thrice: LakeTable):
    assert thrice.rollback(to=0).changed == (MON, TUE, WED)
    assert ids_by_day(thrice) == {MON: [1], TUE: [2]}
    assert thrice.rollback(to=2).version == 4
    assert ids_by_day(thrice) == {MON: [10], TUE: [200], WED: [30]}
    assert thrice.rollback(to=2).changed == ()
    assert len(thrice.history()) == 5


def test_a_table_can_be_rolled_back_to_a_moment(orders: LakeTable):
    before = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    put(orders, {MON: rows_of(1)})
    moment = orders.history(1)[0].at + dt.timedelta(milliseconds=5)
    time.sleep(0.02)
    put(orders, {MON: rows_of(2)})
    assert ids_by_day(orders, at=moment) == {MON: [1]}
    assert orders.rollback(to=moment).changed == (MON,)
    assert ids_by_day(orders) == {MON: [1]}
    assert orders.snapshot(at=before).version == -1
    with pytest.raises(VersionGone, match="nothing to go back to"):
        orders.rollback(to=before)
    with pytest.raises(ValueError, match="time zone"):
        orders.snapshot(at=moment.replace(tzinfo=None))


def test_a_version_that_never_was_is_an_error(thrice: LakeTable):
    with pytest.raises(VersionGone, match=r"silver\.mrhealth_orders has no version 99"):
        thrice.snapshot(version=99)
    with pytest.raises(VersionGone):
        thrice.rollback(to=99)


def test_vacuum_says_first_what_it_would_delete(thrice: LakeTable):
    leftover = thrice.stage(THU, rows_of(4), SCHEMA)
    files = files_of(thrice)
    current = {file.path for file in thrice.snapshot().files}
    planned = thrice.vacuum(retention=dt.timedelta(0), dry_run=True)
    assert set(planned) == files - current
    assert leftover.path in planned
    assert files_of(thrice) == files
    assert thrice.vacuum(retention=dt.timedelta(0), dry_run=False) == planned
    assert files_of(thrice) == current
    assert ids_by_day(thrice) == {MON: [10], TUE: [200], WED: [30]}
    assert thrice.vacuum(retention=dt.timedelta(0), dry_run=False) == []


def test_vacuum_keeps_what_a_version_within_the_retention_shows(orders: LakeTable):
    put(orders, {MON: rows_of(1)})
    put(orders, {MON: rows_of(2)})
    old, seen = (orders.snapshot(version=v).files[0].path for v in (0, 1))
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
    assert staged.path not in deleted or orders.url.startswith("s3://")


def test_a_rollback_to_a_vacuumed_file_changes_nothing_and_names_it(thrice: LakeTable):
    gone = thrice.snapshot(version=0).by_day[MON].path
    thrice.vacuum(retention=dt.timedelta(0), dry_run=False)
    with pytest.raises(VersionGone, match=f"2 days of 0 were vacuumed, first {MON} .{gone}"):
        thrice.rollback(to=0)
    assert len(thrice.history()) == 3
    assert thrice.rollback(to=1, days=(WED, WED)).changed == ()


def test_vacuum_deletes_what_a_dead_writer_left_and_nothing_else(on_disk: LakeTable):
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


def test_a_column_at_the_end_is_added_and_null_in_older_days(orders: LakeTable):
    put(orders, {MON: rows_of(1)})
    wider = SCHEMA.append(pa.field("paid_at", pa.timestamp("us")))
    paid = rows_of(2).append_column("paid_at", pa.array([EIGHT]))
    done = orders.write({TUE: paid}, schema=wider)
    assert (done.changed, orders.snapshot().schema) == ((TUE,), wider)
    assert orders.read().to_pylist() == [
        {"id": 1, "unit": "north", "paid_at": None, "day": MON},
        {"id": 2, "unit": "north", "paid_at": EIGHT, "day": TUE},
    ]
    assert orders.rollback(to=0).changed == (TUE,)
    assert orders.read().to_pylist() == [{"id": 1, "unit": "north", "paid_at": None, "day": MON}]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([("id", pa.int32()), ("unit", pa.string())], "'id' is int64 in the table and int32"),
        ([("id", pa.int64())], "'unit' .string. is missing"),
        ([("unit", pa.string()), ("id", pa.int64())], "'unit' .string. is at the place where"),
        (
            [("id", pa.int64()), ("x", pa.int8()), ("unit", pa.string())],
            "'x' .int8. is at the place where",
        ),
    ],
)
def test_any_other_change_of_columns_is_rejected(on_disk: LakeTable, columns, message: str):
    put(on_disk, {MON: rows_of(1)})
    other = pa.schema(columns)
    with pytest.raises(SchemaConflict, match=rf"silver\.mrhealth_orders: column {message}"):
        on_disk.write({MON: other.empty_table()}, schema=other)
    assert ids_by_day(on_disk) == {MON: [1]}


def test_a_day_changed_by_another_run_is_not_overwritten(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    seen = orders.snapshot()
    put(orders, {MON: rows_of(10)})
    put(orders, {TUE: rows_of(3)}, based_on=seen)
    with pytest.raises(DayConflict, match=r"silver\.mrhealth_orders: 2024-01-01 .*run again") as no:
        put(orders, {MON: rows_of(11), WED: rows_of(4)}, based_on=seen)
    assert (no.value.table, no.value.day) == (ORDERS, MON)
    with pytest.raises(DayConflict):
        put(orders, {}, removed=[MON], based_on=seen)
    assert ids_by_day(orders) == {MON: [10], TUE: [3]}


def test_a_day_created_by_another_run_is_not_overwritten(orders: LakeTable):
    nothing = orders.snapshot()
    put(orders, {MON: rows_of(1)}, based_on=nothing)
    with pytest.raises(DayConflict):
        put(orders, {MON: rows_of(2)}, based_on=nothing)
    put(orders, {TUE: rows_of(2)}, based_on=nothing)
    assert ids_by_day(orders) == {MON: [1], TUE: [2]}


@pytest.fixture
def overtaken_by(monkeypatch) -> Callable[..., None]:
    """Let something happen between the moment a commit read the table and its transaction."""

    def arrange(action: Callable[[], Any], at: str = "storage.publishing") -> None:
        pending = [action]

        def failpoint(name: str) -> None:
            if name == at and pending:
                pending.pop()()

        monkeypatch.setattr(commit, "failpoint", failpoint)

    return arrange


def test_two_first_writers_of_a_table_both_succeed(orders: LakeTable, overtaken_by):
    overtaken_by(lambda: put(orders, {MON: rows_of(1), TUE: rows_of(1)}))
    assert put(orders, {TUE: rows_of(2), WED: rows_of(2)}).version == 1
    assert ids_by_day(orders) == {MON: [1], TUE: [2], WED: [2]}


def test_two_first_writers_of_a_day_do_not_double_its_rows(orders: LakeTable, overtaken_by):
    put(orders, {MON: rows_of(1)})
    overtaken_by(lambda: put(orders, {TUE: rows_of(1)}))
    assert put(orders, {TUE: rows_of(2)}).version == 2
    assert ids_by_day(orders) == {MON: [1], TUE: [2]}
    assert ids_by_day(orders, version=1) == {MON: [1], TUE: [1]}


def test_the_later_of_two_writers_of_a_day_wins(orders: LakeTable, overtaken_by):
    put(orders, {MON: rows_of(0), TUE: rows_of(0)})
    overtaken_by(lambda: put(orders, {MON: rows_of(1)}, note={"run_id": "early"}))
    assert put(orders, {MON: rows_of(2)}, note={"run_id": "late"}).version == 2
    assert ids_by_day(orders) == {MON: [2], TUE: [0]}
    assert [version.run_id for version in orders.history(2)] == ["late", "early"]


def test_being_overtaken_on_a_day_that_was_read_is_a_conflict(orders: LakeTable, overtaken_by):
    put(orders, {MON: rows_of(0)})
    overtaken_by(lambda: put(orders, {MON: rows_of(1)}))
    with pytest.raises(DayConflict):
        put(orders, {MON: rows_of(2)}, based_on=orders.snapshot())
    assert ids_by_day(orders) == {MON: [1]}


def test_a_column_added_by_another_writer_meanwhile_is_found(orders: LakeTable, overtaken_by):
    wider = SCHEMA.append(pa.field("paid", pa.bool_()))
    paid = rows_of(7).append_column("paid", pa.array([True]))
    put(orders, {MON: rows_of(0)})
    overtaken_by(lambda: orders.write({TUE: paid}, schema=wider))
    orders.write({WED: paid}, schema=wider)
    assert ids_by_day(orders) == {MON: [0], TUE: [7], WED: [7]}
    overtaken_by(lambda: orders.rollback(to=0))
    with pytest.raises(SchemaConflict):
        put(orders, {MON: rows_of(1)})


def test_a_day_replaced_while_a_column_is_added_has_one_file(orders: LakeTable, overtaken_by):
    put(orders, {MON: rows_of(0)})
    wider = SCHEMA.append(pa.field("paid", pa.bool_()))
    paid = rows_of(7).append_column("paid", pa.array([True]))
    unpaid = rows_of(5).append_column("paid", pa.array([False]))
    overtaken_by(lambda: orders.write({MON: unpaid}, schema=wider), at="storage.evolved")
    orders.write({MON: paid}, schema=wider)
    assert ids_by_day(orders) == {MON: [7]}


def test_a_day_that_was_unchanged_until_another_writer_changed_it_is_written(
    orders: LakeTable, overtaken_by
):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    overtaken_by(lambda: put(orders, {MON: rows_of(8), TUE: rows_of(8)}))
    assert put(orders, {MON: rows_of(1), TUE: rows_of(3)}).changed == (MON, TUE)
    assert ids_by_day(orders) == {MON: [1], TUE: [3]}


def test_a_commit_whose_answer_was_lost_counts_once(orders: LakeTable, monkeypatch):
    put(orders, {MON: rows_of(0)})
    replace = commit._replace_files

    def lose_the_answer(*change: Any) -> None:
        replace(*change)
        monkeypatch.setattr(commit, "_replace_files", replace)
        raise CommitFailedError("the connection broke")

    monkeypatch.setattr(commit, "_replace_files", lose_the_answer)
    done = put(orders, {MON: rows_of(1), TUE: rows_of(2)}, based_on=orders.snapshot())
    assert (done.version, done.changed, done.rows) == (1, (MON, TUE), 2)
    assert ids_by_day(orders) == {MON: [1], TUE: [2]}


def test_a_writer_that_is_always_overtaken_gives_up(on_disk: LakeTable, monkeypatch):
    put(on_disk, {MON: rows_of(0)})

    def reject(*change: Any) -> None:
        raise CommitFailedError("overtaken")

    monkeypatch.setattr(commit, "_replace_files", reject)
    monkeypatch.setattr(commit, "SLOWEST_RETRY", 0.001)
    with pytest.raises(StorageError, match="other writers committed first 60 times"):
        put(on_disk, {MON: rows_of(1)})
    assert ids_by_day(on_disk) == {MON: [0]}


TYPED = {
    "flag": (pa.bool_(), True),
    "small": (pa.int8(), -3),
    "real": (pa.float64(), 0.1),
    "money": (pa.decimal128(19, 4), Decimal("12345678901.2345")),
    "on": (pa.date32(), dt.date(2024, 2, 29)),
    "at": (pa.timestamp("us"), EIGHT.replace(microsecond=123456)),
    "utc": (pa.timestamp("us", "UTC"), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
    "text": (pa.string(), 'çã "quoted" 🚲'),
    "raw": (pa.binary(), b"\0\xff"),
    "tags": (pa.list_(pa.string()), ["a", None]),
    "place": (pa.struct([("city", pa.string())]), {"city": "Ipê"}),
}


def test_every_type_comes_back_as_it_was(orders: LakeTable):
    schema = pa.schema([(name, kind) for name, (kind, _) in TYPED.items()])
    row = {name: value for name, (_, value) in TYPED.items()}
    empty = dict.fromkeys(TYPED)
    orders.write({MON: pa.Table.from_pylist([row, empty], schema=schema)}, schema=schema)
    assert orders.read().to_pylist() == [row | {"day": MON}, empty | {"day": MON}]
    bounded = dict(orders.snapshot().files[0].bounds)
    kept = ("flag", "small", "money", "on", "at", "utc", "text")
    assert bounded == {name: (row[name], row[name]) for name in kept}


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


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.timestamp("ns"), EIGHT.replace(microsecond=1)),
        (pa.dictionary(pa.int8(), pa.string()), "a"),
        (pa.large_string(), "b"),
        (pa.uint16(), 7),
    ],
)
def test_types_delta_does_not_know_take_the_nearest_one(on_disk: LakeTable, kind, value):
    schema = pa.schema([("x", kind)])
    on_disk.write({MON: pa.table({"x": pa.array([value], kind)})}, schema=schema)
    assert on_disk.read()["x"].to_pylist() == [value]
    protocol = json.loads(
        on_disk.store.read(f"{ORDERS.path}/_delta_log/{0:020}.json").splitlines()[1]
    )
    assert set(protocol["protocol"].get("readerFeatures", [])) <= {"timestampNtz"}


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
)
def test_data_that_does_not_fit_is_rejected_by_name(on_disk: LakeTable, given, schema, message):
    with pytest.raises(StorageError, match=message):
        on_disk.write({MON: pa.table(given)}, schema=schema)
    assert not on_disk.exists()
    assert files_of(on_disk) == set()
    assert list(on_disk.store.unfinished()) == []


def test_a_moment_is_not_taken_for_a_day(on_disk: LakeTable):
    with pytest.raises(TypeError, match="is not a date"):
        put(on_disk, {EIGHT: rows_of(1)})


def test_the_column_day_is_not_stored_inside_the_file(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1).append_column("day", pa.array([TUE]))})
    assert pq.read_schema(on_disk.snapshot().urls()[0]).names == ["id", "unit"]
    assert on_disk.read()["day"].to_pylist() == [MON]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, 20_000), max_size=6), day=st.sampled_from([MON, TUE]))
def test_the_same_rows_give_the_same_bytes_however_they_are_cut(tmp_path: Path, cuts, day):
    table = Lake(str(tmp_path)).table(ORDERS)
    rows = pa.table({"id": range(20_000), "unit": [f"unit {n % 77}" for n in range(20_000)]})
    places = sorted({0, *cuts, 20_000})

    def batches() -> Iterator[pa.RecordBatch]:
        for start, end in pairwise(places):
            yield from rows.slice(start, end - start).to_batches()

    whole, cut = table.stage(day, rows, SCHEMA), table.stage(day, batches(), SCHEMA)
    assert cut.rows == 20_000
    assert (cut.data_version, cut.size, cut.stats) == (whole.data_version, whole.size, whole.stats)
    assert cut.path != whole.path


def test_a_long_day_is_written_in_several_row_groups(on_disk: LakeTable):
    staged = on_disk.stage(MON, rows_of(*range(300_000)).to_batches(max_chunksize=70_001), SCHEMA)
    written = pq.read_metadata(f"{on_disk.url}/{staged.path}")
    assert [written.row_group(n).num_rows for n in range(3)] == [131_072, 131_072, 37_856]
    on_disk.commit([staged], schema=SCHEMA)
    assert on_disk.snapshot().files[0].bounds["id"] == (0, 299_999)
    assert on_disk.read()["id"].to_pylist() == list(range(300_000))


def test_many_days_are_staged_side_by_side_in_their_order(orders: LakeTable):
    days = [MON + dt.timedelta(n) for n in range(60)]
    staged = orders.stage_many(((day, rows_of(n)) for n, day in enumerate(days)), SCHEMA)
    assert [each.day for each in staged] == days
    assert orders.commit(staged, schema=SCHEMA).changed == tuple(days)
    assert ids_by_day(orders) == {day: [n] for n, day in enumerate(days)}


def test_bounds_that_could_mislead_a_reader_are_left_out(on_disk: LakeTable):
    schema = pa.schema(
        [("long", pa.string()), ("money", pa.decimal128(38, 2)), ("real", pa.float64())]
    )
    row = {"long": "x" * 33, "money": Decimal("12345678901234567890.12"), "real": float("nan")}
    on_disk.write({MON: pa.Table.from_pylist([row], schema=schema)}, schema=schema)
    assert dict(on_disk.snapshot().files[0].bounds) == {}


def test_a_foreign_append_to_a_day_is_noticed(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1)})
    foreign = rows_of(2).append_column("day", pa.array([MON]))
    deltalake.write_deltalake(on_disk.url, foreign, mode="append")
    with pytest.raises(StorageError, match=r"2024-01-01 has two files.*roll back"):
        on_disk.snapshot()
    assert on_disk.snapshot(version=0).days == (MON,)


def test_a_lake_lists_its_tables(lake: Lake):
    assert lake.tables() == []
    ids = [
        ORDERS,
        TableId("bronze", "mrhealth", "orders"),
        TableId("bronze", "sales", "invoices"),
        TableId("silver", "mrhealth", "orders", "quarantine"),
    ]
    for each in ids:
        put(lake.table(each), {MON: rows_of(1)})
    lake.store.write("raw/mrhealth/objects/ab/abcdef", b"bytes")
    assert lake.tables() == sorted(ids)
    assert lake.tables(layer="bronze") == ids[1:3]
    assert lake.tables(domain="sales") == [ids[2]]


@pytest.mark.parametrize(
    ("table", "path", "name"),
    [
        (
            TableId("gold", "sales", "paid_invoices"),
            "gold/sales/paid_invoices",
            "gold.sales_paid_invoices",
        ),
        (
            TableId("silver", "mrhealth", "order_items", "quarantine"),
            "silver/mrhealth/quarantine/order_items",
            "silver.mrhealth_order_items__quarantine",
        ),
    ],
)
def test_a_table_has_one_path_and_one_name(table: TableId, path: str, name: str):
    assert (table.path, table.name) == (path, name)
    assert TableId.from_name(name) == table


@pytest.mark.parametrize(
    "parts",
    [
        ("Silver", "a", "b"),
        ("silver", "a_b", "c"),
        ("silver", "a", "b__c"),
        ("silver", "a", ""),
        ("silver", "a", "../b"),
        ("silver", "a", "objects"),
        ("silver", "a", "x" * 64),
        ("silver", "a", "b", "1"),
    ],
)
def test_a_name_that_would_be_ambiguous_is_rejected(parts: tuple[str, ...]):
    with pytest.raises(ValueError, match="name"):
        TableId(*parts)


def test_making_a_lake_opens_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    Lake("s3://bucket/lake").table(ORDERS)
    Lake(str(tmp_path / "lake")).table(ORDERS)
    assert list(tmp_path.iterdir()) == []


def test_an_unreadable_table_is_not_taken_for_a_missing_one(on_disk: LakeTable):
    put(on_disk, {MON: rows_of(1)})
    log = Path(on_disk.url) / "_delta_log" / f"{0:020}.json"
    log.write_bytes(b"{ this is not JSON\n")
    with pytest.raises(Exception, match=r"(?i)json"):
        on_disk.exists()
    with pytest.raises(Exception, match=r"(?i)json"):
        put(on_disk, {TUE: rows_of(2)})

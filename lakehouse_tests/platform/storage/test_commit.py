"""Commits while other writers change the table, and commits that change its columns."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from deltalake.exceptions import CommitFailedError

from lakehouse.platform.storage import commit
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import DayConflict, SchemaConflict, StorageError
from lakehouse_tests.platform.storage.orders import (
    EIGHT,
    MON,
    ORDERS,
    SCHEMA,
    TUE,
    WED,
    ids_by_day,
    put,
    rows_of,
)


@pytest.fixture
def committing_first(monkeypatch) -> Callable[..., None]:
    """Return a function: run an action between the reading and the writing of a commit."""

    def arrange(action: Callable[[], Any], at: str = "storage.publishing") -> None:
        pending = [action]

        def failpoint(name: str) -> None:
            if name == at and pending:
                pending.pop()()

        monkeypatch.setattr(commit, "failpoint", failpoint)

    return arrange


def test_a_new_column_at_the_end_is_added_and_null_in_older_days(orders: LakeTable):
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
    ids=["changed type", "missing column", "changed order", "new column that is not at the end"],
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
    with pytest.raises(
        DayConflict, match=r"silver\.mrhealth_orders: 2024-01-01 .*run again"
    ) as raised:
        put(orders, {MON: rows_of(11), WED: rows_of(4)}, based_on=seen)
    assert (raised.value.table, raised.value.day) == (ORDERS, MON)
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


def test_two_writers_that_create_a_table_at_once_both_succeed(orders: LakeTable, committing_first):
    committing_first(lambda: put(orders, {MON: rows_of(1), TUE: rows_of(1)}))
    assert put(orders, {TUE: rows_of(2), WED: rows_of(2)}).version == 1
    assert ids_by_day(orders) == {MON: [1], TUE: [2], WED: [2]}


def test_two_writers_that_create_a_day_at_once_do_not_double_its_rows(
    orders: LakeTable, committing_first
):
    put(orders, {MON: rows_of(1)})
    committing_first(lambda: put(orders, {TUE: rows_of(1)}))
    assert put(orders, {TUE: rows_of(2)}).version == 2
    assert ids_by_day(orders) == {MON: [1], TUE: [2]}
    assert ids_by_day(orders, version=1) == {MON: [1], TUE: [1]}


def test_the_later_of_two_writers_of_a_day_wins(orders: LakeTable, committing_first):
    put(orders, {MON: rows_of(0), TUE: rows_of(0)})
    committing_first(lambda: put(orders, {MON: rows_of(1)}, note={"run_id": "early"}))
    assert put(orders, {MON: rows_of(2)}, note={"run_id": "late"}).version == 2
    assert ids_by_day(orders) == {MON: [2], TUE: [0]}
    assert [version.run_id for version in orders.history(2)] == ["late", "early"]


def test_a_concurrent_change_of_a_day_that_was_read_is_a_conflict(
    orders: LakeTable, committing_first
):
    put(orders, {MON: rows_of(0)})
    committing_first(lambda: put(orders, {MON: rows_of(1)}))
    with pytest.raises(DayConflict):
        put(orders, {MON: rows_of(2)}, based_on=orders.snapshot())
    assert ids_by_day(orders) == {MON: [1]}


def test_a_column_added_by_a_concurrent_writer_is_recognized(orders: LakeTable, committing_first):
    wider = SCHEMA.append(pa.field("paid", pa.bool_()))
    paid = rows_of(7).append_column("paid", pa.array([True]))
    put(orders, {MON: rows_of(0)})
    committing_first(lambda: orders.write({TUE: paid}, schema=wider))
    orders.write({WED: paid}, schema=wider)
    assert ids_by_day(orders) == {MON: [0], TUE: [7], WED: [7]}
    committing_first(lambda: orders.rollback(to=0))
    with pytest.raises(SchemaConflict):
        put(orders, {MON: rows_of(1)})


def test_a_day_replaced_while_a_column_is_added_has_one_file(orders: LakeTable, committing_first):
    put(orders, {MON: rows_of(0)})
    wider = SCHEMA.append(pa.field("paid", pa.bool_()))
    paid = rows_of(7).append_column("paid", pa.array([True]))
    unpaid = rows_of(5).append_column("paid", pa.array([False]))
    committing_first(lambda: orders.write({MON: unpaid}, schema=wider), at="storage.evolved")
    orders.write({MON: paid}, schema=wider)
    assert ids_by_day(orders) == {MON: [7]}


def test_an_unchanged_day_is_written_when_a_concurrent_writer_changes_it(
    orders: LakeTable, committing_first
):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)})
    committing_first(lambda: put(orders, {MON: rows_of(8), TUE: rows_of(8)}))
    assert put(orders, {MON: rows_of(1), TUE: rows_of(3)}).changed == (MON, TUE)
    assert ids_by_day(orders) == {MON: [1], TUE: [3]}


def test_a_commit_whose_response_was_lost_is_applied_once(orders: LakeTable, monkeypatch):
    put(orders, {MON: rows_of(0)})
    replace = commit._replace_files

    def lose_the_response(*change: Any) -> None:
        replace(*change)
        monkeypatch.setattr(commit, "_replace_files", replace)
        raise CommitFailedError("the connection broke")

    monkeypatch.setattr(commit, "_replace_files", lose_the_response)
    done = put(orders, {MON: rows_of(1), TUE: rows_of(2)}, based_on=orders.snapshot())
    assert (done.version, done.changed, done.rows) == (1, (MON, TUE), 2)
    assert ids_by_day(orders) == {MON: [1], TUE: [2]}


def test_a_commit_fails_when_other_writers_always_commit_first(on_disk: LakeTable, monkeypatch):
    put(on_disk, {MON: rows_of(0)})

    def reject(*change: Any) -> None:
        raise CommitFailedError("overtaken")

    monkeypatch.setattr(commit, "_replace_files", reject)
    monkeypatch.setattr(commit, "SLOWEST_RETRY", 0.001)
    with pytest.raises(StorageError, match="other writers committed first 60 times"):
        put(on_disk, {MON: rows_of(1)})
    assert ids_by_day(on_disk) == {MON: [0]}

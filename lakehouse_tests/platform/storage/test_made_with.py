"""Days know the definition that made them, and a table follows its definition."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.made_with import Definition, read_definition
from lakehouse_tests.platform.storage.orders import MON, ORDERS, SCHEMA, TUE, WED, put, rows_of

FIRST = Definition(version="c1e1u1", content={"columns": ["id", "unit"]})
SECOND = Definition(version="c2e1u1", content={"columns": ["id"]})
KINDS: dict[str, tuple[pa.DataType, Any]] = {
    "int32": (pa.int32(), 3),
    "int64": (pa.int64(), 2**40),
    "float": (pa.float64(), 3.5),
    "decimal": (pa.decimal128(10, 2), Decimal("3.25")),
    "text": (pa.string(), "xy"),
    "date": (pa.date32(), dt.date(2024, 1, 1)),
    "timestamp": (pa.timestamp("us"), dt.datetime.fromisoformat("2024-01-01T03:00:00")),
    "boolean": (pa.bool_(), True),
}


def test_a_day_names_the_definition_that_made_it_also_after_a_rollback(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)}, definition=FIRST)
    again = put(orders, {MON: rows_of(1), TUE: rows_of(3)}, definition=SECOND)
    assert again.changed == (MON, TUE)
    assert versions(orders) == {MON: "c2e1u1", TUE: "c2e1u1"}
    assert put(orders, {MON: rows_of(1)}, definition=SECOND).unchanged == (MON,)
    assert read_definition(orders.store, ORDERS, "c1e1u1") == {"columns": ["id", "unit"]}
    assert read_definition(orders.store, ORDERS, "c9e9u9") is None
    orders.rollback(to=0)
    assert versions(orders) == {MON: "c1e1u1", TUE: "c1e1u1"}
    assert not orders.vacuum(retention=dt.timedelta(days=1), dry_run=False)


def versions(table: LakeTable) -> dict[dt.date, str]:
    return {file.day: file.made_with for file in table.snapshot().files}


def test_a_definition_changes_the_columns_of_a_table_and_older_days_stay(orders: LakeTable):
    put(orders, {MON: rows_of(1), TUE: rows_of(2)}, definition=FIRST)
    schema = pa.schema([("paid", pa.bool_()), ("id", pa.int32())])
    rows = pa.table({"paid": [True], "id": [7]}, schema=schema)
    done = orders.write({TUE: rows, WED: rows}, schema=schema, definition=SECOND)
    assert (done.changed, done.version) == ((TUE, WED), 1)
    shown = orders.snapshot()
    assert shown.schema == schema
    assert {day: dict(file.bounds) for day, file in shown.by_day.items()} == {
        MON: {},
        TUE: {"paid": (True, True), "id": (7, 7)},
        WED: {"paid": (True, True), "id": (7, 7)},
    }
    assert orders.read([MON]).to_pylist() == [{"paid": None, "id": 1, "day": MON}]
    assert orders.snapshot(version=0).schema == SCHEMA
    orders.checkpoint()
    assert orders.snapshot().days == (MON, TUE, WED)
    orders.rollback(to=0)
    assert orders.snapshot().days == (MON, TUE)
    back = put(orders, {TUE: rows_of(5)}, definition=FIRST)
    assert (back.changed, orders.snapshot().schema) == ((TUE,), SCHEMA)


@pytest.mark.parametrize("before", list(KINDS))
def test_a_column_may_get_any_other_type_and_get_back_the_old_one(on_disk: LakeTable, before: str):
    for number, name in enumerate(each for after in KINDS for each in (before, after)):
        kind, value = KINDS[name]
        schema = pa.schema([("value", kind)])
        rows = pa.table({"value": [value]}, schema=schema)
        days = {TUE: rows} if number else {MON: rows, TUE: rows}
        on_disk.write(days, schema=schema, definition=SECOND if number % 2 else FIRST)
        shown = on_disk.snapshot()
        assert (shown.schema, shown.days) == (schema, (MON, TUE))
        assert on_disk.read([TUE])["value"].to_pylist() == [value]
    on_disk.checkpoint()
    assert on_disk.snapshot().days == (MON, TUE)

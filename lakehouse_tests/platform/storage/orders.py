"""A small table of orders that the storage tests write and read."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lakehouse.platform.storage.commit import CommitResult
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.table_id import TableId

ORDERS = TableId("silver", "mrhealth", "orders")
SCHEMA = pa.schema([("id", pa.int64()), ("unit", pa.string())])
EIGHT = dt.datetime.fromisoformat("2024-01-02T08:00:00")
MON, TUE, WED, THU = (dt.date(2024, 1, day) for day in (1, 2, 3, 4))


def rows_of(*ids: int, unit: str = "north") -> pa.Table:
    return pa.table({"id": ids, "unit": [unit] * len(ids)}, schema=SCHEMA)


def put(table: LakeTable, days: Mapping[dt.date, pa.Table], **more: Any) -> CommitResult:
    return table.write(days, schema=SCHEMA, **more)


def ids_by_day(table: LakeTable, **where: Any) -> dict[dt.date, list[int]]:
    """Return the ids of each day of the table, including days without rows."""
    snapshot = table.snapshot(**where)
    found: dict[dt.date, list[int]] = {day: [] for day in snapshot.days}
    for row in table.read(snapshot=snapshot, columns=["id", "day"]).to_pylist():
        found[row["day"]].append(row["id"])
    return found


def files_of(table: LakeTable) -> set[str]:
    start = len(table.id.path) + 1
    paths = (entry.path[start:] for entry in table.store.entries(table.id.path))
    return {path for path in paths if path.startswith("day=")}

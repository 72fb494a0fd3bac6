"""Writers that are killed at any step: readers see complete versions, a re-run finishes."""

import datetime as dt
import signal
import uuid

import pyarrow as pa
import pytest

from lakehouse.platform.failpoints import STORAGE
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.children import child, ended

ORDERS = TableId("silver", "mrhealth", "orders")
SCHEMA = pa.schema([("id", pa.int64())])
WIDER = SCHEMA.append(pa.field("paid", pa.bool_()))
MON, TUE, WED, THU = (dt.date(2024, 1, day) for day in (1, 2, 3, 4))


def before(table: LakeTable) -> None:
    ids = {MON: [1], TUE: [2], WED: [3]}
    table.write({d: pa.table({"id": i}, schema=SCHEMA) for d, i in ids.items()}, schema=SCHEMA)


def change(table: LakeTable) -> None:
    """Replace Monday, keep Tuesday, remove Wednesday, add Thursday and a column; then vacuum."""
    days = {
        MON: pa.table({"id": [10], "paid": [True]}, schema=WIDER),
        THU: pa.table({"id": [40], "paid": [None]}, schema=WIDER),
    }
    gone = [WED] if WED in table.snapshot().by_day else []
    table.write(days, schema=WIDER, removed=gone)
    table.vacuum(retention=dt.timedelta(0), dry_run=False)


def rows(table: LakeTable) -> list[tuple[dt.date, int, bool | None]]:
    return [(row["day"], row["id"], row.get("paid")) for row in table.read().to_pylist()]


BEFORE = [(MON, 1, None), (TUE, 2, None), (WED, 3, None)]
AFTER = [(MON, 10, True), (TUE, 2, None), (THU, 40, None)]
COMMITTED = {"storage.published", "storage.vacuuming"}


def killed(root: str, at: str) -> int | None:
    """Run ``change`` in a process that is killed at a failpoint; return its exit status."""
    return ended(child(change, Lake(root).table(ORDERS), LAKEHOUSE_FAILPOINT=at))


@pytest.mark.parametrize("at", [*STORAGE, "storage.staged:2"])
def test_a_killed_writer_leaves_a_complete_version_and_a_re_run_finishes(lake_root: str, at: str):
    table = Lake(lake_root).table(ORDERS)
    before(table)
    assert killed(lake_root, at) == -signal.SIGKILL
    assert rows(table) == (AFTER if at in COMMITTED else BEFORE)
    change(table)
    assert rows(table) == AFTER
    clean = Lake(f"{lake_root}/clean-{uuid.uuid4().hex}").table(ORDERS)
    before(clean)
    change(clean)
    assert contents(table) == contents(clean)
    shown = {f"{ORDERS.path}/{file.parts[0].path}" for file in table.snapshot().files}
    left = {
        entry.path for entry in table.store.entries(ORDERS.path) if "/_delta_log/" not in entry.path
    }
    assert left == shown
    assert list(table.store.unfinished(ORDERS.path)) == []


@pytest.mark.parametrize("at", ["storage.staged", "storage.publishing", "storage.published"])
def test_a_writer_killed_at_the_first_commit_leaves_no_table_or_a_complete_one(
    lake_root: str, at: str
):
    table = Lake(lake_root).table(ORDERS)
    assert killed(lake_root, at) == -signal.SIGKILL
    assert table.exists() == (at in COMMITTED)
    change(table)
    assert rows(table) == [(MON, 10, True), (THU, 40, None)]
    assert len(table.history()) == 1


def contents(table: LakeTable) -> dict[dt.date, str]:
    return {file.day: file.data_version for file in table.snapshot().files}

"""Days of many small files are held in few large ones; nothing else changes."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.platform.storage.compaction import is_fragmented
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import StorageError, TableDamaged
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.published import publish, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.storage.upkeep import maintain_tables
from lakehouse_tests.platform.storage.orders import (
    MON,
    ORDERS,
    SCHEMA,
    TUE,
    files_of,
    ids_by_day,
    put,
    rows_of,
)

TINY = 64 / (1 << 20)
"""MiB, in which only a few rows find room."""
NOTE = {"by": "test"}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake whose file size was tiny when it was written, and is the usual one now."""
    put(Lake(str(tmp_path), TINY).table(ORDERS), {MON: rows_of(*range(30)), TUE: rows_of(1)})
    return Lake(str(tmp_path))


@pytest.fixture
def orders(lake: Lake) -> LakeTable:
    return lake.table(ORDERS)


def test_a_day_gets_the_files_of_the_current_size_and_keeps_its_rows(orders: LakeTable):
    before = orders.snapshot()
    done = orders.compact(note=NOTE)
    assert done is not None
    assert (done.days, done.before, done.after) == ((MON,), len(before.by_day[MON].parts), 1)
    assert ids_by_day(orders) == {MON: list(range(30)), TUE: [1]}
    assert orders.snapshot().by_day[TUE] == before.by_day[TUE]
    assert ids_by_day(orders, version=0) == ids_by_day(orders)
    assert orders.compact(note=NOTE) is None
    assert put(orders, {MON: rows_of(*range(30))}).unchanged == (MON,), "a run writes these files"


def test_the_log_calls_it_no_change_of_data(orders: LakeTable):
    orders.compact(note=NOTE)
    log = Path(orders.url, "_delta_log", f"{1:020}.json").read_text().splitlines()
    actions = [json.loads(line) for line in log]
    moved = [each[kind] for each in actions for kind in ("add", "remove") if kind in each]
    assert len(moved) > 2
    assert not any(each["dataChange"] for each in moved)
    assert orders.history(1)[0].operation == "compact"
    assert orders.foreign_days(0) == {}


def test_a_day_keeps_the_columns_and_the_definition_that_it_was_made_with(
    lake: Lake, orders: LakeTable
):
    wider = SCHEMA.append(pa.field("note", pa.string()))
    rows = rows_of(2).append_column("note", pa.array(["x"]))
    orders.write({TUE: rows}, schema=wider, definition=Definition(version="c2", content={}))
    assert orders.compact(note=NOTE)
    shown = orders.snapshot().by_day
    assert (shown[MON].made_with, shown[TUE].made_with) == ("", "c2")
    assert orders.file_schema(shown[MON]) == SCHEMA
    assert orders.snapshot().schema == wider
    assert orders.read([MON])["note"].null_count == 30


def test_a_day_is_compacted_only_where_it_saves_half_of_the_files(tmp_path: Path):
    table = Lake(str(tmp_path), TINY).table(ORDERS)
    put(table, {MON: rows_of(*range(30))})
    monday = table.snapshot().by_day[MON]
    count = len(monday.parts)
    assert table.compact(note=NOTE) is None
    assert is_fragmented(monday, 30, monday.size)
    assert is_fragmented(monday, 30, -(-2 * monday.size // count))
    assert not is_fragmented(monday, 30, monday.size // count)
    assert not is_fragmented(monday, 1, monday.size)


def test_a_damaged_day_is_not_compacted(orders: LakeTable):
    file = Path(orders.snapshot().by_day[MON].parts[1].url)
    file.write_bytes(b"damaged")
    with pytest.raises(TableDamaged, match=f"{ORDERS.name} of {MON}.*{file.name}"):
        orders.compact(note=NOTE)
    file.unlink()
    with pytest.raises(StorageError, match=file.name):
        orders.compact(note=NOTE)
    assert orders.snapshot().version == 0


def test_a_published_table_is_published_with_its_new_files(lake: Lake, orders: LakeTable):
    publish(lake, ORDERS.domain)
    assert [*maintain_tables(lake, [ORDERS], note=NOTE)] == [ORDERS]
    published = read_published(lake, ORDERS.domain)
    assert published is not None
    assert published.tables[ORDERS].version == 1
    old = set(orders.snapshot(version=0).by_day[MON].paths)
    deleted = orders.vacuum(retention=dt.timedelta(0), dry_run=False, keep=[1])
    assert set(deleted) >= old
    assert files_of(orders) == set(orders.snapshot().paths)


def test_changes_that_were_not_published_stay_so(lake: Lake, orders: LakeTable):
    publish(lake, ORDERS.domain)
    put(orders, {TUE: rows_of(5)})
    assert maintain_tables(lake, [ORDERS], note=NOTE)
    published = read_published(lake, ORDERS.domain)
    assert published is not None
    assert published.tables[ORDERS].version == 0


def test_raw_tables_are_left_alone(tmp_path: Path):
    raw = TableId("raw", ORDERS.domain, ORDERS.table)
    put(Lake(str(tmp_path), TINY).table(raw), {MON: rows_of(*range(30))})
    assert maintain_tables(Lake(str(tmp_path)), [raw], note=NOTE) == {}

"""Tables that a step stages together are committed once, in the order that is given."""

import datetime as dt

import pyarrow as pa
import pytest

from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.staged_tables import StagedTable, StagedTables
from lakehouse.platform.storage.table_id import TableId

DAY = dt.date(2026, 1, 5)
FIRST, LAST = TableId("bronze", "toy", "rows"), TableId("raw", "toy", "rows")
SCHEMA = pa.schema([("n", pa.int64())])


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(str(tmp_path))


def staged(lake: Lake) -> StagedTables:
    rows = pa.table({"n": [1]}, schema=SCHEMA)
    tables = [
        StagedTable(
            table=table,
            schema=SCHEMA,
            staged=[lake.table(table).stage(DAY, rows, SCHEMA)],
            based_on=lake.table(table).snapshot(),
        )
        for table in (FIRST, LAST)
    ]
    return StagedTables(lake, tables, lambda: seen.append(lake.tables()))


seen: list[list[TableId]] = []


def test_nothing_is_visible_before_the_commit_and_a_second_commit_changes_nothing(lake: Lake):
    seen.clear()
    group = staged(lake)
    assert lake.tables() == []
    result = group.commit(note={})
    assert list(result) == [FIRST, LAST]
    assert group.commit(note={}) is result
    assert seen == [[FIRST, LAST]]
    assert [lake.table(table).snapshot().version for table in (FIRST, LAST)] == [0, 0]


def test_a_conflict_leaves_the_last_table_as_another_writer_left_it(lake: Lake):
    seen.clear()
    group = staged(lake)
    lake.table(LAST).write({DAY: pa.table({"n": [2]}, schema=SCHEMA)}, schema=SCHEMA)
    with pytest.raises(DayConflict):
        group.commit(note={})
    assert lake.table(LAST).read()["n"].to_pylist() == [2]
    assert seen == []

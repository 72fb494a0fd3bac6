"""Snapshots that are valid on a day, and windows of days."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.table import ReadScope
from lakehouse.platform.transform.inputs import UpstreamSnapshots, valid_snapshots, windows
from lakehouse_tests.platform import cafe
from lakehouse_tests.platform.transform.market import DAY, SHOPS, SOLD, stock

ONE_DAY = dt.timedelta(days=1)


def test_the_newest_snapshot_up_to_a_day_is_valid_and_before_the_first_the_earliest(
    tmp_path: Path,
):
    lake = Lake(str(tmp_path))
    stock(lake, [1], days=3)
    empty = lake.table(SOLD.id).read([DAY]).drop_columns(["day"]).slice(0, 0)
    lake.table(SOLD.id).write({DAY + ONE_DAY: empty}, schema=empty.schema)
    snapshot = lake.table(SOLD.id).snapshot()
    days = [DAY + n * ONE_DAY for n in (-1, 0, 1, 2, 9)]
    found = valid_snapshots(snapshot, days)
    assert [(found[day] - DAY).days for day in days] == [0, 0, 0, 2, 2]


def test_without_any_rows_no_snapshot_is_valid(tmp_path: Path):
    lake = Lake(str(tmp_path))
    stock(lake, [])
    assert valid_snapshots(lake.table(SOLD.id).snapshot(), [DAY]) == {}


def test_windows_have_about_the_requested_number_of_upstream_rows(tmp_path: Path):
    lake = Lake(str(tmp_path))
    stock(lake, [1, 2], days=5)
    days = [DAY + n * ONE_DAY for n in range(5)]
    upstream = UpstreamSnapshots.of(SHOPS, lake)
    assert list(windows(days, upstream, 8)) == [days[:2], days[2:4], days[4:]]
    assert list(windows(days, upstream, 1)) == [[day] for day in days]
    assert list(windows(days[::-1], upstream, 1000)) == [days]


def test_a_run_reads_the_rows_of_the_days_that_its_table_needs(tmp_path: Path):
    lake = Lake(str(tmp_path))
    stock(lake, [1, 2], days=3)
    assert UpstreamSnapshots.of(SHOPS, lake).rows_read([DAY + ONE_DAY, DAY]) == 8
    (read,) = SHOPS.reads
    over_all_days = replace(SHOPS, reads=(replace(read, scope=ReadScope.ALL_DAYS),))
    assert UpstreamSnapshots.of(over_all_days, lake).rows_read([DAY]) == 12


def test_a_run_of_one_day_reads_the_rows_of_all_days_for_a_key_over_all_days(tmp_path: Path):
    lake = Lake(str(tmp_path))
    assert cafe.visits.keyed_over_all_days
    bronze = cafe.visits.reads[0].table
    schema = arrow_schema(bronze.contract.schema)
    schema = schema.remove(schema.get_field_index("day"))
    rows = pa.Table.from_pylist([{}, {}], schema=schema)
    lake.table(bronze.id).write({DAY: rows, DAY + ONE_DAY: rows}, schema=schema)
    assert UpstreamSnapshots.of(cafe.visits, lake).rows_read([DAY]) == 4

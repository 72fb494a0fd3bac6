"""A large day is stored in several files; everything works on them as on one."""

import datetime as dt
import hashlib
import itertools
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import StorageError, TableDamaged
from lakehouse.platform.storage.file_names import Section, is_complete, place_of
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.reading import BATCH_ROWS
from lakehouse.platform.storage.recovery import intact_files, recover_log
from lakehouse_tests.platform.storage.orders import (
    MON,
    ORDERS,
    SCHEMA,
    TUE,
    WED,
    files_of,
    ids_by_day,
    put,
    rows_of,
)

TINY = 64 / (1 << 20)
"""MiB, in which only a few rows find room."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path), TINY)


@pytest.fixture
def orders(lake: Lake) -> LakeTable:
    table = lake.table(ORDERS)
    put(table, {MON: rows_of(*range(30)), TUE: rows_of(1), WED: rows_of()})
    return table


def names(table: LakeTable, day: dt.date) -> list[str]:
    return [Path(path).name for path in table.snapshot().by_day[day].paths]


def test_a_day_is_an_ordered_list_of_files(orders: LakeTable):
    monday = orders.snapshot().by_day[MON]
    count = len(monday.parts)
    assert count > 2
    assert [place_of(part.path) for part in monday.parts] == [(1, n + 1) for n in range(count)]
    assert names(orders, MON)[0].endswith(".1.parquet")
    assert names(orders, MON)[-1].endswith(f".{count}of{count}.parquet")
    assert ids_by_day(orders) == {MON: list(range(30)), TUE: [1], WED: []}
    assert orders.snapshot().urls([MON]) == [part.url for part in monday.parts]
    assert (monday.rows, monday.size) == (30, sum(part.size for part in monday.parts))
    digests = "\n".join(part.digest for part in monday.parts)
    assert monday.data_version == hashlib.sha256(digests.encode()).hexdigest()[:16]


def test_the_rows_and_not_their_batches_decide_where_files_end(orders: LakeTable):
    rows = rows_of(*range(30))
    for size in (1, 7, 30):
        staged = orders.stage(MON, iter(rows.to_batches(max_chunksize=size)), SCHEMA)
        assert staged.data_version == orders.snapshot().by_day[MON].data_version


def test_a_small_day_has_the_file_and_version_that_it_has_with_large_files(
    orders: LakeTable, tmp_path: Path
):
    large = Lake(str(tmp_path / "large")).table(ORDERS)
    put(large, {MON: rows_of(*range(30)), TUE: rows_of(1), WED: rows_of()})
    for day in (TUE, WED):
        own, other = (each.snapshot().by_day[day] for each in (orders, large))
        assert len(own.parts) == 1
        assert own.data_version == own.parts[0].digest == other.data_version
        assert Path(own.parts[0].path).name.count(".") == 1
    assert len(large.snapshot().by_day[MON].parts) == 1


def test_equal_rows_are_not_written_again(orders: LakeTable):
    before = files_of(orders)
    done = put(orders, {MON: rows_of(*range(30))})
    assert (done.changed, done.unchanged, done.version) == ((), (MON,), 0)
    assert files_of(orders) == before


def test_a_lake_with_one_file_a_day_is_read_and_changed_day_by_day(tmp_path: Path):
    old = Lake(str(tmp_path)).table(ORDERS)
    put(old, {MON: rows_of(*range(30)), TUE: rows_of(*range(40))})
    monday = old.snapshot().by_day[MON]
    now = Lake(str(tmp_path), TINY).table(ORDERS)
    put(now, {TUE: rows_of(*range(41))})
    assert now.snapshot().by_day[MON] == monday
    assert len(now.snapshot().by_day[TUE].parts) > 2
    assert ids_by_day(now) == {MON: list(range(30)), TUE: list(range(41))}
    assert ids_by_day(now, version=0)[TUE] == list(range(40))


def test_rollback_restores_all_files_of_a_day(orders: LakeTable):
    first = orders.snapshot().by_day[MON]
    put(orders, {MON: rows_of(*range(100, 150))})
    assert ids_by_day(orders)[MON] == list(range(100, 150))
    assert ids_by_day(orders, version=0)[MON] == list(range(30))
    orders.rollback(to=0)
    assert orders.snapshot().by_day[MON].parts == first.parts
    assert ids_by_day(orders)[MON] == list(range(30))


def test_vacuum_deletes_all_files_of_an_old_day_and_none_of_the_current_one(orders: LakeTable):
    old = set(orders.snapshot().paths)
    put(orders, {MON: rows_of(5)})
    current = set(orders.snapshot().paths)
    deleted = orders.vacuum(retention=dt.timedelta(0), dry_run=False)
    assert set(deleted) == old - current
    assert len(deleted) > 2
    assert files_of(orders) == current


def test_a_changed_definition_keeps_the_files_of_other_days(orders: LakeTable):
    monday = orders.snapshot().by_day[MON].paths
    wider = SCHEMA.append(pa.field("note", pa.string()))
    rows = rows_of(*range(20)).append_column("note", pa.array(["x"] * 20))
    orders.write({TUE: rows}, schema=wider, definition=Definition(version="c2", content={}))
    shown = orders.snapshot().by_day
    assert shown[MON].paths == monday
    assert {shown[TUE].made_with, shown[MON].made_with} == {"c2", ""}
    assert len(shown[TUE].parts) > 2
    assert ids_by_day(orders)[TUE] == list(range(20))
    assert shown[MON].bounds["id"] == (0, 29)


def test_bounds_of_a_day_cover_all_of_its_files(lake: Lake):
    table = lake.table(ORDERS)
    long = "z" * 100
    rows = pa.table({"id": [None] * 12 + [3, 9], "unit": ["a"] * 12 + ["b", long]}, schema=SCHEMA)
    put(table, {MON: rows})
    monday = table.snapshot().by_day[MON]
    assert len(monday.parts) > 1
    assert monday.bounds["id"] == (3, 9)
    assert "unit" not in monday.bounds, "the longest text is not in the log"
    assert list(monday.bounds) == ["id"]


def test_a_missing_or_additional_file_of_another_program_is_an_error(orders: LakeTable):
    entry = Path(orders.url, "_delta_log", f"{0:020}.json")
    lines = [line for line in entry.read_text().splitlines() if ".2.parquet" not in line]
    entry.write_text("\n".join(lines))
    with pytest.raises(StorageError, match=r"not all of one write.*roll back"):
        orders.snapshot()


def test_damage_of_any_file_is_found(orders: LakeTable):
    monday = orders.snapshot().by_day[MON]
    Path(monday.parts[1].url).write_bytes(b"damaged")
    damage = first_damage(orders.store, orders.snapshot().urls())
    assert damage is not None
    assert "other bytes" in damage.problem
    done = put(orders, {MON: rows_of(*range(30))})
    assert done.changed == (MON,), "a damaged day is written again"
    assert ids_by_day(orders)[MON] == list(range(30))


def test_a_damaged_log_is_recovered_from_days_that_are_complete(lake: Lake, orders: LakeTable):
    put(orders, {MON: rows_of(*range(100, 150)), TUE: rows_of(2)})
    Path(orders.snapshot().by_day[MON].parts[1].url).write_bytes(b"damaged")
    assert [len(files) for files in intact_files(lake, ORDERS, MON)] == [
        len(orders.snapshot(version=0).by_day[MON].parts)
    ]
    assert recover_log(lake, ORDERS) == [MON, TUE, WED]
    assert ids_by_day(orders) == {MON: list(range(30)), TUE: [2], WED: []}


def test_days_whose_files_end_elsewhere_are_compared_by_their_rows(
    orders: LakeTable, tmp_path: Path
):
    large = Lake(str(tmp_path / "large")).table(ORDERS)
    put(large, {MON: rows_of(*range(30)), TUE: rows_of(*range(1, 31))})
    own, same = (each.snapshot().by_day[MON] for each in (orders, large))
    other = large.snapshot().by_day[TUE]
    assert own.data_version != same.data_version
    joined = orders.version_in_one_file(own.paths, SCHEMA)
    assert joined == same.data_version
    assert joined != large.version_in_one_file(other.paths, SCHEMA)


def test_each_file_is_a_parquet_file_of_its_own(orders: LakeTable):
    parts = orders.snapshot().by_day[MON].parts
    found = [pq.read_table(part.url, partitioning=None)["id"].to_pylist() for part in parts]
    assert [len(ids) for ids in found] == [part.rows for part in parts]
    assert [number for ids in found for number in ids] == list(range(30))
    assert is_complete([part.path for part in parts])
    assert not is_complete([part.path for part in parts[:-1]])
    assert not is_complete([part.path for part in parts[1:]])


def test_sections_that_are_written_apart_are_the_files_of_the_day(lake: Lake, orders: LakeTable):
    length = orders.section_rows(SCHEMA)
    count = 2 * length + 3
    together = orders.stage(MON, rows_of(*range(count)), SCHEMA)
    parts = [
        orders.stage_section(
            MON,
            Section(write="01234567", place=place + 1, count=3),
            rows_of(*range(place * length, min(count, (place + 1) * length))).to_batches(),
            SCHEMA,
        )
        for place in (2, 0, 1)
    ]
    files = tuple(file for place in (1, 2, 0) for file in parts[place].files)
    apart = replace(together, files=files)
    assert apart.data_version == together.data_version
    orders.commit([apart], schema=SCHEMA)
    assert ids_by_day(orders)[MON] == list(range(count))
    assert orders.snapshot().by_day[MON].paths == apart.paths
    names = [file.path for file in files]
    assert is_complete(names)
    assert not is_complete(names[:-1])
    assert not is_complete([name for name in names if ".2of3-" not in name])
    assert len(intact_files(lake, ORDERS, MON)[0]) == len(names)


def test_a_file_ends_with_its_section(tmp_path: Path):
    table = Lake(str(tmp_path), 1024 / (1 << 20)).table(ORDERS)
    length = table.section_rows(SCHEMA)
    put(table, {MON: rows_of(*([7] * (length + 1)))})
    monday = table.snapshot().by_day[MON]
    ends = list(itertools.accumulate(part.rows for part in monday.parts))
    assert length in ends
    assert len(monday.parts) < length


def test_rows_are_read_in_pieces_in_their_order_and_no_further_than_needed(tmp_path: Path):
    table = Lake(str(tmp_path)).table(ORDERS)
    count = 2 * BATCH_ROWS + 3
    ids = pa.array(range(count), pa.int64())
    monday = pa.table({"id": ids, "unit": pa.repeat("north", count)}, schema=SCHEMA)
    put(table, {MON: monday, TUE: rows_of(7), WED: rows_of()})
    pieces = list(table.read_batches())
    assert max(piece.num_rows for piece in pieces) <= BATCH_ROWS
    assert pa.concat_tables(pieces) == table.read()
    assert list(table.read_batches([WED])) == []
    Path(table.snapshot().by_day[TUE].parts[0].url).write_bytes(b"damaged")
    first = next(table.read_batches(columns=["id"]))
    assert first.column_names == ["id"]
    with pytest.raises(TableDamaged, match=f"{ORDERS.name} of {TUE}"):
        list(table.read_batches())

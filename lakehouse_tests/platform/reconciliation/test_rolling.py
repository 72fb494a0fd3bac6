"""Every silent change of stored rows is found by the routine look, without computing anything."""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lakehouse.demo.mrhealth import Plan, write
from lakehouse.platform.reconciliation.damage import Damage, look_for_damage
from lakehouse.platform.reconciliation.remembered import remembered
from lakehouse.platform.reconciliation.rolling import compare_next
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.small_lake import SmallLake

FIRST = dt.date(2026, 10, 1)
DAYS = [FIRST, FIRST + dt.timedelta(days=1)]
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ORDERS = TableId("silver", "mrhealth", "orders")
Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    folder = tmp_path_factory.mktemp("rolling")
    write(Plan(units=3, first=FIRST, days=2, seed=3, orders_per_unit=3), folder / "landing")
    small = SmallLake(folder=folder, now=NOW)
    small.arrive(DAYS)
    publish(small.lake, "mrhealth")
    return small


@pytest.fixture
def small(built: SmallLake, tmp_path: Path) -> SmallLake:
    shutil.copytree(built.lake.root, tmp_path / "lake")
    return SmallLake(folder=tmp_path, now=NOW)


def swapped(rows: pa.Table) -> pa.Table:
    values = rows["order_value"].combine_chunks()
    order = [1, 0, *range(2, rows.num_rows)]
    return rows.set_column(
        rows.column_names.index("order_value"), "order_value", values.take(order)
    )


def raised(rows: pa.Table) -> pa.Table:
    place = rows.column_names.index("order_value")
    one = pa.scalar(Decimal("1.00"))
    return rows.set_column(
        place, "order_value", pc.add(rows["order_value"], one).cast(rows["order_value"].type)
    )


CHANGES: dict[str, Change] = {
    "a row dropped": lambda rows: rows.slice(1),
    "a row doubled": lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]),
    "a row in the place of another": lambda rows: pa.concat_tables(
        [rows.slice(1), rows.slice(1, 1)]
    ),
    "amounts changed": raised,
    "values swapped between rows": swapped,
    "day emptied": lambda rows: rows.slice(0, 0),
    "rows in another order": lambda rows: rows.take(list(range(rows.num_rows))[::-1]),
}


def in_place(small: SmallLake, change: Change) -> None:
    """Replace the file of a day by another valid Parquet file of the same name."""
    file = small.lake.table(ORDERS).snapshot().by_day[FIRST]
    pq.write_table(change(pq.ParquetFile(file.parts[0].url).read()), file.parts[0].url)


def by_our_own_writer(small: SmallLake, change: Change) -> None:
    """Commit the changed day with a name that has its digest, but not in a run."""
    stored = small.lake.table(ORDERS)
    schema = stored.snapshot().schema
    assert schema is not None
    rows = stored.read([FIRST]).drop(["day"])
    stored.write({FIRST: change(rows)}, schema=schema)


def all_of_a_round(small: SmallLake) -> list[Damage]:
    found: list[Damage] = []
    position, steps = "", 0
    while position or not steps:
        step = compare_next(small.domain, small.lake, position, seconds=0)
        found += step.damages
        position = step.position
        steps += 1
    assert steps > 20
    return found


@pytest.mark.parametrize("how", [in_place, by_our_own_writer])
@pytest.mark.parametrize("change", CHANGES)
def test_a_silent_change_is_found(
    small: SmallLake, change: str, how: Callable[[SmallLake, Change], None]
) -> None:
    how(small, CHANGES[change])
    found = look_for_damage(small.domain, small.lake).damages
    assert {(each.table, each.day) for each in found} == {(ORDERS, FIRST)}


def test_a_change_remains_known_after_the_next_publication(small: SmallLake) -> None:
    by_our_own_writer(small, raised)
    publish(small.lake, "mrhealth")
    publish(small.lake, "mrhealth")
    found = look_for_damage(small.domain, small.lake).damages
    assert [(each.table, each.day, each.kind.value) for each in found] == [
        (ORDERS, FIRST, "changed day")
    ]
    small.refresh([FIRST], ("silver",))
    publish(small.lake, "mrhealth")
    assert look_for_damage(small.domain, small.lake).damages == []


def test_a_day_removed_or_added_by_another_program_is_found(small: SmallLake) -> None:
    table = deltalake.DeltaTable(small.lake.table(ORDERS).url)
    table.delete(f"day = '{FIRST}'")
    found = look_for_damage(small.domain, small.lake).damages
    assert {(each.table, each.day) for each in found} == {(ORDERS, FIRST)}


def test_a_round_in_many_steps_compares_every_file_and_remembers_the_damaged_ones(
    small: SmallLake,
) -> None:
    assert all_of_a_round(small) == []
    in_place(small, raised)
    kept = next(p for p in Path(small.lake.root).glob("raw/mrhealth/objects/*/*") if p.is_file())
    kept.write_bytes(b"other")
    found = {(each.table.layer, each.day) for each in all_of_a_round(small)}
    assert ("silver", FIRST) in found
    assert any(layer == "raw" for layer, _ in found)
    assert len(remembered("mrhealth", small.lake)) == 2
    quick = look_for_damage(small.domain, small.lake, seconds=0)
    assert len(quick.damages) == 2
    assert quick.compared < quick.files
    lake = Lake(small.lake.root)
    assert lake.tables() == small.lake.tables()


def test_a_file_of_another_size_is_found_without_comparing_bytes(small: SmallLake) -> None:
    files = small.lake.table(ORDERS).snapshot().files
    for file in files:
        path = Path(file.parts[0].url)
        path.write_bytes(path.read_bytes()[:-1])
        os.utime(path, (1, 1))
    quick = look_for_damage(small.domain, small.lake, newest=0)
    assert {each.day for each in quick.damages} == {file.day for file in files}
    assert quick.compared == len(files)


def test_the_files_that_changed_last_are_compared_first(small: SmallLake) -> None:
    path = Path(small.lake.table(ORDERS).snapshot().by_day[FIRST].parts[0].url)
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    assert not look_for_damage(small.domain, small.lake, newest=0).damages
    quick = look_for_damage(small.domain, small.lake, newest=1)
    assert [(each.table, each.day) for each in quick.damages] == [(ORDERS, FIRST)]
    assert quick.compared == 1


def test_a_domain_that_no_run_has_published_yet_is_looked_at(small: SmallLake):
    shutil.rmtree(small.folder / "lake" / "_published" / "mrhealth")
    assert look_for_damage(small.domain, Lake(small.lake.root)).damages == []


def test_a_table_whose_first_commit_never_ended_is_not_damaged_but_a_deleted_one_is(
    small: SmallLake, tmp_path: Path
):
    begun = Lake(str(tmp_path / "new"))
    (tmp_path / "new" / "bronze" / "mrhealth" / "countries" / "_delta_log").mkdir(parents=True)
    assert look_for_damage(small.domain, begun).damages == []

    log = Path(small.lake.root) / ORDERS.path / "_delta_log"
    shutil.rmtree(log)
    log.mkdir()
    found = look_for_damage(small.domain, Lake(small.lake.root), newest=0).damages
    assert [each.table for each in found] == [ORDERS]
    shutil.rmtree(Path(small.lake.root) / "_published" / "mrhealth")
    found = look_for_damage(small.domain, Lake(small.lake.root), newest=0).damages
    assert ORDERS in {each.table for each in found}

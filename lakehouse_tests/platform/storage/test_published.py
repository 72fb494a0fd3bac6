"""Publications name the versions of a domain's tables that are read together, on disk and S3."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakehouse.platform.storage.errors import StorageError, TableDamaged
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import (
    ShownVersions,
    delete_publications,
    publication_numbers,
    publish,
    publish_again,
    read_published,
)
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.platform.storage.orders import MON, ORDERS, TUE, ids_by_day, put, rows_of

ITEMS = TableId("gold", "mrhealth", "items")
DOMAIN = "mrhealth"


def shown_ids(lake: Lake, table: TableId) -> list[int]:
    snapshot = ShownVersions(lake).snapshot(table)
    return (
        []
        if snapshot.schema is None
        else lake.table(table).read(snapshot=snapshot)["id"].to_pylist()
    )


def test_a_lake_without_a_publication_shows_the_newest_versions(lake: Lake) -> None:
    put(lake.table(ORDERS), {MON: rows_of(1)})
    assert read_published(lake, DOMAIN) is None
    assert shown_ids(lake, ORDERS) == [1]


def test_readers_see_the_published_versions_until_all_tables_are_published(lake: Lake) -> None:
    orders, items = lake.table(ORDERS), lake.table(ITEMS)
    put(orders, {MON: rows_of(1)})
    put(items, {MON: rows_of(10)})
    publish(lake, DOMAIN, note={"run_id": "a"})
    put(orders, {MON: rows_of(2)})
    shown = ShownVersions(lake)
    assert shown_ids(lake, ORDERS) == [1]
    put(items, {MON: rows_of(20)})
    assert [shown_ids(lake, ORDERS), shown_ids(lake, ITEMS)] == [[1], [10]]
    assert ids_by_day(orders) == {MON: [2]}
    done = publish(lake, DOMAIN, note={"run_id": "b"})
    assert (done.number, done.note) == (2, {"run_id": "b"})
    assert [shown_ids(lake, ORDERS), shown_ids(lake, ITEMS)] == [[2], [20]]
    assert shown.snapshot(ITEMS).version == 1  # read after another publication: its own is new
    assert ShownVersions(lake, latest=True).snapshot(ORDERS).version == 1


def test_one_reader_keeps_the_publication_that_it_read_first(lake: Lake) -> None:
    orders, items = lake.table(ORDERS), lake.table(ITEMS)
    put(orders, {MON: rows_of(1)})
    put(items, {MON: rows_of(10)})
    publish(lake, DOMAIN)
    shown = ShownVersions(lake)
    assert shown.snapshot(ORDERS).version == 0
    put(orders, {MON: rows_of(2)})
    put(items, {MON: rows_of(20)})
    publish(lake, DOMAIN)
    assert shown.snapshot(ITEMS).version == 0


def test_publishing_the_same_versions_again_writes_nothing(lake: Lake) -> None:
    put(lake.table(ORDERS), {MON: rows_of(1)})
    assert publish(lake, DOMAIN).number == publish(lake, DOMAIN).number == 1
    assert publication_numbers(lake, DOMAIN) == [1]


def test_a_table_that_was_not_published_is_not_shown(lake: Lake) -> None:
    put(lake.table(ORDERS), {MON: rows_of(1)})
    publish(lake, DOMAIN)
    put(lake.table(ITEMS), {MON: rows_of(10)})
    assert shown_ids(lake, ITEMS) == []
    publish(lake, DOMAIN, only=lambda table: table == ORDERS)
    assert shown_ids(lake, ITEMS) == []
    publish(lake, DOMAIN, only=lambda table: table == ITEMS)
    assert shown_ids(lake, ITEMS) == [10]


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_deleted_table_is_an_error_also_when_it_was_built_again(
    lake: Lake, rebuilt: bool
) -> None:
    put(lake.table(ORDERS), {MON: rows_of(1), TUE: rows_of(2)})
    publish(lake, DOMAIN)
    lake.store.delete_folder(ORDERS.path)
    if rebuilt:
        put(lake.table(ORDERS), {MON: rows_of(1), TUE: rows_of(2)})
    with pytest.raises(TableDamaged, match=r"silver.mrhealth_orders: .*hint: .*lakehouse repair"):
        ShownVersions(lake).snapshot(ORDERS)
    publish(lake, DOMAIN)
    if rebuilt:
        assert shown_ids(lake, ORDERS) == [1, 2]
    else:
        with pytest.raises(TableDamaged):
            ShownVersions(lake).snapshot(ORDERS)
        publish(lake, DOMAIN, dropped=lambda table: table == ORDERS)
        assert shown_ids(lake, ORDERS) == []


def test_a_lost_commit_is_an_error(lake: Lake) -> None:
    put(lake.table(ORDERS), {MON: rows_of(1)})
    put(lake.table(ORDERS), {MON: rows_of(2)})
    publish(lake, DOMAIN)
    lake.store.delete([f"{ORDERS.path}/_delta_log/{1:020}.json"])
    with pytest.raises(TableDamaged, match="version 1"):
        ShownVersions(lake).snapshot(ORDERS)


def test_an_older_publication_is_published_again(lake: Lake) -> None:
    for number in (1, 2, 3):
        put(lake.table(ORDERS), {MON: rows_of(number)})
        publish(lake, DOMAIN)
    assert publish_again(lake, DOMAIN, 1, note={}).number == 4
    assert shown_ids(lake, ORDERS) == [1]
    assert publish(lake, DOMAIN).number == 5
    assert shown_ids(lake, ORDERS) == [3]
    with pytest.raises(StorageError, match="no publication 9"):
        publish_again(lake, DOMAIN, 9, note={})


def test_vacuum_keeps_the_published_version_and_nothing_older(lake: Lake) -> None:
    orders = lake.table(ORDERS)
    put(orders, {MON: rows_of(1)})
    publish(lake, DOMAIN)
    put(orders, {MON: rows_of(2)})
    published = publish(lake, DOMAIN)
    put(orders, {MON: rows_of(3)})
    kept = [published.tables[ORDERS].version]
    assert len(orders.vacuum(retention=dt.timedelta(0), dry_run=False, keep=kept)) == 1
    assert shown_ids(lake, ORDERS) == [2]
    with pytest.raises(StorageError, match="deleted"):
        publish_again(lake, DOMAIN, 1, note={})
    assert delete_publications(lake, DOMAIN, before=dt.datetime.now(dt.UTC)) == 1
    assert publication_numbers(lake, DOMAIN) == [2]


def test_of_several_publishers_at_once_each_writes_its_own_object(lake: Lake) -> None:
    put(lake.table(ORDERS), {MON: rows_of(0)})

    def change(number: int) -> int:
        table = TableId("gold", DOMAIN, f"table{number}")
        put(lake.table(table), {MON: rows_of(number)})
        return publish(lake, DOMAIN).number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(change, range(4)))
    newest = read_published(lake, DOMAIN)
    assert newest is not None
    assert newest.number == max(numbers)
    assert len(newest.tables) == 5
    assert publication_numbers(lake, DOMAIN) == list(range(1, newest.number + 1))


def test_a_damaged_publication_is_an_error_that_names_the_object(lake: Lake) -> None:
    put(lake.table(ORDERS), {MON: rows_of(0)})
    publish(lake, DOMAIN)
    lake.store.write("_published/mrhealth/000000000001.json", b"{")
    with pytest.raises(
        StorageError, match=r"_published/mrhealth/0+1.json is damaged.*hint: delete"
    ):
        read_published(lake, DOMAIN)

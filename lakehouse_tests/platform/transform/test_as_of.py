"""As-of tables: which day is made, what it holds, and which older days are stale."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.platform.serving.sql_catalog import connect, query
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import AS_OF
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.transform import as_of
from lakehouse_tests.platform.cafe import DOMAIN, Cafe, spenders

SPENDERS = TableId("gold", "cafe", "spenders")
FIRST, SECOND, THIRD = (dt.date(2024, 3, day) for day in (1, 2, 3))


@pytest.fixture
def cafe(tmp_path: Path) -> Cafe:
    cafe = Cafe(tmp_path)
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,10", "2,2024-03-01,20")
    cafe.process()
    return cafe


def asked(cafe: Cafe, sql: str, day: dt.date | None = None) -> list[tuple[object, ...]]:
    lake = Lake(cafe.settings.root)
    with connect(
        lake,
        cafe.settings,
        names={
            "gold.cafe_spenders",
            "gold.cafe_spent",
            "history.cafe_spent",
            "history.cafe_visits",
        },
        as_of=day,
    ) as connection:
        return query(connection, sql).fetchall()


def stored_days(cafe: Cafe, table: TableId = SPENDERS) -> list[dt.date]:
    return list(Lake(cafe.settings.root).table(table).snapshot().days)


def stale(cafe: Cafe) -> list[dt.date]:
    return as_of.stale_days(DOMAIN, Lake(cafe.settings.root))


def test_a_day_holds_the_whole_table_and_says_so_in_its_log(cafe: Cafe) -> None:
    cafe.send("2024-03-02", "visits_2.csv", "3,2024-03-02,5")
    cafe.process()
    assert cafe.rows("gold.cafe_spent", "day", "visits", "spent") == [
        (FIRST, 2, 30),
        (SECOND, 3, 35),
    ]
    assert Lake(cafe.settings.root).table(SPENDERS).snapshot().description == AS_OF


def test_a_range_of_days_makes_the_last_day_only(cafe: Cafe) -> None:
    cafe.send("2024-03-02", "visits_2.csv", "3,2024-03-02,5")
    cafe.send("2024-03-03", "visits_3.csv", "4,2024-03-03,5")
    cafe.process()
    assert stored_days(cafe) == [FIRST, THIRD]


def test_rows_are_stored_in_the_order_that_the_expression_declares(cafe: Cafe) -> None:
    cafe.send("2024-03-02", "visits_2.csv", "3,2024-03-02,15")
    cafe.process()
    assert asked(cafe, "select number, spent from gold.cafe_spenders") == [
        (2, 20),
        (3, 15),
        (1, 10),
    ]


def test_the_name_shows_the_newest_day_and_history_shows_all(cafe: Cafe) -> None:
    cafe.send("2024-03-03", "visits_2.csv", "3,2024-03-03,5")
    cafe.process()
    assert asked(cafe, "from gold.cafe_spent") == [(THIRD, 3, 35)]
    assert asked(cafe, "from gold.cafe_spent", SECOND) == [(FIRST, 2, 30)]
    assert asked(cafe, "from gold.cafe_spent", FIRST - dt.timedelta(days=1)) == []
    assert asked(cafe, "select day, spent from history.cafe_spent order by day") == [
        (FIRST, 30),
        (THIRD, 35),
    ]


def test_a_correction_of_an_old_day_refreshes_the_newest_and_lists_the_older_as_stale(
    cafe: Cafe,
) -> None:
    cafe.send("2024-03-03", "visits_2.csv", "3,2024-03-03,5")
    cafe.process()
    assert stale(cafe) == []
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,11", "2,2024-03-01,20", hour=13)
    cafe.process()
    assert cafe.rows("gold.cafe_spent", "day", "spent") == [(FIRST, 30), (THIRD, 36)]
    assert stale(cafe) == [FIRST]
    cafe.driver.materialize_as_of([FIRST])
    assert cafe.rows("gold.cafe_spent", "day", "spent") == [(FIRST, 31), (THIRD, 36)]
    assert stale(cafe) == []


def test_a_record_that_is_written_again_does_not_look_like_damage(cafe: Cafe) -> None:
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,11", hour=13)
    cafe.process()
    record = Lake(cafe.settings.root).table(as_of.as_of_days_of("cafe"))
    assert record.snapshot().version == 1
    assert record.foreign_days(0) == {}


def test_a_later_day_does_not_make_an_earlier_one_stale(cafe: Cafe) -> None:
    cafe.send("2024-03-02", "visits_2.csv", "3,2024-03-02,5")
    cafe.process()
    assert stale(cafe) == []


def test_without_changes_nothing_is_due_and_a_changed_expression_is(cafe: Cafe) -> None:
    lake = Lake(cafe.settings.root)
    assert as_of.out_of_date(DOMAIN, lake, cafe.settings) == {}
    changed = replace(
        spenders,
        transform=lambda known: spenders.transform(known).mutate(spent=1),  # type: ignore[misc]
    )
    tables = tuple(changed if table is spenders else table for table in DOMAIN.tables)
    domain = replace(DOMAIN, tables=tables)
    assert list(as_of.out_of_date(domain, lake, cafe.settings)) == [FIRST]


def test_data_that_returns_to_an_earlier_state_is_work_of_its_own(cafe: Cafe) -> None:
    lake = Lake(cafe.settings.root)
    visits = lake.table(TableId("silver", "cafe", "visits"))
    first = visits.snapshot().version
    asked: list[str] = []
    for number, hour in ((11, 13), (12, 14)):
        cafe.send("2024-03-01", "visits_1.csv", f"1,2024-03-01,{number}", hour=hour)
        cafe.process()
        visits.rollback(to=first)
        asked += as_of.out_of_date(DOMAIN, lake, cafe.settings).values()
        cafe.driver.materialize_as_of([FIRST])
    assert asked[0].partition("@")[0] == asked[1].partition("@")[0]
    assert asked[0] != asked[1]


def test_days_older_than_a_table_keeps_are_removed(cafe: Cafe) -> None:
    cafe.send("2024-04-20", "visits_2.csv", "3,2024-04-20,5")
    cafe.process()
    assert stored_days(cafe, TableId("gold", "cafe", "spent")) == [dt.date(2024, 4, 20)]
    assert stored_days(cafe) == [FIRST, dt.date(2024, 4, 20)]


def test_no_day_is_stale_after_the_last_as_of_table_was_removed(cafe: Cafe) -> None:
    cafe.send("2024-03-01", "visits_1.csv", "1,2024-03-01,11", "2,2024-03-01,20", hour=13)
    domain = replace(DOMAIN, tables=tuple(table for table in DOMAIN.tables if not table.as_of))
    driver = replace(cafe.driver, domain=domain)
    driver.run_pending()
    assert stale(cafe) == [FIRST]
    assert as_of.stale_days(domain, driver.lake) == []

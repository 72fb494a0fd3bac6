"""Monthly tables: which months exist, which days each month reads, and when it is recomputed."""

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFile
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.table import Monthly
from lakehouse.platform.transform import monthly
from lakehouse_tests.platform.cafe import DOMAIN, Cafe

JAN, FEB, MAR, APR, MAY = (dt.date(2024, month, 1) for month in range(1, 6))


@pytest.fixture
def cafe(tmp_path: Path) -> Cafe:
    cafe = Cafe(tmp_path)
    cafe.send("2024-02-01", "visits_1.csv", "1,2024-01-05,10", "2,2024-01-31,20", "3,2024-02-01,5")
    cafe.process()
    return cafe


def months_out_of_date(cafe: Cafe) -> list[dt.date]:
    return list(monthly.months_out_of_date(DOMAIN, Lake(cafe.settings.root), cafe.settings))


def test_a_month_reads_only_the_days_within_its_reach(cafe: Cafe) -> None:
    assert cafe.rows("gold.cafe_month_totals", "day", "visits", "spent") == [
        (FEB, 2, 30),
        (MAR, 3, 35),
    ]
    assert months_out_of_date(cafe) == []


def test_a_later_month_that_was_requested_once_is_kept_up_to_date(cafe: Cafe) -> None:
    cafe.driver.materialize_months([APR])
    assert cafe.rows("gold.cafe_month_totals", "day", "spent")[-1] == (APR, 5)
    cafe.send("2024-03-20", "visits_2.csv", "4,2024-02-20,1")
    cafe.process()
    assert cafe.rows("gold.cafe_month_totals", "day", "spent")[-1] == (APR, 6)


def test_only_months_that_reach_a_changed_day_are_recomputed(cafe: Cafe) -> None:
    before = {f.day: f.path for f in _files(cafe)}
    cafe.send("2024-03-20", "visits_2.csv", "4,2024-02-20,1")
    cafe.process()
    after = {f.day: f.path for f in _files(cafe)}
    assert {day for day, path in after.items() if before.get(day) != path} == {MAR}
    assert cafe.rows("gold.cafe_month_totals", "day", "spent") == [(FEB, 30), (MAR, 36)]


def test_the_reach_of_a_month_is_counted_in_months() -> None:
    reach = Monthly(before=13, after=1).reach(dt.date(2024, 2, 1))
    assert reach == (dt.date(2023, 1, 1), dt.date(2024, 2, 29))


def _files(cafe: Cafe) -> tuple[DayFile, ...]:
    table = Lake(cafe.settings.root).table(TableId("gold", "cafe", "month_totals"))
    return table.snapshot().files

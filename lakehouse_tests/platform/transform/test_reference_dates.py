"""Reference dates: which are made, which days each reads, and when it is recomputed."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import ibis.expr.types as ir
import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import AS_OF, DayFiles
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.declare import declare_table
from lakehouse.platform.tables.table import PARTITIONS, ReferenceDates, TableOptions
from lakehouse.platform.tables.upgrade import upgrade_lake
from lakehouse.platform.transform import reference_dates
from lakehouse.platform.transform.stage import stage_days
from lakehouse_tests.platform.cafe import DOMAIN, Cafe, MonthTotals, month_totals, visits

JAN, FEB, MAR, APR, MAY = (dt.date(2024, month, 1) for month in range(1, 6))
TOTALS = TableId("gold", "cafe", "month_totals")


@pytest.fixture
def cafe(tmp_path: Path) -> Cafe:
    cafe = Cafe(tmp_path)
    cafe.send("2024-02-01", "visits_1.csv", "1,2024-01-05,10", "2,2024-01-31,20", "3,2024-02-01,5")
    cafe.process()
    return cafe


def out_of_date(cafe: Cafe) -> list[dt.date]:
    return list(reference_dates.out_of_date(DOMAIN, Lake(cafe.settings.root), cafe.settings))


def stale(cafe: Cafe) -> list[dt.date]:
    return reference_dates.stale_days(DOMAIN, Lake(cafe.settings.root))


def totals(cafe: Cafe) -> list[tuple[object, ...]]:
    return cafe.rows(TOTALS.name, "day", "visits", "spent")


def test_the_first_of_each_month_is_made_from_the_days_within_its_reach(cafe: Cafe) -> None:
    assert totals(cafe) == [(FEB, 2, 30), (MAR, 3, 35)]
    assert out_of_date(cafe) == []


def test_any_day_is_a_reference_date_when_somebody_asks_for_it(cafe: Cafe) -> None:
    chosen = [dt.date(2024, 1, 20), dt.date(2024, 2, 1), dt.date(2024, 2, 29)]
    cafe.driver.materialize_reference_dates(chosen)
    assert totals(cafe) == [
        (dt.date(2024, 1, 20), 1, 10),
        (FEB, 2, 30),
        (dt.date(2024, 2, 29), 3, 35),
        (MAR, 3, 35),
    ]
    assert out_of_date(cafe) == []


def test_a_chosen_day_is_stale_after_a_correction_and_the_first_of_a_month_is_remade(
    cafe: Cafe,
) -> None:
    chosen = dt.date(2024, 2, 20)
    cafe.driver.materialize_reference_dates([chosen])
    cafe.send("2024-03-20", "visits_2.csv", "4,2024-02-10,1")
    cafe.process()
    assert totals(cafe) == [(FEB, 2, 30), (chosen, 3, 35), (MAR, 4, 36)]
    assert (out_of_date(cafe), stale(cafe)) == ([], [chosen])
    cafe.driver.materialize_reference_dates(stale(cafe))
    assert totals(cafe)[1] == (chosen, 4, 36)
    assert stale(cafe) == []


def test_dates_made_together_have_the_bytes_of_dates_made_alone(cafe: Cafe) -> None:
    days = [dt.date(2024, 1, 10), FEB, dt.date(2024, 2, 15), MAY, dt.date(2024, 8, 1)]
    lake = Lake(cafe.settings.root)
    together = stage_days(month_totals, days, lake, cafe.settings).staged
    one_row = replace(cafe.settings, chunk_rows=1)
    assert len(together) == len(days)
    for day, each in zip(days, together, strict=True):
        (alone,) = stage_days(month_totals, [day], lake, cafe.settings).staged
        assert alone.data_version == each.data_version, day
    apart = stage_days(month_totals, days, lake, one_row).staged
    assert [e.data_version for e in apart] == [e.data_version for e in together]


def test_a_later_month_that_was_requested_once_is_kept_up_to_date(cafe: Cafe) -> None:
    cafe.driver.materialize_reference_dates([APR])
    assert totals(cafe)[-1] == (APR, 1, 5)
    cafe.send("2024-03-20", "visits_2.csv", "4,2024-02-20,1")
    cafe.process()
    assert totals(cafe)[-1] == (APR, 2, 6)


def test_only_dates_that_reach_a_changed_day_are_recomputed(cafe: Cafe) -> None:
    before = {f.day: f.parts[0].path for f in _files(cafe)}
    cafe.send("2024-03-20", "visits_2.csv", "4,2024-02-20,1")
    cafe.process()
    after = {f.day: f.parts[0].path for f in _files(cafe)}
    assert {day for day, path in after.items() if before.get(day) != path} == {MAR}
    assert totals(cafe) == [(FEB, 2, 30), (MAR, 4, 36)]


def test_the_reach_of_a_date_is_counted_in_months() -> None:
    dates = ReferenceDates(before=13, after=1)
    reach = (dt.date(2023, 1, 1), dt.date(2024, 2, 29))
    assert dates.reach(FEB) == dates.reach(dt.date(2024, 2, 29)) == reach


def test_only_as_of_tables_have_reference_dates() -> None:
    def dated(dates: ir.Table, known: ir.Table) -> ir.Table:
        """Visits."""
        return known.semi_join(dates, "day").group_by("day").agg(visits=known.count())

    with pytest.raises(ContractError, match="only as-of tables have reference dates"):
        declare_table(
            dated,
            table=TOTALS,
            contract=MonthTotals,
            reads=[PARTITIONS, visits],
            options=TableOptions(reference_dates=ReferenceDates()),
        )


def test_a_lake_with_months_keeps_its_rows_and_shows_the_newest(cafe: Cafe) -> None:
    stored = Lake(cafe.settings.root).table(TOTALS)
    stored.describe("")  # such a table had no description
    rows, version = totals(cafe), stored.snapshot().version
    upgrade_lake(DOMAIN, Lake(cafe.settings.root))
    upgrade_lake(DOMAIN, Lake(cafe.settings.root))
    assert stored.snapshot().description == AS_OF
    assert stored.snapshot().version == version + 1
    assert (totals(cafe), out_of_date(cafe)) == (rows, [])


def _files(cafe: Cafe) -> tuple[DayFiles, ...]:
    return Lake(cafe.settings.root).table(TOTALS).snapshot().files

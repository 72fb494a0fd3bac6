"""Days for which nothing was delivered are staged empty, without computing them."""

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.transform import stage
from lakehouse.platform.transform.empty_days import is_empty_without_rows
from lakehouse.platform.transform.stage import stage_days
from lakehouse_tests.platform.cafe import (
    DOMAIN,
    Cafe,
    month_totals,
    spenders,
    spent,
    tips,
    visit_days,
    visits,
)

DAYS = [dt.date(2024, 1, day) for day in range(4, 9)]


@pytest.fixture(scope="module")
def cafe(tmp_path_factory: pytest.TempPathFactory) -> Cafe:
    """Return a café with visits on one day, and no tip."""
    cafe = Cafe(tmp_path_factory.mktemp("cafe"))
    cafe.send("2024-01-05", "visits.csv", "1,2024-01-05,10", "2,2024-01-05,x")
    cafe.process()
    return cafe


def staged(cafe: Cafe, target: Path) -> dict[str, list[tuple[dt.date, int, str]]]:
    """Return day, rows and data version of everything that is staged for all tables."""
    lake, found = Lake(cafe.settings.root), {}
    for table in (visits, tips, visit_days):
        done = stage_days(table, DAYS, lake, cafe.settings, target=Lake(str(target)))
        parts = {table.id: done.staged, **{n: files for n, (_, files) in done.companions.items()}}
        for name, files in parts.items():
            found[name.name] = [(each.day, each.rows, each.data_version) for each in files]
    return found


def test_empty_days_have_the_bytes_of_computed_ones(
    cafe: Cafe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    known = staged(cafe, tmp_path / "known")
    monkeypatch.setattr(stage, "has_no_rows", lambda *_: False)
    assert known == staged(cafe, tmp_path / "computed")
    assert sum(rows for _, rows, _ in known["silver.cafe_visits"]) == 1
    assert all(len(days) == len(DAYS) for days in known.values())


def test_days_without_delivered_rows_are_staged_without_an_engine(
    cafe: Cafe, monkeypatch: pytest.MonkeyPatch
):
    def unavailable(*_: object) -> None:
        raise AssertionError("an engine was started")

    assert is_empty_without_rows(visit_days)
    monkeypatch.setattr("lakehouse.platform.engines.session.session", unavailable)
    lake = Lake(cafe.settings.root)
    for table, days in ((tips, DAYS), (visits, DAYS[3:]), (visit_days, DAYS[3:])):
        done = stage_days(table, days, lake, cafe.settings)
        assert [(each.day, each.rows) for each in done.staged] == [(day, 0) for day in days]
    with pytest.raises(AssertionError, match="an engine was started"):
        stage_days(visits, DAYS, lake, cafe.settings)


def test_a_table_that_may_have_rows_without_any_upstream_row_is_computed():
    """One counts all rows, the others have the days of the run."""
    assert not any(map(is_empty_without_rows, (spent, month_totals, spenders)))
    computed = [table for table in DOMAIN.tables if table.transform and not table.validates_rows]
    assert list(filter(is_empty_without_rows, computed)) == [visit_days]

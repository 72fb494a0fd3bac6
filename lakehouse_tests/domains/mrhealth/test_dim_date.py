"""Calendar attributes of each day."""

import datetime as dt

import pytest

from lakehouse.domains.mrhealth.gold.dim_date import dim_date
from lakehouse.domains.mrhealth.gold.dim_date_calendar import dim_date_calendar
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day
from lakehouse_tests.domains.mrhealth.rows import fact_order, only


@pytest.fixture(scope="module")
def calendar(made):
    return {row["day"]: row for row in made(dim_date)}


def test_the_calendar_has_every_day_of_a_hundred_years_once(calendar, made):
    assert len(calendar) == len(made(dim_date)) == (dt.date(2123, 1, 1) - dt.date(2023, 1, 1)).days
    assert min(calendar) == dt.date(2023, 1, 1)


def test_the_attributes_of_a_day_equal_those_of_python(calendar):
    for day, row in calendar.items():
        iso = day.isocalendar()
        assert only(row, "date_key", "year", "month", "week", "day_of_week", "is_weekend") == (
            int(day.strftime("%Y%m%d")),
            day.year,
            day.month,
            iso.week,
            iso.weekday,
            iso.weekday >= 6,
        )
        assert row["quarter"] == (day.month + 2) // 3


def test_names_are_portuguese(calendar):
    names = ("month_name_pt", "weekday_name_pt")
    assert only(calendar[dt.date(2026, 3, 7)], *names) == ("março", "sábado")
    assert only(calendar[dt.date(2026, 12, 7)], *names) == ("dezembro", "segunda-feira")


def test_the_calendar_has_the_planned_years_and_those_with_orders(made):
    sold = [fact_order(day=dt.date(2023, 5, 1)), fact_order(day=dt.date(2026, 5, 1))]
    rows = made(dim_date_calendar, made(unit_channel_day, sold, []))
    assert sorted({row["year"] for row in rows}) == [2023, 2025, 2026, 2027]
    assert len(rows) == 4 * 365
    assert {row["year"] for row in made(dim_date_calendar, [])} == {2025, 2026, 2027}

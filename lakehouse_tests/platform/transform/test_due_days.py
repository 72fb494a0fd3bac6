"""A day is due when its deadline has passed, from the first delivery of the units on."""

import datetime as dt

from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit
from lakehouse.domains.mrhealth.gold.unit_day import unit_day
from lakehouse.platform.transform.due_days import covers_due_days, last_due_day
from lakehouse.settings import Settings

UTC = Settings(timezone="UTC", deadline_hours=30)


def test_the_last_due_day_changes_at_the_deadline():
    deadline = dt.datetime(2026, 1, 7, 6, tzinfo=dt.UTC)
    assert last_due_day(UTC, deadline) == dt.date(2026, 1, 6)
    assert last_due_day(UTC, deadline - dt.timedelta(seconds=1)) == dt.date(2026, 1, 5)


def test_today_is_never_due():
    now = dt.datetime(2026, 1, 7, 23, 59, tzinfo=dt.UTC)
    assert last_due_day(UTC, now) < now.date()


def test_only_a_table_that_asks_for_due_days_covers_them():
    assert covers_due_days(unit_day)
    assert not covers_due_days(dim_unit)

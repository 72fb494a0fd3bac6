"""A check is validated when its domain is loaded; deadlines count elapsed hours."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from lakehouse.platform.quality.checks import CheckInput, QualityCheck, shortened
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.transform.due_days import due_at
from lakehouse_tests.platform.quality.toys import SALES, SCHEMA, shown


def test_a_measurement_without_a_day_is_rejected() -> None:
    check = QualityCheck(
        name="total",
        category="test",
        table=SALES,
        description="",
        inputs=(CheckInput(id=SALES, columns=lambda: SCHEMA),),
        measure=lambda sales: sales.agg(rows=sales.count()),
        assess=shown,
    )
    with pytest.raises(ContractError, match=r"gold.toys_sales.total: .*no column 'day'"):
        check.require_day()


NEW_YORK = ZoneInfo("America/New_York")


def test_a_deadline_counts_elapsed_hours_across_a_change_to_daylight_saving_time() -> None:
    assert due_at(dt.date(2021, 3, 14), 30, NEW_YORK) == dt.datetime(
        2021, 3, 15, 7, tzinfo=NEW_YORK
    )


def test_twenty_names_are_listed_and_the_others_counted() -> None:
    assert shortened([str(n) for n in range(20)]).endswith("18, 19")
    assert shortened([str(n) for n in range(22)]).endswith("18, 19 and 2 more")

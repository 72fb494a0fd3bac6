"""Forecasts that lack a day, or whose quantiles are out of order, are found by plain SQL."""

import duckdb
import pytest

from lakehouse.platform.forecasting.control_totals import complete_and_ordered

CONTROL = complete_and_ordered("gold.demand", ["unit_id", "product_id"])
CHANGES = {
    "update gold.demand set q50 = 9 where unit_id = 2 and target_day = '2026-01-09'": (28, 1),
    "update gold.demand set q05 = -1 where unit_id = 2 and target_day = '2026-01-09'": (28, 1),
    "update gold.demand set expected = null where unit_id = 2": (28, 28),
    "delete from gold.demand where unit_id = 2 and target_day = '2026-01-09'": (27, 0),
    "update gold.demand set target_day = '2026-03-09' where unit_id = 2"
    " and target_day = '2026-01-28'": (28, 0),
}


@pytest.fixture
def forecast():
    connection = duckdb.connect()
    connection.execute(
        """
        create schema gold;
        create table gold.demand as
        select unit_id, 7 as product_id, date '2026-01-01' + day::int as target_day,
            2.5::decimal(18, 2) as expected, 0::decimal(18, 2) as q05, 1::decimal(18, 2) as q25,
            2::decimal(18, 2) as q50, 3::decimal(18, 2) as q75, 3::decimal(18, 2) as q95
        from range(28) as days(day), (values (1), (2)) as units(unit_id)
        """
    )
    return connection


def test_a_complete_forecast_has_no_finding(forecast):
    assert forecast.sql(CONTROL.found).fetchall() == forecast.sql(CONTROL.expected).fetchall() == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_missing_day_and_quantiles_out_of_order_are_found(forecast, change: str):
    forecast.execute(change)
    assert forecast.sql(CONTROL.found).fetchall() == [(2, 7, *CHANGES[change])]

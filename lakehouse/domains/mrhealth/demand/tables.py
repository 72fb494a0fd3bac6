"""Rows of the forecast tables, from the inputs of a day."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from lakehouse.domains.mrhealth.demand import history
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.produce import forecast_columns, forecast_panel


def product_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return the forecast of each unit and product on the menu, for each day of the horizon."""
    sales = history.sales_of(day, inputs)
    made = forecast_panel(history.product_panel(sales))
    count = len(sales.products)
    return pa.table(
        {
            "target_day": _days(day, len(made.expected)),
            "unit_id": np.repeat(sales.units, count * HORIZON),
            "product_id": np.tile(np.repeat(sales.products, HORIZON), len(sales.units)),
            **forecast_columns(made),
        }
    )


def unit_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return the forecast of each measure of each unit, for each day of the horizon."""
    sales = history.sales_of(day, inputs)
    parts = []
    for measure in history.MEASURES:
        made = forecast_panel(history.unit_panel(sales, measure))
        count = len(made.expected)
        columns = {
            "target_day": _days(day, count),
            "unit_id": np.repeat(sales.units, HORIZON),
            "measure": pa.array([measure] * (count * HORIZON), pa.string()),
            **forecast_columns(made),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def _days(day: dt.date, series: int) -> pa.Array:
    """Return the days after a day, once for each series."""
    days = pa.array([day + dt.timedelta(days=n) for n in range(1, HORIZON + 1)], pa.date32())
    return days.take(pa.array(np.tile(np.arange(HORIZON), series)))

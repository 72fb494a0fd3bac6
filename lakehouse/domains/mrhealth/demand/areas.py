"""Rows of the forecast of states and of the chain, from the inputs of a day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa

from lakehouse.domains.mrhealth.demand import MODULES as OF_UNITS
from lakehouse.domains.mrhealth.demand import history
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.baselines import WEEK
from lakehouse.platform.forecasting.panel.panel import Indices, Numbers, Panel
from lakehouse.platform.forecasting.panel.produce import (
    PanelForecast,
    forecast_columns,
    shared_forecast,
)
from lakehouse.platform.forecasting.panel.reconcile import reconcile
from lakehouse.platform.forecasting.panel.totals import TotalForecast, total_forecast

MODULES = (
    *OF_UNITS,
    "lakehouse.platform.forecasting.panel.totals",
    "lakehouse.domains.mrhealth.demand.areas",
)
"""Modules whose code is part of the definition of the table."""
STATE, CHAIN = "state", "chain"
LEVELS = (STATE, CHAIN)
"""What units are added up to."""
SUM = "sum_of_units"
"""Name of the method: the sum of the forecasts of the units."""


def area_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return the forecast of each measure of each state and of the chain, by future day."""
    sales = history.shared_sales(day, inputs)
    if not len(sales.units):
        return pa.table({})
    places = sorted(set(sales.places))
    of_state = np.array([places.index(place) for place in sales.places], np.int64)
    parts = []
    for measure in history.MEASURES:
        panel = history.unit_panel(sales, measure)
        made, tested = _of_units(sales, panel, measure)
        for level, into in ((STATE, of_state), (CHAIN, np.zeros_like(of_state))):
            total = total_forecast(panel, made, tested, into)
            names = places if level == STATE else [(history.UNKNOWN, history.UNKNOWN)]
            parts.append(_rows(day, level, names, measure, np.bincount(into), total, made))
    return pa.concat_tables(parts)


def _of_units(sales: history.Sales, panel: Panel, measure: str) -> tuple[PanelForecast, Numbers]:
    """Return the forecast of a measure by unit, and the same at the origins of its back-test."""
    made = shared_forecast(panel)
    if measure != history.PIECES:
        return made, made.published_forecast()
    products = history.product_panel(sales)
    both = reconcile(shared_forecast(products), made, products.place)
    own, of_parts = both.totals.published_forecast(), both.parts.published_forecast()
    if not len(sales.products):
        return both.totals, own
    summed = np.zeros_like(own)
    for total, part in zip(summed, of_parts, strict=True):
        np.add.at(total, products.place, part)
    return both.totals, both.weight * own + (1.0 - both.weight) * summed


def _rows(
    day: dt.date,
    level: str,
    names: list[tuple[str, str]],
    measure: str,
    units: Indices,
    total: TotalForecast,
    made: PanelForecast,
) -> pa.Table:
    """Return the rows of the places of one level."""
    shown = replace(
        made, expected=total.expected, quantiles=total.quantiles, model=(SUM,) * len(names)
    )
    days = [day + dt.timedelta(days=n) for n in range(1, HORIZON + 1)]
    held = [_percent(*each) for each in zip(total.inside, total.forecasts, strict=True)]

    def of_places(values: Sequence[str]) -> pa.Array:
        return pa.array([value or None for value in values for _ in days], pa.string())

    def of_weeks(values: Sequence[object], type_: pa.DataType) -> pa.Array:
        return pa.array([values[n // WEEK] for n in range(HORIZON)] * len(names), type_)

    return pa.table(
        {
            "target_day": pa.array(days * len(names), pa.date32()),
            "level": pa.array([level] * (len(names) * HORIZON), pa.string()),
            "country_name": of_places([country for _, country in names]),
            "state_name": of_places([state for state, _ in names]),
            "measure": pa.array([measure] * (len(names) * HORIZON), pa.string()),
            "units": np.repeat(units, HORIZON),
            **forecast_columns(shown),
            "coverage_pct": of_weeks(held, pa.decimal128(18, 4)),
            "forecasts": of_weeks(total.forecasts.tolist(), pa.int64()),
        }
    )


def _percent(inside: int, forecasts: int) -> Decimal | None:
    """Return a share in percent; None where nothing was compared."""
    if not forecasts:
        return None
    return (Decimal(100 * int(inside)) / int(forecasts)).quantize(Decimal("0.0001"))

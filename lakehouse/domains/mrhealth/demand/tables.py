"""Rows of the forecast tables, from the inputs of a day."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.domains.mrhealth.demand import history
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.evaluation import errors_of_methods, leaks_of
from lakehouse.platform.forecasting.panel.panel import Panel
from lakehouse.platform.forecasting.panel.produce import forecast_columns, shared_forecast
from lakehouse.platform.forecasting.panel.reconcile import Reconciled, reconcile

LEVELS = ("product pieces", *(f"unit {measure}" for measure in history.MEASURES))
"""Levels of series: pieces by unit and product, and each measure by unit."""
MODEL_SCHEMA = pa.schema(
    {
        "level": pa.string(),
        "series_group": pa.string(),
        "method": pa.string(),
        "week": pa.int64(),
        "series": pa.int64(),
        "forecasts": pa.int64(),
        "mase": pa.decimal128(18, 4),
        "coverage_pct": pa.decimal128(18, 4),
        "is_published": pa.bool_(),
    }
)
LEAK_SCHEMA = pa.schema(
    {
        "level": pa.string(),
        "origin_day": pa.date32(),
        "compared": pa.int64(),
        "changed": pa.int64(),
        "canary_changed": pa.int64(),
    }
)


def _reconciled(sales: history.Sales) -> Reconciled:
    """Return the forecasts of pieces by unit and product and by unit, which add up."""
    products = history.product_panel(sales)
    units = history.unit_panel(sales, history.PIECES)
    return reconcile(shared_forecast(products), shared_forecast(units), products.place)


def product_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return the forecast of each unit and product on the menu, for each day of the horizon."""
    sales = history.shared_sales(day, inputs)
    made = _reconciled(sales).parts
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
    sales = history.shared_sales(day, inputs)
    parts = []
    for measure in history.MEASURES:
        if measure == history.PIECES:
            made = _reconciled(sales).totals
        else:
            made = shared_forecast(history.unit_panel(sales, measure))
        count = len(made.expected)
        columns = {
            "target_day": _days(day, count),
            "unit_id": np.repeat(sales.units, HORIZON),
            "measure": pa.array([measure] * (count * HORIZON), pa.string()),
            **forecast_columns(made),
        }
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


def model_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return the errors of each method by level, group of series and week ahead."""
    sales = history.shared_sales(day, inputs)
    rows = []
    for level, panel in _panels(sales).items():
        for row in errors_of_methods(panel, shared_forecast(panel).contest):
            coverage = row["coverage_pct"]
            shown = {"mase": _number(row["mase"]), "coverage_pct": _number(coverage)}
            rows.append({"level": level, **row, **shown})
    return pa.Table.from_pylist(rows, schema=MODEL_SCHEMA)


def leak_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return what changed at some origins when later rows were missing or absurd."""
    sales = history.shared_sales(day, inputs)
    rows = []
    for level, panel in _panels(sales).items():
        rebuilt = partial(_rebuilt, sales, inputs, level)
        for found in leaks_of(panel, rebuilt, HORIZON):
            origin = sales.first + dt.timedelta(days=found.known_days - 1)
            counts = {"compared": found.compared, "changed": found.changed}
            canary = {"canary_changed": found.canary_changed}
            rows.append({"level": level, "origin_day": origin, **counts, **canary})
    return pa.Table.from_pylist(rows, schema=LEAK_SCHEMA)


def _panels(sales: history.Sales) -> dict[str, Panel]:
    """Return the series of each level by its name."""
    units = {f"unit {measure}": history.unit_panel(sales, measure) for measure in history.MEASURES}
    return {"product pieces": history.product_panel(sales), **units}


def _rebuilt(sales: history.Sales, inputs: Mapping[str, pa.Table], level: str, days: int) -> Panel:
    """Return the series of a level, built from the rows of the first days only.

    Units and menu are those of the newest day, because they say which series are forecast.
    """
    last = sales.first + dt.timedelta(days=days - 1)
    cut = {
        name: rows.filter(pc.less_equal(rows["day"], pa.scalar(last, pa.date32())))
        if name in ("sold", "sales")
        else rows
        for name, rows in inputs.items()
    }
    return _panels(history.sales_of(last, cut, sales.first))[level]


def _number(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(Decimal("0.0001"))


def _days(day: dt.date, series: int) -> pa.Array:
    """Return the days after a day, once for each series."""
    days = pa.array([day + dt.timedelta(days=n) for n in range(1, HORIZON + 1)], pa.date32())
    return days.take(pa.array(np.tile(np.arange(HORIZON), series)))

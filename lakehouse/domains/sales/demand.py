"""Forecast the pieces of each product in each region: the series, and the rows of the table."""

import datetime as dt
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel import MODULES as PANEL
from lakehouse.platform.forecasting.panel.panel import Panel, filled
from lakehouse.platform.forecasting.panel.produce import forecast_columns, forecast_panel

MODULES = (*PANEL, "lakehouse.domains.sales.demand")
"""Modules whose code is part of the definition of the table."""
KEEP_DAYS = 730
"""Days of history that are used."""
SOLD_DAYS = 365
"""A product without a sale in these days is not forecast."""
EPOCH = dt.date(1970, 1, 1)


def inputs_of(sales: ir.Table) -> dict[str, ir.Table]:
    """Return the pieces by day, product and region."""
    recent = sales.filter(sales.day > sales.day.max() - ibis.interval(days=KEEP_DAYS))
    return {
        "sold": recent.group_by("day", "product_id", "region").agg(
            quantity=recent.quantity.sum().cast("int64")
        )
    }


def demand_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return the forecast of each product and region with sales, for each day of the horizon.

    All sales come from one system, so a day without sales is zero, except before the first sale of
    a product in any region.
    """
    sold = inputs["sold"].sort_by([("region", "ascending"), ("product_id", "ascending")])
    number = sold["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    last = (day - EPOCH).days
    product = sold["product_id"].to_numpy().astype(np.int64)
    regions = sorted(set(sold["region"].to_pylist()))
    products = np.unique(product[(number > last - SOLD_DAYS) & (number <= last)])
    first = int(number.min()) if len(number) else last
    days = last - first + 1
    used = np.isin(product, products) & (number <= last)
    place = np.array([regions.index(each) for each in sold["region"].to_pylist()], np.int64)
    at = np.searchsorted(products, product[used])
    since = np.full(len(products), days)
    np.minimum.at(since, at, number[used] - first)
    known = np.tile(np.arange(days)[None, :] >= since[:, None], (len(regions), 1))
    count = len(products)
    panel = Panel(
        first=EPOCH + dt.timedelta(days=first),
        values=filled(
            (len(regions) * count, days),
            place[used] * count + at,
            number[used] - first,
            sold["quantity"].to_numpy().astype(np.float64)[used],
            known,
        ),
        place=np.repeat(np.arange(len(regions)), count),
        product=np.tile(np.arange(count), len(regions)),
        region=np.zeros(len(regions), np.int64),
        calendar=np.zeros((0, 1, 0)),
    )
    made = forecast_panel(panel)
    ahead = pa.array([day + dt.timedelta(days=n) for n in range(1, HORIZON + 1)], pa.date32())
    return pa.table(
        {
            "target_day": ahead.take(pa.array(np.tile(np.arange(HORIZON), len(made.expected)))),
            "product_id": np.tile(np.repeat(products, HORIZON), len(regions)),
            "region": pa.array(np.repeat(np.array(regions, object), count * HORIZON), pa.string()),
            **forecast_columns(made),
        }
    )

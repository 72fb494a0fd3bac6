"""Series of what restaurants sold: which days are known, and how much was ordered on each.

A day of a unit is known when a readable file of orders arrived or an order is known. A known day
without a sale is zero; a day without a delivery, before the unit opened or before the product was
on the menu is unknown. Orders without any item are a missing file of items: orders are known then
and pieces are not.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from lakehouse.domains.mrhealth.demand import KEEP_DAYS
from lakehouse.domains.mrhealth.holidays import special_days
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.panel import Flags, Indices, Numbers, Panel, filled
from lakehouse.platform.forecasting.shared import SharedResults, digest_of

ORDERS, PIECES, REVENUE = "orders", "pieces", "revenue"
MEASURES = (ORDERS, PIECES, REVENUE)
"""Numbers of a unit and day that are forecast."""
UNKNOWN = ""
"""Name of the state or country of a unit for which it is not known."""


@dataclass(frozen=True, kw_only=True)
class Sales:
    """What is known at the end of a day: units, menu, and their sales by day.

    Args:
        day: the last day of the history.
        first: its first day.
        units: numbers of the units on the last day, in order.
        places: names of state and country of each unit.
        products: numbers of the products on the menu of the last day, in order.
        known: whether orders of a unit and day are known, shape (units, days).
        of_unit: measure → values by unit and day, NaN where unknown.
        of_product: pieces by unit, product and day, shape (units × products, days), NaN likewise.
    """

    day: dt.date
    first: dt.date
    units: Indices
    places: tuple[tuple[str, str], ...]
    products: Indices
    of_unit: Mapping[str, Numbers]
    of_product: Numbers


def inputs_of(
    sold: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table
) -> dict[str, ir.Table]:
    """Return the rows that are needed of sales by product, sales by unit, menu and units."""
    return {
        "sold": _recent(sold).select("day", "unit_id", "product_id", "quantity"),
        "sales": _recent(sales).select(
            "day", "unit_id", "delivered", "orders", revenue=sales.revenue.cast("float64")
        ),
        "menu": _recent(menu).select("day", "product_id"),
        "units": units.filter(units.day == units.day.max()).select(
            "unit_id",
            state_name=units.state_name.fill_null(UNKNOWN),
            country_name=units.country_name.fill_null(UNKNOWN),
        ),
    }


def _recent(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.day > rows.day.max() - ibis.interval(days=KEEP_DAYS))


def sales_of(day: dt.date, inputs: Mapping[str, pa.Table], first: dt.date | None = None) -> Sales:
    """Return the series of all units and products as known at the end of a day.

    Args:
        day: the last day.
        inputs: rows by name, see `inputs_of`.
        first: the first day; by default that of the sales, within the days that are kept.
    """
    named = inputs["units"].sort_by("unit_id")
    units = named["unit_id"].to_numpy().astype(np.int64)
    first = first or _first_day(day, inputs["sales"])
    days = (day - first).days + 1
    on_menu, products = _menu(inputs["menu"], first, days)
    at = _Places(inputs["sales"], first, days, units)
    shape = (len(units), days)
    orders = filled(shape, at.unit, at.day, at.values("orders"), np.ones(shape, np.bool_))
    came = filled(shape, at.unit, at.day, at.values("delivered"), np.ones(shape, np.bool_)) > 0
    known = came | (orders > 0)
    sold = _Places(inputs["sold"], first, days, units)
    quantity = sold.values("quantity")
    pieces = filled(shape, sold.unit, sold.day, quantity, np.ones(shape, np.bool_))
    itemized = known & ((orders == 0) | (pieces > 0))
    place = np.searchsorted(products, sold.values("product_id").astype(np.int64))
    listed = np.isin(sold.values("product_id").astype(np.int64), products)
    by_product = (itemized[:, None, :] & on_menu[None, :, :]).reshape(-1, days)
    return Sales(
        day=day,
        first=first,
        units=units,
        places=tuple(
            zip(named["state_name"].to_pylist(), named["country_name"].to_pylist(), strict=True)
        ),
        products=products,
        of_unit={
            ORDERS: np.where(known, orders, np.nan),
            PIECES: np.where(itemized, pieces, np.nan),
            REVENUE: filled(shape, at.unit, at.day, at.values("revenue"), known),
        },
        of_product=filled(
            (len(units) * len(products), days),
            (sold.unit * len(products) + place)[listed],
            sold.day[listed],
            quantity[listed],
            by_product,
        ),
    )


def shared_sales(day: dt.date, inputs: Mapping[str, pa.Table]) -> Sales:
    """Return the series of a day, made once for equal inputs in a process."""
    return _SALES.of(digest_of(day, inputs), lambda: sales_of(day, inputs))


_SALES = SharedResults[Sales](lambda sales: (*sales.of_unit.values(), sales.of_product))


def unit_panel(sales: Sales, measure: str) -> Panel:
    """Return the series of one measure by unit."""
    values = sales.of_unit[measure]
    panel = _panel(sales, values, np.arange(len(sales.units)), np.zeros(1, np.int64))
    return replace(panel, whole=measure != REVENUE)


def product_panel(sales: Sales) -> Panel:
    """Return the series of pieces by unit and product on the menu."""
    place = np.repeat(np.arange(len(sales.units)), len(sales.products))
    return _panel(sales, sales.of_product, place, np.arange(len(sales.products)))


def _panel(sales: Sales, values: Numbers, place: Indices, products: Indices) -> Panel:
    regions = sorted(set(sales.places))
    days = values.shape[1] + HORIZON
    return Panel(
        first=sales.first,
        values=values,
        place=place.astype(np.int64),
        product=np.tile(products, max(len(sales.units), 1))[: len(values)].astype(np.int64),
        region=np.array([regions.index(place) for place in sales.places], np.int64),
        calendar=special_days(sales.first, days, regions),
    )


class _Places:
    """Where the values of some rows belong: unit and day; rows of other units are left out."""

    def __init__(self, rows: pa.Table, first: dt.date, days: int, units: Indices) -> None:
        unit = rows["unit_id"].to_numpy().astype(np.int64)
        day = _numbers(rows["day"]) - _number(first)
        self._used = np.isin(unit, units) & (day >= 0) & (day < days)
        self._rows = rows
        self.unit = np.searchsorted(units, unit[self._used]).astype(np.int64)
        self.day = day[self._used]

    def values(self, column: str) -> Numbers:
        """Return the values of a column as numbers."""
        values = self._rows[column].cast(pa.float64()).to_numpy().astype(np.float64)
        return values[self._used]


def _menu(rows: pa.Table, first: dt.date, days: int) -> tuple[Flags, Indices]:
    """Return whether a product is on the menu of a day, and the products of the last day."""
    product = rows["product_id"].to_numpy().astype(np.int64)
    day = _numbers(rows["day"]) - _number(first)
    newest = day.max() if len(day) else 0
    products = np.unique(product[day == newest])
    used = np.isin(product, products) & (day >= 0) & (day < days)
    on_menu = np.zeros((len(products), days), np.bool_)
    on_menu[np.searchsorted(products, product[used]), day[used]] = True
    on_menu[:, max(newest, 0) :] = True  # the newest menu holds until the next one
    return on_menu, products


def _first_day(day: dt.date, sales: pa.Table) -> dt.date:
    """Return the first day with sales, but not more than the days that are kept before a day."""
    days = _numbers(sales["day"])
    if not len(days):
        return day
    return max(dt.date(1970, 1, 1) + dt.timedelta(days=int(days.min())), _oldest(day))


def _oldest(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=KEEP_DAYS - 1)


def _numbers(days: pa.ChunkedArray) -> Indices:
    return days.cast(pa.int32()).to_numpy().astype(np.int64)


def _number(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days

"""What is known of each unit and product before an order: forecast, sales, prices, stock, terms."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.domains.mrhealth.purchase import terms
from lakehouse.domains.mrhealth.purchase.arithmetic import Forecast, Numbers, Supply, Whole

OWNER = ["unit_id", "product_id"]
QUANTILES = ("expected", "q05", "q95")


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of each unit and product of the forecast, in the order of their numbers.

    Args:
        unit_id: number of the unit.
        product_id: number of the product.
        unit_name: name of the unit.
        product_name: name of the product.
        forecast: pieces of the next days.
        supply: stock and terms; unknown stock is 0.
        stock_known: whether the stock was ever counted.
        lead_measured: whether delivery times are those of receipts.
        price: mean price of a piece in BRL, 0 when unknown.
        cost: cost of a piece in BRL, 0 when unknown.
        revenue: value of the ordered pieces of the history in BRL.
        variation: coefficient of variation of the daily pieces; infinite without sales.
    """

    unit_id: Whole
    product_id: Whole
    unit_name: list[str]
    product_name: list[str]
    forecast: Forecast
    supply: Supply
    stock_known: NDArray[np.bool_]
    lead_measured: NDArray[np.bool_]
    price: Numbers
    cost: Numbers
    revenue: Numbers
    variation: Numbers


def inputs_of(
    forecast: ir.Table, stock: ir.Table, sold: ir.Table, sales: ir.Table, menu: ir.Table
) -> dict[str, ir.Table]:
    """Return the rows that are needed of forecast, stock, sales by product and unit, and menu."""
    recent = _recent(sold)
    quantity = recent.quantity.cast("float64")
    days = _recent(sales)
    known = days.delivered | (days.orders > 0)
    return {
        "forecast": forecast.select(
            *OWNER, "target_day", **{name: forecast[name].cast("float64") for name in QUANTILES}
        ),
        "stock": stock.select(
            *OWNER,
            "on_hand",
            "on_order",
            "timed_deliveries",
            **{
                name: stock[name].cast("float64")
                for name in ("unit_cost", "lead_days", "lead_days_variance")
            },
        ),
        "sold": recent.group_by(OWNER).agg(
            pieces=recent.quantity.sum().cast("float64"),
            squares=(quantity * quantity).sum(),
            revenue=recent.line_revenue.sum().cast("float64"),
        ),
        "units": days.group_by("unit_id").agg(
            known_days=days.count(where=known), unit_name=days.unit_name.argmax(days.day)
        ),
        "menu": _recent(menu)
        .group_by("product_id")
        .agg(product_name=lambda t: t.product_name.argmax(t.day)),
    }


def _recent(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.day > rows.day.max() - ibis.interval(days=terms.HISTORY_DAYS))


def known_of(day: dt.date, inputs: Mapping[str, pa.Table]) -> Known:
    """Return what is known at the end of a day of each unit and product that is forecast."""
    future = pc.field("target_day") > pa.scalar(day, pa.date32())
    forecast = inputs["forecast"].filter(future)
    rows = forecast.sort_by(
        [("unit_id", "ascending"), ("product_id", "ascending"), ("target_day", "ascending")]
    )
    days = len(rows["target_day"].unique())
    shape = (rows.num_rows // max(days, 1), days)
    numbers = {name: rows[name].to_numpy().reshape(shape) for name in QUANTILES}
    unit = rows["unit_id"].to_numpy().reshape(shape)[:, 0] if days else np.zeros(0, np.int64)
    product = rows["product_id"].to_numpy().reshape(shape)[:, 0] if days else np.zeros(0, np.int64)
    keys = list(zip(unit.tolist(), product.tolist(), strict=True))
    stock, sold = _by_owner(inputs["stock"]), _by_owner(inputs["sold"])
    units = {row["unit_id"]: row for row in inputs["units"].to_pylist()}
    names = {row["product_id"]: row["product_name"] for row in inputs["menu"].to_pylist()}
    stocked = [stock.get(key, {}) for key in keys]
    seen = [sold.get(key, {}) for key in keys]
    pieces, squares, revenue = (
        np.array([row.get(name) or 0.0 for row in seen], np.float64)
        for name in ("pieces", "squares", "revenue")
    )
    count = np.array([units.get(u, {}).get("known_days") or 0 for u, _ in keys], np.float64)
    price = np.round(revenue / np.maximum(pieces, 1), 2)
    cost = np.array([row.get("unit_cost") or 0.0 for row in stocked], np.float64)
    measured = np.array(
        [(row.get("timed_deliveries") or 0) >= terms.FEWEST_TIMED for row in stocked], np.bool_
    )
    return Known(
        unit_id=unit.astype(np.int64),
        product_id=product.astype(np.int64),
        unit_name=[units.get(u, {}).get("unit_name") or f"Unidade {u}" for u, _ in keys],
        product_name=[names.get(p) or f"Produto {p}" for _, p in keys],
        forecast=Forecast(**numbers),
        supply=_supply(product, stocked, measured),
        stock_known=np.array([row.get("on_hand") is not None for row in stocked], np.bool_),
        lead_measured=measured,
        price=price,
        cost=np.where(cost > 0, cost, np.round(terms.COST_SHARE * price, 2)),
        revenue=revenue,
        variation=_variation(pieces, squares, count),
    )


def _by_owner(rows: pa.Table) -> dict[tuple[int, int], dict[str, float]]:
    return {(row["unit_id"], row["product_id"]): row for row in rows.to_pylist()}


def _variation(pieces: Numbers, squares: Numbers, days: Numbers) -> Numbers:
    """Return standard deviation ÷ mean of daily pieces; days without a sale count as 0."""
    count = np.maximum(days, 1)
    mean = pieces / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    return np.where(mean > 0, deviation / np.maximum(mean, 1e-9), np.inf)


def _supply(product: Whole, stocked: list[dict[str, float]], measured: NDArray[np.bool_]) -> Supply:
    agreed = [terms.TERMS.get(number, terms.DEFAULT) for number in product.tolist()]
    lead = np.array([each.lead_days for each in agreed], np.float64)
    spread = np.array([each.lead_days_variance for each in agreed], np.float64)
    found = np.array([row.get("lead_days") or 0.0 for row in stocked], np.float64)
    found_spread = np.array([row.get("lead_days_variance") or 0.0 for row in stocked], np.float64)
    return Supply(
        on_hand=np.array([row.get("on_hand") or 0 for row in stocked], np.int64),
        on_order=np.array([row.get("on_order") or 0 for row in stocked], np.int64),
        lead_days=np.where(measured, found, lead),
        lead_days_variance=np.where(measured, found_spread, spread),
        lot=np.array([each.lot for each in agreed], np.int64),
        shelf_days=np.array([each.shelf_days for each in agreed], np.int64),
    )

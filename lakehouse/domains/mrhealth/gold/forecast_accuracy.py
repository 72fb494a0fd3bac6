"""What was promised for the last 28 days, and what came."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.demand.history import MEASURES, ORDERS, PIECES, REVENUE
from lakehouse.domains.mrhealth.gold.demand_forecast import demand_forecast as of_products
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_forecast import unit_forecast as of_units
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions, last_days

STEPS = (1, 7, 14, 28)
"""Days ahead of the forecasts that are compared."""
TARGET_DAYS = 28
"""Days up to the newest one for which they are compared."""


class ForecastAccuracy(TableModel, key=("target_day", "unit_id", "measure", "step")):
    """One forecast of one measure of one unit, with what came."""

    target_day: dt.date = pa.Field(description="Day that was forecast, at most 27 days ago")
    unit_id: int = pa.Field(description="Number of the unit")
    measure: str = pa.Field(
        isin=MEASURES,
        description="What was forecast: orders (number of orders of any status), pieces (number of"
        " pieces in them) or revenue (value of finished orders in BRL)",
    )
    step: int = pa.Field(isin=STEPS, description="Number of days between forecast and target day")
    promised_day: dt.date = pa.Field(description="Day at whose end the forecast was made")
    expected: Decimal(18, 2) = pa.Field(description="Expected value in the measure")
    q05: Decimal(18, 2) = pa.Field(description="Lower end of the 90 % interval in the measure")
    q95: Decimal(18, 2) = pa.Field(description="Upper end of the 90 % interval in the measure")
    actual: Decimal(18, 2) = pa.Field(description="Value that came, in the measure")
    error: Decimal(18, 2) = pa.Field(description="actual − expected, in the measure")
    is_inside: bool = pa.Field(description="Whether the value that came is in the 90 % interval")
    model: str = pa.Field(description="Method of the forecast, see docs/forecast.md")
    products: int = pa.Field(
        nullable=True, description="Number of products with a forecast; null but for pieces"
    )
    products_inside: int = pa.Field(
        nullable=True,
        description="Number of them whose pieces are in their 90 % interval; null but for pieces",
    )
    products_error: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Sum over products of the distance between actual and expected number of"
        " pieces; null but for pieces",
    )


def _measured(rows: ir.Table, measure: str) -> ir.Table:
    return rows.select(
        "day",
        "unit_id",
        measure=ibis.literal(measure),
        actual=rows[measure].cast("decimal(18, 2)"),
    )


def _compared(promised: ir.Table) -> ir.Table:
    """Return the forecasts that are compared, with the days from forecast to target."""
    step = promised.target_day.delta(promised.day, unit="day").cast("int64")
    dated = promised.mutate(step=step).rename(promised_day="day")
    return dated.filter(dated.step.isin(STEPS))


def _of_products(promised: ir.Table, itemized: ir.Table, sold: ir.Table) -> ir.Table:
    """Return how many products of a unit and day were in their interval, and their errors."""
    days = itemized.select(target_day="day", unit_id="unit_id")
    known = promised.semi_join(days, ["target_day", "unit_id"])
    quantity = sold.select("unit_id", "product_id", "quantity", target_day="day")
    joined = known.left_join(quantity, ["target_day", "unit_id", "product_id"])  # one to one
    came = joined.quantity.fill_null(0).cast("decimal(18, 2)")
    compared = joined.select(
        "target_day",
        "unit_id",
        "step",
        inside=came.between(joined.q05, joined.q95).cast("int64"),
        apart=(came - joined.expected).abs().cast("decimal(18, 2)"),
    )
    return compared.group_by("target_day", "unit_id", "step").agg(
        measure=ibis.literal(PIECES),
        products=compared.count(),
        products_inside=compared.inside.sum().cast("int64"),
        products_error=compared.apart.sum().cast("decimal(18, 2)"),
    )


@gold_as_of(
    contract=ForecastAccuracy,
    reads=[
        last_days(of_units, TARGET_DAYS + max(STEPS)),
        last_days(of_products, TARGET_DAYS + max(STEPS)),
        sales_by_day,
        products_sold,
    ],
    options=TableOptions(embedded=True),
)
def forecast_accuracy(
    of_unit: ir.Table, of_product: ir.Table, sales: ir.Table, sold: ir.Table
) -> ir.Table:
    """Forecasts 1, 7, 14 and 28 days ahead for each of the last 28 days, with what came.

    Forecasts are those that were stored, also after the method changed. Days without a delivery
    have no row, because what came is unknown.
    """
    since = sales.day.max() - ibis.interval(days=TARGET_DAYS)
    recent = sales.filter(sales.day > since)
    known = recent.filter(recent.delivered | (recent.orders > 0))
    quantity = sold.group_by("day", "unit_id").agg(pieces=sold.quantity.sum())
    joined = known.left_join(quantity, ["day", "unit_id"])  # one to one
    by_unit = joined.select(
        "day", "unit_id", "orders", "revenue", pieces=joined.pieces.fill_null(0)
    )
    itemized = by_unit.filter((by_unit.orders == 0) | (by_unit.pieces > 0))
    came = ibis.union(
        _measured(by_unit, ORDERS), _measured(by_unit, REVENUE), _measured(itemized, PIECES)
    )
    promised = _compared(of_unit)
    both = promised.inner_join(  # one value for each of a unit's forecasts
        came,
        [
            promised.target_day == came.day,
            promised.unit_id == came.unit_id,
            promised.measure == came.measure,
        ],
    )
    both = both.select(*promised.columns, "actual")
    products = _of_products(_compared(of_product), itemized, sold)
    found = both.left_join(products, ["target_day", "unit_id", "measure", "step"])  # one to one
    return found.select(
        "target_day",
        "unit_id",
        "measure",
        "step",
        "promised_day",
        "expected",
        "q05",
        "q95",
        "actual",
        error=(found.actual - found.expected).cast("decimal(18, 2)"),
        is_inside=found.actual.between(found.q05, found.q95),
        model=found.model,
        products=found.products,
        products_inside=found.products_inside,
        products_error=found.products_error,
    ).order_by("target_day", "unit_id", "measure", "step")

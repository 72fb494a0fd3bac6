"""Forecast of orders, pieces and revenue of each unit on the next 28 days."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.demand import MODULES
from lakehouse.domains.mrhealth.demand.history import MEASURES, inputs_of
from lakehouse.domains.mrhealth.demand.tables import unit_rows
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.forecasting.panel.columns import ForecastValues
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class MeasureOfUnit(TableModel):
    """A measure of a unit on a future day."""

    target_day: dt.date = pa.Field(description="Future day, 1 to 28 days after the day")
    unit_id: int = pa.Field(description="Number of the unit")
    measure: str = pa.Field(
        isin=MEASURES,
        description="What is forecast: orders (number of orders of any status), pieces (number of"
        " pieces in them) or revenue (value of finished orders in BRL)",
    )


class UnitForecast(
    ForecastValues,
    MeasureOfUnit,
    key=("target_day", "unit_id", "measure"),
    noun="value in the measure",
):
    """One measure of one unit on one future day."""


@gold_as_of(
    contract=UnitForecast,
    reads=[products_sold, sales_by_day, products_by_day, units_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def unit_forecast(sold: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table) -> PythonRows:
    """Orders, pieces and revenue that each unit is expected to have on the 28 days after the day.

    It has every unit as of the day. Days without a delivery are unknown, not zero. Quantiles come
    from the errors of the same method on earlier days.
    """
    return PythonRows(inputs=inputs_of(sold, sales, menu, units), compute=unit_rows)

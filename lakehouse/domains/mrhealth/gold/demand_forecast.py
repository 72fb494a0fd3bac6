"""Forecast of the pieces of each product that each unit sells on the next 28 days."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.demand import MODULES
from lakehouse.domains.mrhealth.demand.history import inputs_of
from lakehouse.domains.mrhealth.demand.tables import product_rows
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.forecasting.panel.columns import ForecastValues
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class ProductOfUnit(TableModel):
    """A product in a unit on a future day."""

    target_day: dt.date = pa.Field(description="Future day, 1 to 28 days after the day")
    unit_id: int = pa.Field(description="Number of the unit")
    product_id: int = pa.Field(description="Number of the product")


class DemandForecast(
    ForecastValues,
    ProductOfUnit,
    key=("target_day", "unit_id", "product_id"),
    noun="number of pieces",
):
    """One product in one unit on one future day."""


@gold_as_of(
    contract=DemandForecast,
    reads=[products_sold, sales_by_day, products_by_day, units_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def demand_forecast(sold: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table) -> PythonRows:
    """Pieces of each product that each unit is expected to sell on the 28 days after the day.

    It has every unit and every product of the menu as of the day. Days without a delivery are
    unknown, not zero. Quantiles come from the errors of the same method on earlier days.
    """
    return PythonRows(inputs=inputs_of(sold, sales, menu, units), compute=product_rows)

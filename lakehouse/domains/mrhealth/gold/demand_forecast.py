"""Forecast of the pieces of each product that each unit sells on the next 28 days."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.demand import MODULES
from lakehouse.domains.mrhealth.demand.history import inputs_of
from lakehouse.domains.mrhealth.demand.tables import product_rows
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class DemandForecast(TableModel, key=("target_day", "unit_id", "product_id")):
    """One product in one unit on one future day."""

    target_day: dt.date = pa.Field(description="Future day, 1 to 28 days after the day")
    unit_id: int = pa.Field(description="Number of the unit")
    product_id: int = pa.Field(description="Number of the product")
    expected: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Expected number of pieces in orders of any status; only these may be added up"
        " over products, units and days",
    )
    q05: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 95 %"
    )
    q25: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 75 %"
    )
    q50: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 50 %"
    )
    q75: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 25 %"
    )
    q95: Decimal(18, 2) = pa.Field(
        ge=0, description="Number of pieces that is exceeded with a probability of 5 %"
    )
    model: str = pa.Field(
        description="Method that the back-test selected for series of this kind, see"
        " docs/forecast.md"
    )


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

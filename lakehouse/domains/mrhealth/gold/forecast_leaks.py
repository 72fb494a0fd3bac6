"""Proof that no forecast of the back-test knows a later day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.demand import MODULES
from lakehouse.domains.mrhealth.demand.history import inputs_of
from lakehouse.domains.mrhealth.demand.tables import LEVELS, leak_rows
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class ForecastLeaks(TableModel, key=("level", "origin_day")):
    """One origin of the back-test."""

    level: str = pa.Field(isin=LEVELS, description="Series: unit and product, or unit, and measure")
    origin_day: dt.date = pa.Field(description="Last day that is known at the origin")
    compared: int = pa.Field(ge=0, description="Number of forecast values that were compared")
    changed: int = pa.Field(
        ge=0,
        le=0,
        description="Number of them that differ when the rows after the origin are missing or hold"
        " absurd values; 0 without a leak",
    )
    canary_changed: int = pa.Field(
        ge=1,
        description="Number of values that are different of a method which is given one day too"
        " many: the search works when it is above 0",
    )


@gold_as_of(
    contract=ForecastLeaks,
    reads=[products_sold, sales_by_day, products_by_day, units_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def forecast_leaks(sold: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table) -> PythonRows:
    """Values of the back-test that change with days after their origin, by level and origin.

    All methods forecast from the history as cut, from one built again from the rows up to the
    origin, and from one with absurd values after it. A leak breaks the contract: the check of the
    day fails and names the rule.
    """
    return PythonRows(inputs=inputs_of(sold, sales, menu, units), compute=leak_rows)

"""Forecast of orders, pieces and revenue of each state and of the chain on the next 28 days."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.demand.areas import LEVELS, MODULES, area_rows
from lakehouse.domains.mrhealth.demand.history import MEASURES, inputs_of
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.forecasting.panel.columns import ForecastValues
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class MeasureOfArea(TableModel):
    """A measure of a state or of the chain on a future day."""

    target_day: dt.date = pa.Field(description="Future day, 1 to 28 days after the day")
    level: str = pa.Field(isin=LEVELS, description="state (units of a state) or chain (all units)")
    country_name: str = pa.Field(
        nullable=True, description="Name of the country; null for the chain, and when unknown"
    )
    state_name: str = pa.Field(
        nullable=True, description="Name of the state; null for the chain, and when unknown"
    )
    measure: str = pa.Field(
        isin=MEASURES,
        description="What is forecast: orders (number of orders of any status), pieces (number of"
        " pieces in them) or revenue (value of finished orders in BRL)",
    )
    units: int = pa.Field(gt=0, description="Number of units that are added up")


class AreaForecast(
    ForecastValues,
    MeasureOfArea,
    key=("target_day", "level", "country_name", "state_name", "measure"),
    noun="value in the measure",
):
    """One measure of one state or of the chain on one future day."""

    model: str = pa.Field(description="sum_of_units: the sum of the forecasts of the units")
    coverage_pct: Decimal(18, 4) = pa.Field(
        nullable=True,
        ge=0,
        le=100,
        description="Values in their 90 % interval, in percent, in the back-test of this level,"
        " measure and week ahead; null if nothing was compared",
    )
    forecasts: int = pa.Field(ge=0, description="Number of values that were compared for it")


@gold_as_of(
    contract=AreaForecast,
    reads=[products_sold, sales_by_day, products_by_day, units_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def area_forecast(sold: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table) -> PythonRows:
    """Orders, pieces and revenue that each state and the chain are expected to have in 28 days.

    Expected values are the sums of those of the units. Quantiles come from the errors of the sums
    on earlier days, because the sum of quantiles is not the quantile of a sum.
    """
    return PythonRows(inputs=inputs_of(sold, sales, menu, units), compute=area_rows)

"""Forecast of the pieces of each product that each region sells on the next 28 days."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.demand import MODULES, demand_rows, inputs_of
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.forecasting.panel.columns import ForecastValues
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class ProductOfRegion(TableModel):
    """A product in a region on a future day."""

    target_day: dt.date = pa.Field(description="Future day, 1 to 28 days after the day")
    product_id: int = pa.Field(description="Number of the product")
    region: str = pa.Field(
        isin=rules.REGIONS, description="Region of the sales: Centro, Leste, Norte, Oeste or Sul"
    )


class DemandForecast(
    ForecastValues,
    ProductOfRegion,
    key=("target_day", "product_id", "region"),
    noun="number of pieces",
):
    """One product in one region on one future day."""


@gold_as_of(
    contract=DemandForecast,
    reads=[sales_fact],
    options=TableOptions(python=MODULES, embedded=True),
)
def demand_forecast(sales: ir.Table) -> PythonRows:
    """Pieces of each product that each region is expected to sell on the 28 days after the day.

    It has every product with a sale within a year, in every region. Quantiles come from the errors
    of the same method on earlier days.
    """
    return PythonRows(inputs=inputs_of(sales), compute=demand_rows)

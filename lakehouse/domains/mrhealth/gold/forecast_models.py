"""Errors of every forecast method, and how often its intervals held."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.demand import MODULES
from lakehouse.domains.mrhealth.demand.history import inputs_of
from lakehouse.domains.mrhealth.demand.tables import LEVELS, model_rows
from lakehouse.domains.mrhealth.gold.dim_product import dim_product as products_by_day
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as sales_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as products_sold
from lakehouse.platform.forecasting.panel.contest import GROUPS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class ForecastModels(TableModel, key=("level", "series_group", "method", "week")):
    """One method on one group of series, for one week ahead."""

    level: str = pa.Field(isin=LEVELS, description="Series: unit and product, or unit, and measure")
    series_group: str = pa.Field(
        isin=GROUPS, description="Group of series by how often and how much they sell"
    )
    method: str = pa.Field(description="Name of the model or baseline, see docs/forecast.md")
    week: int = pa.Field(ge=1, le=4, description="Week ahead: 1 for the days 1 to 7, up to 4")
    series: int = pa.Field(gt=0, description="Number of series in the group")
    forecasts: int = pa.Field(gt=0, description="Number of forecasts that were compared")
    mase: Decimal(18, 4) = pa.Field(
        ge=0,
        description="Mean absolute error as a number of usual changes, the mean absolute change of"
        " the series within a week; below 1 is better than repeating the week before",
    )
    coverage_pct: Decimal(18, 4) = pa.Field(
        nullable=True,
        ge=0,
        le=100,
        description="Values in their 90 % interval, in percent; null unless published",
    )
    is_published: bool = pa.Field(description="Whether the group is forecast with the method")


@gold_as_of(
    contract=ForecastModels,
    reads=[products_sold, sales_by_day, products_by_day, units_by_day],
    options=TableOptions(python=MODULES, embedded=True),
)
def forecast_models(sold: ir.Table, sales: ir.Table, menu: ir.Table, units: ir.Table) -> PythonRows:
    """Errors of all methods in the back-test of the day, and the coverage of the published ones.

    Only the newer days of the back-test are counted. Their intervals come from errors that were
    known when the forecasts were made.
    """
    return PythonRows(inputs=inputs_of(sold, sales, menu, units), compute=model_rows)

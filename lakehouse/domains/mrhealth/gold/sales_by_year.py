"""Orders and revenue by year, unit and country."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day as sales_by_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import newest_by


class SalesByYear(TableModel, key=("year", "unit_id", "country_name")):
    year: int = pa.Field(description="Year of the orders")
    unit_id: int = pa.Field(description="Number of the unit")
    unit_name: str = pa.Field(
        nullable=True, description="Name of the unit, the newest known; null when unknown"
    )
    country_name: str = pa.Field(
        nullable=True, description="Name of the country; null when unknown"
    )
    orders: int = pa.Field(gt=0, description="Number of orders of any status")
    completed_orders: int = pa.Field(ge=0, description="Number of finished orders")
    revenue: Decimal(18, 2) = pa.Field(
        description="Value of finished orders in BRL, delivery fee included"
    )


@gold_as_of(contract=SalesByYear, reads=[sales_by_day, units_by_day])
def sales_by_year(sales: ir.Table, units: ir.Table) -> ir.Table:
    """Orders and revenue by year, unit and the unit's country on the date of the order."""
    by_year = sales.group_by(sales.day.year().name("year"), "unit_id", "country_name").agg(
        orders=sales.orders.sum(),
        completed_orders=sales.completed_orders.sum(),
        revenue=sales.revenue.sum().cast("decimal(18, 2)"),
    )
    names = newest_by(units, "unit_id", at="day").select("unit_id", "unit_name")
    named = by_year.left_join(names, "unit_id")  # many sums to one unit
    return named.select(
        "year", "unit_id", "unit_name", "country_name", "orders", "completed_orders", "revenue"
    ).order_by(ibis.desc("year"), "unit_id", "country_name")

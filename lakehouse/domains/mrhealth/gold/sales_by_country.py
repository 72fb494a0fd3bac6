"""Orders and revenue by country."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day as sales_by_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class SalesByCountry(TableModel, key=("country_name",)):
    country_name: str = pa.Field(
        nullable=True, description="Name of the country; null when unknown"
    )
    orders: int = pa.Field(gt=0, description="Number of orders of any status")
    completed_orders: int = pa.Field(ge=0, description="Number of finished orders")
    revenue: Decimal(18, 2) = pa.Field(
        description="Value of finished orders in BRL, delivery fee included"
    )


@gold_as_of(contract=SalesByCountry, reads=[sales_by_day])
def sales_by_country(sales: ir.Table) -> ir.Table:
    """Orders and revenue by the country in which the unit was located on the date of the order."""
    return (
        sales.group_by("country_name")
        .agg(
            orders=sales.orders.sum(),
            completed_orders=sales.completed_orders.sum(),
            revenue=sales.revenue.sum().cast("decimal(18, 2)"),
        )
        .order_by("country_name")
    )

"""Orders and revenue by country."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import sum_where


class SalesByCountry(TableModel, key=("country_name",)):
    country_name: str = pa.Field(
        nullable=True, description="Name of the country; null when unknown"
    )
    orders: int = pa.Field(gt=0, description="Number of orders of any status")
    completed_orders: int = pa.Field(ge=0, description="Number of finished orders")
    revenue: Decimal(18, 2) = pa.Field(
        description="Value of finished orders in BRL, delivery fee included"
    )


@gold_as_of(contract=SalesByCountry, reads=[orders_fact, units_by_day])
def sales_by_country(orders: ir.Table, units: ir.Table) -> ir.Table:
    """Orders and revenue by the country in which the unit was located on the date of the order."""
    placed = orders.left_join(units, ["day", "unit_id"])  # many orders to one unit of the day
    finished = placed.status == rules.FINISHED
    return (
        placed.group_by("country_name")
        .agg(
            orders=placed.count(),
            completed_orders=placed.count(where=finished),
            revenue=sum_where(placed.order_value, finished),
        )
        .order_by("country_name")
    )

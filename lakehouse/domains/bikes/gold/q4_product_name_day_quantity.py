"""Question 4, second reading: number of pieces by product name and calendar day."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.q4_product_day_quantity import q4_product_day_quantity
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q4ProductNameDayQuantity(TableModel, key=("name", "order_day")):
    name: str = pa.Field(description="Name of the product in English")
    order_day: dt.date = pa.Field(description="Date on which the orders were placed")
    order_qty: int = pa.Field(gt=0, description="Number of pieces ordered")


@gold_as_of(contract=Q4ProductNameDayQuantity, reads=[q4_product_day_quantity])
def q4_product_name_day_quantity(quantities: ir.Table) -> ir.Table:
    """Number of pieces by product name and calendar day, highest first."""
    return (
        quantities.group_by("name", order_day=quantities.order_date.date())
        .agg(order_qty=quantities.order_qty.sum())
        .order_by(ibis.desc("order_qty"), "name", "order_day")
    )

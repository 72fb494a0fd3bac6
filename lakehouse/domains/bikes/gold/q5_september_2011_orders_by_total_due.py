"""Question 5, second reading: number of orders by equal total."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.bikes.gold.q5_september_2011_orders import q5_september_2011_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q5September2011OrdersByTotalDue(TableModel, key=("total_due",)):
    total_due: Decimal(19, 4) = pa.Field(description="Total to be paid in USD")
    orders: int = pa.Field(gt=0, description="Number of orders with exactly this total")


@gold_as_of(contract=Q5September2011OrdersByTotalDue, reads=[q5_september_2011_orders])
def q5_september_2011_orders_by_total_due(orders: ir.Table) -> ir.Table:
    """Number of orders by their total, highest total first."""
    counted = orders.group_by("total_due").agg(orders=orders.count())
    return counted.order_by(ibis.desc("total_due"))

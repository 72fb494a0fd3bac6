"""Question 1: number of orders with at least three lines."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.q1_orders_with_three_lines_list import (
    q1_orders_with_three_lines_list,
)
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Q1OrdersWithThreeLines(TableModel):
    orders: int = pa.Field(ge=0, description="Number of orders with at least three lines")


@gold_as_of(contract=Q1OrdersWithThreeLines, reads=[q1_orders_with_three_lines_list])
def q1_orders_with_three_lines(listed: ir.Table) -> ir.Table:
    """Number of orders with at least three lines, in one row."""
    return listed.agg(orders=listed.count())

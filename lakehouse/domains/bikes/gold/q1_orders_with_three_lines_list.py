"""Question 1, second reading: the orders with at least three lines."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of

LEAST_LINES = 3


class Q1OrdersWithThreeLinesList(TableModel, key=("sales_order_id",)):
    sales_order_id: int = pa.Field(description="Number of the order")
    lines: int = pa.Field(ge=LEAST_LINES, description="Number of lines of the order")


@gold_as_of(contract=Q1OrdersWithThreeLinesList, reads=[fact_order_lines])
def q1_orders_with_three_lines_list(lines: ir.Table) -> ir.Table:
    """Orders with at least three lines, by order number."""
    orders = lines.group_by("sales_order_id").agg(lines=lines.count())
    return orders.filter(orders.lines >= LEAST_LINES).order_by("sales_order_id")

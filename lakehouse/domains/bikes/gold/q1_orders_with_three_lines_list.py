"""Question 1, second reading: which orders have at least three lines, and how many."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.fact_order_lines import fact_order_lines
from lakehouse.platform.tables.declare import view

LEAST_LINES = 3


class Q1OrdersWithThreeLinesList(pa.DataFrameModel):
    sales_order_id: int = pa.Field(description="Order number")
    lines: int = pa.Field(ge=LEAST_LINES, description="Lines of the order")

    class Config:
        """One row per key."""

        strict = True
        unique = ["sales_order_id"]


@view(contract=Q1OrdersWithThreeLinesList, reads=[fact_order_lines])
def q1_orders_with_three_lines_list(lines: ir.Table) -> ir.Table:
    """Orders of three lines and more, by order number."""
    orders = lines.group_by("sales_order_id").agg(lines=lines.count())
    return orders.filter(orders.lines >= LEAST_LINES).order_by("sales_order_id")

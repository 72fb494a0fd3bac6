"""Question 1: how many orders have at least three lines."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes.gold.q1_orders_with_three_lines_list import (
    q1_orders_with_three_lines_list,
)
from lakehouse.platform.tables.declare import view


class Q1OrdersWithThreeLines(pa.DataFrameModel):
    orders: int = pa.Field(ge=0, description="Orders of three lines and more")

    class Config:
        """One row in all."""

        strict = True


@view(contract=Q1OrdersWithThreeLines, reads=[q1_orders_with_three_lines_list])
def q1_orders_with_three_lines(listed: ir.Table) -> ir.Table:
    """One row, the count."""
    return listed.agg(orders=listed.count())

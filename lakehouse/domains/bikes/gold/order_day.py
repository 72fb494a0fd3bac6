"""Orders by day, for the line chart of the dashboard; stores order at the end of a month."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class OrderDay(TableModel, key=("day",)):
    day: dt.date = pa.Field(description="Date of the orders")
    orders: int = pa.Field(gt=0, description="Number of orders")
    online_orders: int = pa.Field(ge=0, description="Number of orders placed online")
    total_due: Decimal(38, 4) = pa.Field(ge=0, description="Total to be paid for the orders in USD")


@gold(contract=OrderDay, reads=[fact_orders])
def order_day(orders: ir.Table) -> ir.Table:
    """Number of orders and their total by day."""
    return orders.group_by("day").agg(
        orders=orders.count(),
        online_orders=orders.count(where=orders.online_order_flag),
        total_due=orders.total_due.sum(),
    )

"""Question 5: orders of September 2011 above USD 1,000."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of

FIRST, AFTER = dt.datetime(2011, 9, 1), dt.datetime(2011, 10, 1)  # noqa: DTZ001  shop time
MORE_THAN = 1_000


class Q5September2011Orders(TableModel, key=("sales_order_id",)):
    sales_order_id: int = pa.Field(description="Number of the order")
    order_date: Timestamp(scale=6) = pa.Field(description="Time when the order was placed")
    total_due: Decimal(19, 4) = pa.Field(gt=MORE_THAN, description="Total to be paid in USD")


@gold_as_of(contract=Q5September2011Orders, reads=[fact_orders])
def q5_september_2011_orders(orders: ir.Table) -> ir.Table:
    """Orders placed from 1 to 30 September 2011 with a total of more than USD 1,000."""
    is_september = (orders.order_date >= ibis.literal(FIRST)) & (
        orders.order_date < ibis.literal(AFTER)
    )
    found = orders.filter(is_september & (orders.total_due > MORE_THAN))
    columns = Q5September2011Orders.to_schema().columns
    return found.select(*columns).order_by(ibis.desc("total_due"), "sales_order_id")

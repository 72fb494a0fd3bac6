"""Orders with their amounts."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class FactOrders(TableModel, key=("sales_order_id",)):
    day: dt.date = pa.Field(description="Date of the order")
    sales_order_id: int = pa.Field(description="Number of the order")
    order_date: Timestamp(scale=6) = pa.Field(description="Time when the order was placed")
    due_date: Timestamp(scale=6) = pa.Field(description="Time when the order is due")
    ship_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="Time when the order was shipped; null until then"
    )
    status: int = pa.Field(description="Status of the order, 1 to 6; 5 is shipped")
    online_order_flag: bool = pa.Field(description="True when the order was placed online")
    customer_id: int = pa.Field(description="Number of the customer")
    sales_person_id: int = pa.Field(
        nullable=True, description="Number of the salesperson; null for online orders"
    )
    territory_id: int = pa.Field(
        nullable=True, description="Number of the sales territory; null when unknown"
    )
    sub_total: Decimal(19, 4) = pa.Field(description="Sum of the order lines in USD")
    tax_amt: Decimal(19, 4) = pa.Field(description="Tax in USD")
    freight: Decimal(19, 4) = pa.Field(description="Freight in USD")
    total_due: Decimal(19, 4) = pa.Field(description="Total to be paid in USD")


@gold(contract=FactOrders, reads=[order_headers])
def fact_orders(orders: ir.Table) -> ir.Table:
    """Orders, one row each; sum amounts of orders from this table, never from order lines."""
    return orders.select(*FactOrders.to_schema().columns)

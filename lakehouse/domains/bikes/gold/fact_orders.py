"""Orders with their amounts, at order grain."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.platform.tables.declare import gold


class FactOrders(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day of the order")
    sales_order_id: int = pa.Field(description="Order number")
    order_date: Timestamp(scale=6) = pa.Field(description="When it was placed")
    due_date: Timestamp(scale=6) = pa.Field(description="When it is due")
    ship_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="When it was shipped; null while it was not"
    )
    status: int = pa.Field(description="1 to 6; 5 is shipped")
    online_order_flag: bool = pa.Field(description="Whether it was placed online")
    customer_id: int = pa.Field(description="Customer number")
    sales_person_id: int = pa.Field(nullable=True, description="Salesperson; null when online")
    territory_id: int = pa.Field(nullable=True, description="Sales territory")
    sub_total: Decimal(19, 4) = pa.Field(description="Sum of the lines in US$")
    tax_amt: Decimal(19, 4) = pa.Field(description="Tax in US$")
    freight: Decimal(19, 4) = pa.Field(description="Freight in US$")
    total_due: Decimal(19, 4) = pa.Field(description="To be paid in US$")

    class Config:
        """One row per key."""

        strict = True
        unique = ["sales_order_id"]


@gold(contract=FactOrders, reads=[order_headers])
def fact_orders(orders: ir.Table) -> ir.Table:
    """One row per order; amounts of an order are added up from here, never from its lines."""
    return orders.select(*FactOrders.to_schema().columns)

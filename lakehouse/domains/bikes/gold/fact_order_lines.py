"""Lines of orders with their amounts, at line grain."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import all_days


class FactOrderLines(pa.DataFrameModel):
    day: dt.date = pa.Field(description="Day of the line")
    sales_order_id: int = pa.Field(description="Order number")
    sales_order_detail_id: int = pa.Field(description="Line number")
    order_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="When the order was placed; null when the order is not known"
    )
    customer_id: int = pa.Field(
        nullable=True, description="Customer of the order; null when the order is not known"
    )
    product_id: int = pa.Field(description="Product number")
    special_offer_id: int = pa.Field(description="Offer number; 1 is no discount")
    order_qty: int = pa.Field(gt=0, description="Pieces")
    unit_price: Decimal(19, 4) = pa.Field(description="Price of one piece in US$")
    unit_price_discount: Decimal(19, 4) = pa.Field(description="Discount as a share of the price")
    line_total: Decimal(38, 6) = pa.Field(description="Amount of the line in US$")

    class Config:
        """One row per key."""

        strict = True
        unique = ["sales_order_id", "sales_order_detail_id"]


@gold(contract=FactOrderLines, reads=[order_details, all_days(order_headers)])
def fact_order_lines(lines: ir.Table, orders: ir.Table) -> ir.Table:
    """Every line once, with the order it belongs to, whichever of them came first."""
    placed = orders.select("sales_order_id", "order_date", "customer_id")
    joined = lines.left_join(placed, "sales_order_id")  # many lines to one order
    return joined.select(*FactOrderLines.to_schema().columns)

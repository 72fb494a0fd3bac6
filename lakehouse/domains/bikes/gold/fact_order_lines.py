"""Order lines with their amounts and the date and customer of their order."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes.silver.order_details import order_details
from lakehouse.domains.bikes.silver.order_headers import order_headers
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import all_days


class FactOrderLines(TableModel, key=("sales_order_id", "sales_order_detail_id")):
    day: dt.date = pa.Field(description="Date of the line")
    sales_order_id: int = pa.Field(description="Number of the order")
    sales_order_detail_id: int = pa.Field(description="Number of the line")
    order_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="Time when the order was placed; null when the order is unknown"
    )
    customer_id: int = pa.Field(
        nullable=True, description="Number of the order's customer; null when the order is unknown"
    )
    product_id: int = pa.Field(description="Number of the product")
    special_offer_id: int = pa.Field(description="Number of the special offer; 1 means no discount")
    order_qty: int = pa.Field(gt=0, description="Number of pieces")
    unit_price: Decimal(19, 4) = pa.Field(description="Price of one piece in USD")
    unit_price_discount: Decimal(19, 4) = pa.Field(
        description="Discount as a share of the price, 0 to 1"
    )
    line_total: Decimal(38, 6) = pa.Field(
        description="Amount of the line in USD, discount deducted"
    )


@gold(contract=FactOrderLines, reads=[order_details, all_days(order_headers)])
def fact_order_lines(lines: ir.Table, orders: ir.Table) -> ir.Table:
    """Order lines, each with its order, whichever of the two was received first."""
    placed = orders.select("sales_order_id", "order_date", "customer_id")
    joined = lines.left_join(placed, "sales_order_id")  # many lines to one order
    return joined.select(*FactOrderLines.to_schema().columns)

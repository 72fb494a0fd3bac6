"""Lines of orders: product, number of pieces and price."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import ORDER_DETAILS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class OrderDetails(TableModel, key=("sales_order_id", "sales_order_detail_id")):
    """One line of one order."""

    day: dt.date = pa.Field(description="Date of modified_date")
    sales_order_id: int = pa.Field(description="Number of the order")
    sales_order_detail_id: int = pa.Field(description="Number of the line, unique over all orders")
    carrier_tracking_number: str = pa.Field(
        nullable=True, description="Tracking number of the carrier; null when there is none"
    )
    order_qty: int = pa.Field(
        gt=0, metadata={"reason": "bad_quantity"}, description="Number of pieces"
    )
    product_id: int = pa.Field(description="Number of the product")
    special_offer_id: int = pa.Field(description="Number of the special offer; 1 means no discount")
    unit_price: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Price of one piece in USD"
    )
    unit_price_discount: Decimal(19, 4) = pa.Field(
        ge=0,
        le=1,
        metadata={"reason": "bad_amount"},
        description="Discount as a share of the price, 0 to 1",
    )
    line_total: Decimal(38, 6) = pa.Field(
        ge=0,
        metadata={"reason": "bad_amount"},
        description="Amount of the line in USD, discount deducted",
    )
    rowguid: str = pa.Field(description="Identifier of the row in the shop's database, a UUID")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="Time of the last change of the line, which is the time of its order"
    )


@silver(contract=OrderDetails, reads=[ORDER_DETAILS.bronze])
def order_details(rows: ir.Table) -> ir.Table:
    """Valid order lines; of two rows with the same key the one of the newest delivery wins."""
    return rules.typed(rows, OrderDetails, ORDER_DETAILS)

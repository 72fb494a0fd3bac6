"""Lines of orders: which product, how many, at which price."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import ORDER_DETAILS
from lakehouse.platform.tables.declare import silver


class OrderDetails(pa.DataFrameModel):
    """One line of one order."""

    day: dt.date = pa.Field(description="Day of the line, its modified_date")
    sales_order_id: int = pa.Field(description="Order number")
    sales_order_detail_id: int = pa.Field(description="Line number, unique over all orders")
    carrier_tracking_number: str = pa.Field(
        nullable=True, description="The carrier's number of the parcel"
    )
    order_qty: int = pa.Field(gt=0, metadata={"reason": "bad_quantity"}, description="Pieces")
    product_id: int = pa.Field(description="Product number")
    special_offer_id: int = pa.Field(description="Offer number; 1 is no discount")
    unit_price: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Price of one piece in US$"
    )
    unit_price_discount: Decimal(19, 4) = pa.Field(
        ge=0,
        le=1,
        metadata={"reason": "bad_amount"},
        description="Discount as a share of the price, 0 to 1",
    )
    line_total: Decimal(38, 6) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Amount of the line in US$"
    )
    rowguid: str = pa.Field(description="Identity of the row")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="When the line was last changed: when its order was placed"
    )

    class Config:
        """One row per key."""

        strict = True
        unique = ["sales_order_id", "sales_order_detail_id"]


@silver(contract=OrderDetails, reads=[ORDER_DETAILS.bronze])
def order_details(landed: ir.Table) -> ir.Table:
    """Lines of orders that can be trusted; the newest delivery of one wins."""
    return rules.typed(landed, OrderDetails, ORDER_DETAILS)

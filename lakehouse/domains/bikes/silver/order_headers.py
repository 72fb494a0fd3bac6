"""Orders: orders with their dates, parties and amounts."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import ORDER_HEADERS
from lakehouse.platform.tables.declare import silver


class OrderHeaders(pa.DataFrameModel):
    """One order."""

    day: dt.date = pa.Field(description="Day of the order")
    sales_order_id: int = pa.Field(description="Order number")
    revision_number: int = pa.Field(
        ge=0, metadata={"reason": "bad_integer"}, description="Revision of the order"
    )
    order_date: Timestamp(scale=6) = pa.Field(description="When it was placed")
    due_date: Timestamp(scale=6) = pa.Field(description="When it is due")
    ship_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="When it was shipped; null while it was not"
    )
    status: int = pa.Field(
        ge=1,
        le=6,
        description="1 in process, 2 approved, 3 backordered, 4 rejected, 5 shipped, 6 cancelled",
    )
    online_order_flag: bool = pa.Field(
        description="Whether it was placed online; else by a salesperson"
    )
    sales_order_number: str = pa.Field(description="Order number for people, SO and the number")
    purchase_order_number: str = pa.Field(
        nullable=True, description="The customer's own number of the order"
    )
    account_number: str = pa.Field(nullable=True, description="Account of the customer")
    customer_id: int = pa.Field(description="Customer number")
    sales_person_id: int = pa.Field(
        nullable=True, description="Salesperson's number; null for an online order"
    )
    territory_id: int = pa.Field(nullable=True, description="Sales territory")
    bill_to_address_id: int = pa.Field(description="Address of the bill")
    ship_to_address_id: int = pa.Field(description="Address of the delivery")
    ship_method_id: int = pa.Field(description="Way of shipping")
    credit_card_id: int = pa.Field(
        nullable=True, description="Number of the stored card, not of the card itself"
    )
    credit_card_approval_code: str = pa.Field(nullable=True, description="The bank's approval")
    currency_rate_id: int = pa.Field(
        nullable=True, description="Currency rate that was used; null in US$"
    )
    sub_total: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Sum of the lines in US$"
    )
    tax_amt: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Tax in US$"
    )
    freight: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Freight in US$"
    )
    total_due: Decimal(19, 4) = pa.Field(
        ge=0,
        metadata={"reason": "bad_amount"},
        description="To be paid in US$: sub_total + tax_amt + freight",
    )
    comment: str = pa.Field(nullable=True, description="Comment of the salesperson")
    rowguid: str = pa.Field(description="Identity of the row")
    modified_date: Timestamp(scale=6) = pa.Field(description="When the row was last changed")

    class Config:
        """One row per key."""

        strict = True
        unique = ["sales_order_id"]


@silver(contract=OrderHeaders, reads=[ORDER_HEADERS.bronze])
def order_headers(landed: ir.Table) -> ir.Table:
    """Orders that can be trusted; the newest delivery of one wins."""
    return rules.typed(landed, OrderHeaders, ORDER_HEADERS)

"""Orders with their dates, parties and amounts."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal, Timestamp

from lakehouse.domains.bikes import rules
from lakehouse.domains.bikes.sources import ORDER_HEADERS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver


class OrderHeaders(TableModel, key=("sales_order_id",)):
    """One order."""

    day: dt.date = pa.Field(description="Date of the order")
    sales_order_id: int = pa.Field(description="Number of the order")
    revision_number: int = pa.Field(
        ge=0, metadata={"reason": "bad_integer"}, description="Number of the order's revision"
    )
    order_date: Timestamp(scale=6) = pa.Field(description="Time when the order was placed")
    due_date: Timestamp(scale=6) = pa.Field(description="Time when the order is due")
    ship_date: Timestamp(scale=6) = pa.Field(
        nullable=True, description="Time when the order was shipped; null until then"
    )
    status: int = pa.Field(
        ge=1,
        le=6,
        description=(
            "Status: 1 in process, 2 approved, 3 backordered, 4 rejected, 5 shipped, 6 cancelled"
        ),
    )
    online_order_flag: bool = pa.Field(
        description="True when the order was placed online, false when by a salesperson"
    )
    sales_order_number: str = pa.Field(
        description="Number of the order as printed for the customer: SO and sales_order_id"
    )
    purchase_order_number: str = pa.Field(
        nullable=True, description="Order number of the customer; null when there is none"
    )
    account_number: str = pa.Field(
        nullable=True, description="Account number of the customer; null when unknown"
    )
    customer_id: int = pa.Field(description="Number of the customer")
    sales_person_id: int = pa.Field(
        nullable=True, description="Number of the salesperson; null for online orders"
    )
    territory_id: int = pa.Field(
        nullable=True, description="Number of the sales territory; null when unknown"
    )
    bill_to_address_id: int = pa.Field(description="Number of the billing address")
    ship_to_address_id: int = pa.Field(description="Number of the delivery address")
    ship_method_id: int = pa.Field(description="Number of the shipping method")
    credit_card_id: int = pa.Field(
        nullable=True,
        description="Number of the stored credit card, not the card number; null without one",
    )
    credit_card_approval_code: str = pa.Field(
        nullable=True, description="Approval code of the bank; null without a credit card"
    )
    currency_rate_id: int = pa.Field(
        nullable=True, description="Number of the exchange rate; null for orders in USD"
    )
    sub_total: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Sum of the order lines in USD"
    )
    tax_amt: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Tax in USD"
    )
    freight: Decimal(19, 4) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Freight in USD"
    )
    total_due: Decimal(19, 4) = pa.Field(
        ge=0,
        metadata={"reason": "bad_amount"},
        description="Total to be paid in USD: sub_total + tax_amt + freight",
    )
    comment: str = pa.Field(
        nullable=True, description="Comment of the salesperson; null when there is none"
    )
    rowguid: str = pa.Field(description="Identifier of the row in the shop's database, a UUID")
    modified_date: Timestamp(scale=6) = pa.Field(
        description="Time of the last change of the row in the shop's database"
    )


@silver(contract=OrderHeaders, reads=[ORDER_HEADERS.bronze])
def order_headers(rows: ir.Table) -> ir.Table:
    """Valid orders; of two rows with the same key the one of the newest delivery wins."""
    return rules.typed(rows, OrderHeaders, ORDER_HEADERS)

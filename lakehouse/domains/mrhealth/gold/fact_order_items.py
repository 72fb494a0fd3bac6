"""Item lines with the status of their order, at item grain."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.order_items import order_items as valid_items
from lakehouse.domains.mrhealth.silver.orders import orders as valid_orders
from lakehouse.platform.tables.declare import gold


class FactOrderItems(pa.DataFrameModel):
    """One item of one order."""

    day: dt.date = pa.Field(description="Day of the order, the same as order_date")
    unit_id: int = pa.Field(description="Unit that took the order")
    order_id: str = pa.Field(description="Order number, unique within unit and day only")
    item_id: str = pa.Field(description="Item number within the order")
    order_date: dt.date = pa.Field(description="Day of the order")
    product_id: int = pa.Field(description="Product sold")
    status: str = pa.Field(isin=rules.STATUSES, description="Status of the order")
    order_type: str = pa.Field(isin=rules.ORDER_TYPES, description="Way of the order")
    quantity: int = pa.Field(gt=0, description="Pieces sold")
    unit_price: Decimal(14, 2) = pa.Field(description="Price of one piece in R$")
    line_total: Decimal(18, 2) = pa.Field(description="quantity × unit_price in R$")
    note: str = pa.Field(nullable=True, description="What the guest asked for")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "unit_id", "order_id", "item_id"]


@gold(contract=FactOrderItems, reads=[valid_items, valid_orders])
def fact_order_items(items: ir.Table, orders: ir.Table) -> ir.Table:
    """One row per attached item; as many rows as silver has."""
    joined = items.join(orders, ["day", "unit_id", "order_id"])  # many items to one order
    return joined.select(
        "day",
        "unit_id",
        "order_id",
        "item_id",
        order_date=joined.day,
        product_id=joined.product_id,
        status=joined.status,
        order_type=joined.order_type,
        quantity=joined.quantity,
        unit_price=joined.unit_price,
        line_total=joined.line_total,
        note=joined.note,
    )

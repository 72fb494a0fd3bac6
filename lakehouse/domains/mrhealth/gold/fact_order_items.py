"""Order items with status and channel of their order."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.order_items import order_items as valid_items
from lakehouse.domains.mrhealth.silver.orders import orders as valid_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class FactOrderItems(TableModel, key=("day", "unit_id", "order_id", "item_id")):
    """One item of one order."""

    day: dt.date = pa.Field(description="Date of the order, equal to order_date")
    unit_id: int = pa.Field(description="Number of the unit that took the order")
    order_id: str = pa.Field(description="Number of the order, unique within its unit and day only")
    item_id: str = pa.Field(description="Number of the item within its order")
    order_date: dt.date = pa.Field(description="Date of the order")
    product_id: int = pa.Field(description="Number of the product")
    status: str = pa.Field(
        isin=rules.STATUSES, description="Status of the order: Finalizado, Pendente or Cancelado"
    )
    order_type: str = pa.Field(
        isin=rules.ORDER_TYPES, description="Channel of the order: ONLINE, PHYSICAL or UNKNOWN"
    )
    quantity: int = pa.Field(gt=0, description="Number of pieces")
    unit_price: Decimal(14, 2) = pa.Field(description="Price of one piece in BRL")
    line_total: Decimal(18, 2) = pa.Field(description="quantity × unit_price in BRL")
    note: str = pa.Field(
        nullable=True,
        metadata={"personal": "note"},
        description="Wish of the guest in free text; null when there is none",
    )


@gold(contract=FactOrderItems, reads=[valid_items, valid_orders])
def fact_order_items(items: ir.Table, orders: ir.Table) -> ir.Table:
    """Items with status and channel of their order; as many rows as in silver."""
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

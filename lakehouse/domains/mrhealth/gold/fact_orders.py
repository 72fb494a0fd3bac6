"""Orders with the totals of their items."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.silver.order_items import order_items as valid_items
from lakehouse.domains.mrhealth.silver.orders import orders as valid_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class FactOrders(TableModel, key=("day", "unit_id", "order_id")):
    """One order."""

    day: dt.date = pa.Field(description="Date of the order, equal to order_date")
    unit_id: int = pa.Field(description="Number of the unit that took the order")
    order_id: str = pa.Field(description="Number of the order, unique within its unit and day only")
    order_date: dt.date = pa.Field(description="Date of the order")
    order_type: str = pa.Field(
        isin=rules.ORDER_TYPES, description="Channel: ONLINE, PHYSICAL or UNKNOWN"
    )
    status: str = pa.Field(isin=rules.STATUSES, description="Finalizado, Pendente or Cancelado")
    order_value: Decimal(14, 2) = pa.Field(
        description="Value of the order in BRL, delivery fee included"
    )
    delivery_fee: Decimal(14, 2) = pa.Field(description="Delivery fee in BRL")
    delivery_address: str = pa.Field(
        nullable=True,
        metadata={"personal": "address"},
        description="Delivery address; null when the order is not delivered",
    )
    items_subtotal: Decimal(14, 2) = pa.Field(description="order_value − delivery_fee in BRL")
    items: int = pa.Field(ge=0, description="Number of items of the order")
    quantity: int = pa.Field(ge=0, description="Number of pieces in the order")
    line_total: Decimal(18, 2) = pa.Field(description="Sum of the item totals in BRL")
    reconciliation_difference: Decimal(18, 2) = pa.Field(
        description="order_value − (line_total + delivery_fee) in BRL; reported, never corrected"
    )
    revenue: Decimal(14, 2) = pa.Field(
        description=(
            "order_value of a finished order in BRL, delivery fee included; 0 for other orders"
        )
    )


@gold(contract=FactOrders, reads=[valid_orders, valid_items])
def fact_orders(orders: ir.Table, items: ir.Table) -> ir.Table:
    """Orders with the totals of their items; use this table to sum money by order."""
    lines = items.group_by("day", "unit_id", "order_id").agg(
        items=items.count(),
        quantity=items.quantity.sum(),
        line_total=items.line_total.sum().cast("decimal(18, 2)"),
    )
    joined = orders.left_join(lines, ["day", "unit_id", "order_id"])  # one order to one sum
    total = joined.line_total.fill_null(0).cast("decimal(18, 2)")
    finished = joined.status == rules.FINISHED
    return joined.select(
        "day",
        "unit_id",
        "order_id",
        "order_date",
        "order_type",
        "status",
        "order_value",
        "delivery_fee",
        "delivery_address",
        items_subtotal=(joined.order_value - joined.delivery_fee).cast("decimal(14, 2)"),
        items=joined["items"].fill_null(0),
        quantity=joined.quantity.fill_null(0).cast("int64"),
        line_total=total,
        reconciliation_difference=(joined.order_value - (total + joined.delivery_fee)).cast(
            "decimal(18, 2)"
        ),
        revenue=finished.ifelse(joined.order_value, 0).cast("decimal(14, 2)"),
    )

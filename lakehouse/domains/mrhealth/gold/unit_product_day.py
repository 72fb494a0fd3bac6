"""Sales of each product by unit and day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.gold.fact_order_items import fact_order_items as items_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.expressions import sum_where


class UnitProductDay(TableModel, key=("day", "unit_id", "product_id")):
    """One product in one unit on one day with orders for it."""

    day: dt.date = pa.Field(description="Date of the orders")
    unit_id: int = pa.Field(description="Number of the unit")
    product_id: int = pa.Field(description="Number of the product")
    orders: int = pa.Field(gt=0, description="Number of orders of any status with the product")
    lines: int = pa.Field(gt=0, description="Number of order lines of any status")
    quantity: int = pa.Field(gt=0, description="Number of pieces in orders of any status")
    line_revenue: Decimal(18, 2) = pa.Field(
        description="Sum of quantity × unit price in BRL over orders of any status"
    )
    completed_line_revenue: Decimal(18, 2) = pa.Field(
        description="Sum of quantity × unit price in BRL over finished orders"
    )


@gold(contract=UnitProductDay, reads=[items_fact])
def unit_product_day(items: ir.Table) -> ir.Table:
    """Sales of each product by unit and day; no row without orders for it.

    Summaries over all days read this table instead of the order items, so that their cost does not
    grow with the number of orders.
    """
    return items.group_by("day", "unit_id", "product_id").agg(
        orders=items.order_id.nunique(),
        lines=items.count(),
        quantity=items.quantity.sum().cast("int64"),
        line_revenue=items.line_total.sum().cast("decimal(18, 2)"),
        completed_line_revenue=sum_where(items.line_total, items.status == rules.FINISHED),
    )

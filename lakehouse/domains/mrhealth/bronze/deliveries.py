"""Received files of orders and items by unit and day."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import bronze


class Deliveries(TableModel):
    """One received file of a unit."""

    day: dt.date = pa.Field(description="Day of the delivery")
    unit: int = pa.Field(description="Number of the unit that delivered")
    subject: str = pa.Field(
        isin=("orders", "order_items"), description="Dataset of the file: orders or order_items"
    )
    file: str = pa.Field(description="Path of the file in the landing zone")
    digest: str = pa.Field(description="SHA-256 of the received bytes")
    status: str = pa.Field(
        description="Status of the file: loaded, superseded, duplicate, rejected or held"
    )
    rows: int = pa.Field(description="Number of rows read from the file")


@bronze(contract=Deliveries, reads=[ORDERS.raw, ORDER_ITEMS.raw])
def deliveries(orders: ir.Table, items: ir.Table) -> ir.Table:
    """Received files of orders and items by unit and day, without single-folder deliveries."""
    columns = ("day", "unit", "digest", "file", "status")
    both = ibis.union(
        orders.select(*columns, subject=ibis.literal("orders"), rows="record_rows"),
        items.select(*columns, subject=ibis.literal("order_items"), rows="record_rows"),
    )
    return both.filter(both.unit.notnull()).select(
        "day", "unit", "subject", "file", "digest", "status", "rows"
    )

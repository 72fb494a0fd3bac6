"""Which unit sent what for which day."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.sources import ORDER_ITEMS, ORDERS
from lakehouse.platform.tables.declare import bronze


class Deliveries(pa.DataFrameModel):
    """One landed file of a unit."""

    day: dt.date = pa.Field(description="Day of the delivery")
    unit: int = pa.Field(description="Unit that delivered")
    subject: str = pa.Field(isin=("orders", "order_items"), description="What the file holds")
    file: str = pa.Field(description="Path in the landing zone")
    digest: str = pa.Field(description="SHA-256 of the landed bytes")
    status: str = pa.Field(description="What became of the file")
    rows: int = pa.Field(description="Rows that were read from it")

    class Config:
        """Strict columns."""

        strict = True


@bronze(contract=Deliveries, reads=[ORDERS.raw, ORDER_ITEMS.raw])
def deliveries(orders: ir.Table, items: ir.Table) -> ir.Table:
    """Landed files of orders and items by unit and day; single-folder deliveries are left out."""
    columns = ("day", "unit", "digest", "file", "status")
    both = ibis.union(
        orders.select(*columns, subject=ibis.literal("orders"), rows="record_rows"),
        items.select(*columns, subject=ibis.literal("order_items"), rows="record_rows"),
    )
    return both.filter(both.unit.notnull()).select(
        "day", "unit", "subject", "file", "digest", "status", "rows"
    )

"""Sales of each unit by channel and day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as known_units
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.domains.mrhealth.measures import sums
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class UnitChannelDay(TableModel, key=("day", "unit_id", "order_type")):
    """One unit with orders of one channel on one day."""

    day: dt.date = pa.Field(description="Date of the orders")
    unit_id: int = pa.Field(description="Number of the unit")
    order_type: str = pa.Field(
        isin=rules.ORDER_TYPES, description="Channel: ONLINE, PHYSICAL or UNKNOWN"
    )
    state_name: str = pa.Field(
        nullable=True, description="Name of the unit's state as of the day; null when unknown"
    )
    country_name: str = pa.Field(
        nullable=True, description="Name of the unit's country as of the day; null when unknown"
    )
    orders: int = pa.Field(gt=0, description="Number of orders of any status")
    completed_orders: int = pa.Field(ge=0, description="Number of finished orders")
    pending_orders: int = pa.Field(ge=0, description="Number of pending orders")
    cancelled_orders: int = pa.Field(ge=0, description="Number of cancelled orders")
    quantity: int = pa.Field(ge=0, description="Number of pieces in orders of any status")
    items_sold: int = pa.Field(ge=0, description="Number of pieces in finished orders")
    revenue: Decimal(18, 2) = pa.Field(
        description="Value of finished orders in BRL, delivery fee included"
    )
    pending_value: Decimal(18, 2) = pa.Field(
        description="Value of pending orders in BRL, delivery fee included"
    )
    cancelled_value: Decimal(18, 2) = pa.Field(
        description="Value of cancelled orders in BRL, delivery fee included"
    )
    delivery_fees: Decimal(18, 2) = pa.Field(description="Delivery fees of finished orders in BRL")


@gold(contract=UnitChannelDay, reads=[orders_fact, known_units])
def unit_channel_day(orders: ir.Table, units: ir.Table) -> ir.Table:
    """Sales of each unit by channel and day; no row without orders.

    Summaries over all days read this table instead of the orders, so that their cost grows with the
    number of units and days, not with the number of orders.
    """
    by_channel = orders.group_by("day", "unit_id", "order_type").agg(
        **sums(orders), quantity=orders.quantity.sum().cast("int64")
    )
    placed = by_channel.left_join(units, ["day", "unit_id"])  # many sums to one unit of the day
    return placed.select(
        "day",
        "unit_id",
        "order_type",
        "state_name",
        "country_name",
        "orders",
        "completed_orders",
        "pending_orders",
        "cancelled_orders",
        "quantity",
        items_sold=placed.items_sold.fill_null(0).cast("int64"),
        revenue=placed.revenue,
        pending_value=placed.pending_value,
        cancelled_value=placed.cancelled_value,
        delivery_fees=placed.delivery_fees,
    )

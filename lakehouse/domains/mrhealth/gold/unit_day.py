"""Every active unit on every day, with or without a delivery."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as known_units
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.domains.mrhealth.silver.deliveries import deliveries as unit_deliveries
from lakehouse.platform.frames import rate, sum_where
from lakehouse.platform.table import gold


class UnitDay(pa.DataFrameModel):
    """One active unit on one day."""

    day: dt.date = pa.Field(description="Day of the orders")
    unit_id: int = pa.Field(description="Unit number")
    unit_name: str = pa.Field(description="Unit name")
    state_name: str = pa.Field(nullable=True, description="State the unit lies in")
    country_name: str = pa.Field(nullable=True, description="Country the unit lies in")
    orders: int = pa.Field(ge=0, description="Orders of any status")
    completed_orders: int = pa.Field(ge=0, description="Finished orders")
    pending_orders: int = pa.Field(ge=0, description="Pending orders")
    cancelled_orders: int = pa.Field(ge=0, description="Cancelled orders")
    revenue: Decimal(18, 2) = pa.Field(description="Value of finished orders in R$, fee included")
    pending_value: Decimal(18, 2) = pa.Field(description="Value of pending orders in R$")
    cancelled_value: Decimal(18, 2) = pa.Field(description="Value of cancelled orders in R$")
    delivery_fees: Decimal(18, 2) = pa.Field(description="Delivery fees of finished orders in R$")
    items_sold: int = pa.Field(ge=0, description="Pieces sold with finished orders")
    average_ticket: Decimal(18, 2) = pa.Field(
        nullable=True, description="revenue ÷ completed_orders in R$; null without one"
    )
    online_pct: Decimal(18, 4) = pa.Field(
        nullable=True, description="Share of online orders, 0 to 1; null without orders"
    )
    cancellation_rate: Decimal(18, 4) = pa.Field(
        nullable=True, description="Share of cancelled orders, 0 to 1; null without orders"
    )
    delivered: bool = pa.Field(description="A readable file of orders came for this day")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "unit_id"]


@gold(contract=UnitDay, reads=[known_units, orders_fact, unit_deliveries])
def unit_day(units: ir.Table, orders: ir.Table, deliveries: ir.Table) -> ir.Table:
    """The spine of alerts: a silent unit is a row with zeros, not a missing row."""
    finished = orders.status == rules.FINISHED
    sums = orders.group_by("day", "unit_id").agg(
        orders=orders.count(),
        completed_orders=orders.count(where=finished),
        pending_orders=orders.count(where=orders.status == rules.PENDING),
        cancelled_orders=orders.count(where=orders.status == rules.CANCELLED),
        online_orders=orders.count(where=orders.order_type == "ONLINE"),
        revenue=sum_where(orders.order_value, finished),
        pending_value=sum_where(orders.order_value, orders.status == rules.PENDING),
        cancelled_value=sum_where(orders.order_value, orders.status == rules.CANCELLED),
        delivery_fees=sum_where(orders.delivery_fee, finished),
        items_sold=orders.quantity.sum(where=finished),
    )
    spine = units.left_join(sums, ["day", "unit_id"])  # one unit of a day to one sum
    with_files = spine.left_join(deliveries, ["day", "unit_id"])  # one to one
    counts = {
        name: with_files[name].fill_null(0).cast("int64")
        for name in ("orders", "completed_orders", "pending_orders", "cancelled_orders")
    }
    money = {
        name: with_files[name].fill_null(0).cast("decimal(18, 2)")
        for name in ("revenue", "pending_value", "cancelled_value", "delivery_fees")
    }
    ticket = rate(with_files.revenue, with_files.completed_orders, 2).cast("decimal(18, 2)")
    return with_files.select(
        "day",
        "unit_id",
        "unit_name",
        "state_name",
        "country_name",
        **counts,
        **money,
        items_sold=with_files.items_sold.fill_null(0).cast("int64"),
        average_ticket=ticket,
        online_pct=rate(with_files.online_orders, with_files.orders),
        cancellation_rate=rate(with_files.cancelled_orders, with_files.orders),
        delivered=with_files.orders_delivered.fill_null(False),
    )

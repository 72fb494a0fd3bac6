"""Measures of a group of orders, shared by all summaries."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth import rules
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.expressions import rate, sum_where


class OrderMeasures(TableModel):
    """Counts, amounts and shares of a group of orders."""

    orders: int = pa.Field(ge=0, description="Number of orders of any status")
    completed_orders: int = pa.Field(ge=0, description="Number of finished orders")
    pending_orders: int = pa.Field(ge=0, description="Number of pending orders")
    cancelled_orders: int = pa.Field(ge=0, description="Number of cancelled orders")
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
    items_sold: int = pa.Field(ge=0, description="Number of pieces in finished orders")
    average_ticket: Decimal(18, 2) = pa.Field(
        nullable=True, description="revenue ÷ completed_orders in BRL; null without finished orders"
    )
    online_pct: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="Share of orders from the online shop, 0 to 1; null without orders",
    )
    cancellation_rate: Decimal(18, 4) = pa.Field(
        nullable=True, description="Share of cancelled orders, 0 to 1; null without orders"
    )


class OrderChannels(TableModel):
    """Number of orders of a group by channel."""

    online_orders: int = pa.Field(
        ge=0, description="Number of orders of any status from the online shop"
    )
    physical_orders: int = pa.Field(
        ge=0, description="Number of orders of any status placed in the restaurant"
    )
    unknown_orders: int = pa.Field(
        ge=0, description="Number of orders of any status whose channel is unknown"
    )


_COUNTS = ("orders", "completed_orders", "pending_orders", "cancelled_orders", "items_sold")
_CHANNELS = ("online_orders", "physical_orders", "unknown_orders")
_MONEY = ("revenue", "pending_value", "cancelled_value", "delivery_fees")


def sums(orders: ir.Table) -> dict[str, ir.Value]:
    """Return the aggregates of `fact_orders` that `measures` and `channels` need."""
    finished = orders.status == rules.FINISHED
    pending = orders.status == rules.PENDING
    cancelled = orders.status == rules.CANCELLED
    return {
        "orders": orders.count(),
        "online_orders": orders.count(where=orders.order_type == "ONLINE"),
        "physical_orders": orders.count(where=orders.order_type == "PHYSICAL"),
        "unknown_orders": orders.count(where=orders.order_type == "UNKNOWN"),
        "completed_orders": orders.count(where=finished),
        "pending_orders": orders.count(where=pending),
        "cancelled_orders": orders.count(where=cancelled),
        "items_sold": orders.quantity.sum(where=finished),
        "revenue": sum_where(orders.order_value, finished),
        "pending_value": sum_where(orders.order_value, pending),
        "cancelled_value": sum_where(orders.order_value, cancelled),
        "delivery_fees": sum_where(orders.delivery_fee, finished),
    }


def sums_of_days(sales: ir.Table) -> dict[str, ir.Value]:
    """Return the aggregates that `sums` returns, from rows of `unit_channel_day`."""
    channel = {
        f"{name.lower()}_orders": sales.orders.sum(where=sales.order_type == name)
        for name in ("ONLINE", "PHYSICAL", "UNKNOWN")
    }
    counts = {name: sales[name].sum() for name in _COUNTS}
    money = {name: sales[name].sum().cast("decimal(18, 2)") for name in _MONEY}
    return {**counts, **channel, **money}


def measures(spine: ir.Table) -> dict[str, ir.Value]:
    """Return the columns of `OrderMeasures`; a row without orders has zeros."""
    counts = _counts(spine, _COUNTS)
    money = {name: spine[name].fill_null(0).cast("decimal(18, 2)") for name in _MONEY}
    return {
        **counts,
        **money,
        "average_ticket": rate(spine.revenue, spine.completed_orders, 2).cast("decimal(18, 2)"),
        "online_pct": rate(spine.online_orders, spine.orders),
        "cancellation_rate": rate(spine.cancelled_orders, spine.orders),
    }


def channels(spine: ir.Table) -> dict[str, ir.Value]:
    """Return the columns of `OrderChannels`; a row without orders has zeros."""
    return _counts(spine, _CHANNELS)


def _counts(spine: ir.Table, names: tuple[str, ...]) -> dict[str, ir.Value]:
    return {name: spine[name].fill_null(0).cast("int64") for name in names}

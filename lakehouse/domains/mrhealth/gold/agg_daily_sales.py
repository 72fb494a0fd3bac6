"""Sales of all units by day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.domains.mrhealth.gold.unit_day import unit_day as every_unit_day
from lakehouse.domains.mrhealth.measures import (
    OrderChannels,
    OrderMeasures,
    channels,
    measures,
    sums,
)
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class Day(TableModel):
    day: dt.date = pa.Field(description="Date of the orders")


class AggDailySales(OrderChannels, OrderMeasures, Day, key=("day",)):
    active_units: int = pa.Field(
        ge=0, description="Number of units with at least one order of any status"
    )


@gold(contract=AggDailySales, reads=[orders_fact, every_unit_day])
def agg_daily_sales(orders: ir.Table, unit_days: ir.Table) -> ir.Table:
    """Orders by channel and status, revenue and shares by day; a day without orders has zeros."""
    by_day = orders.group_by("day").agg(**sums(orders), active_units=orders.unit_id.nunique())
    days = unit_days.select("day").union(orders.select("day"), distinct=True)
    spine = days.left_join(by_day, "day")  # one day to one sum
    return spine.select(
        "day",
        **measures(spine),
        **channels(spine),
        active_units=spine.active_units.fill_null(0),
    ).order_by("day")

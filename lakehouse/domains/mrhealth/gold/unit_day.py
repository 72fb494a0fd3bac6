"""Sales of every active unit by day, also without a delivery."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as known_units
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.domains.mrhealth.measures import OrderMeasures, measures, sums
from lakehouse.domains.mrhealth.silver.deliveries import deliveries as unit_deliveries
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import PARTITIONS


class UnitOfDay(TableModel):
    """A unit as of one day, from the reference tables."""

    day: dt.date = pa.Field(description="Date of the orders")
    unit_id: int = pa.Field(description="Number of the unit")
    unit_name: str = pa.Field(description="Name of the unit")
    state_name: str = pa.Field(
        nullable=True, description="Name of the unit's state; null when unknown"
    )
    country_name: str = pa.Field(
        nullable=True,
        description="Name of the country in which the unit is located; null when unknown",
    )


class UnitDay(OrderMeasures, UnitOfDay, key=("day", "unit_id")):
    """One active unit on one day."""

    delivered: bool = pa.Field(
        description="True when a readable file of orders arrived for this day"
    )


@gold(contract=UnitDay, reads=[known_units, orders_fact, unit_deliveries, PARTITIONS])
def unit_day(units: ir.Table, orders: ir.Table, deliveries: ir.Table, days: ir.Table) -> ir.Table:
    """Sales of every active unit on every day; a unit without a delivery has a row with zeros.

    Days run from the first delivery of the chain to the last day whose deadline has passed. On any
    other day only units with a delivery or an order have a row, so that nobody counts as silent
    before the day is over.
    """
    by_unit = orders.group_by("day", "unit_id").agg(**sums(orders))
    spine = units.left_join(by_unit, ["day", "unit_id"])  # one unit of a day to one sum
    delivered = deliveries.select("day", "unit_id", "orders_delivered", came=True)
    with_files = spine.left_join(delivered, ["day", "unit_id"])  # one to one
    due = days.filter(days.is_due).select(due_day=days.day)
    dated = with_files.left_join(due, with_files.day == due.due_day)  # many units to one day
    shown = dated.filter(
        dated.due_day.notnull() | dated.came.notnull() | (dated.orders.fill_null(0) > 0)
    )
    return shown.select(
        "day",
        "unit_id",
        "unit_name",
        "state_name",
        "country_name",
        **measures(shown),
        delivered=shown.orders_delivered.fill_null(False),
    )

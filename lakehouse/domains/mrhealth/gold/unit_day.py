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


@gold(contract=UnitDay, reads=[known_units, orders_fact, unit_deliveries])
def unit_day(units: ir.Table, orders: ir.Table, deliveries: ir.Table) -> ir.Table:
    """Sales of every active unit by day; a unit without a delivery has a row with zeros."""
    by_unit = orders.group_by("day", "unit_id").agg(**sums(orders))
    spine = units.left_join(by_unit, ["day", "unit_id"])  # one unit of a day to one sum
    with_files = spine.left_join(deliveries, ["day", "unit_id"])  # one to one
    return with_files.select(
        "day",
        "unit_id",
        "unit_name",
        "state_name",
        "country_name",
        **measures(with_files),
        delivered=with_files.orders_delivered.fill_null(False),
    )

"""Sales of each unit over all days."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.dim_unit import dim_unit as units_by_day
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day as sales_by_day
from lakehouse.domains.mrhealth.measures import (
    OrderChannels,
    OrderMeasures,
    channels,
    measures,
    sums_of_days,
)
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import newest_by, rank_by, rate


class Unit(TableModel):
    unit_id: int = pa.Field(description="Number of the unit")
    unit_name: str = pa.Field(description="Name of the unit, the newest known")
    state_name: str = pa.Field(
        nullable=True, description="Name of the unit's state; null when unknown"
    )
    country_name: str = pa.Field(
        nullable=True,
        description="Name of the country in which the unit is located; null when unknown",
    )


class AggUnitPerformance(OrderChannels, OrderMeasures, Unit, key=("unit_id",)):
    items_per_order: Decimal(18, 2) = pa.Field(
        nullable=True, description="Number of pieces per order of any status; null without orders"
    )
    first_order_date: dt.date = pa.Field(
        nullable=True, description="Date of the first order; null without orders"
    )
    last_order_date: dt.date = pa.Field(
        nullable=True, description="Date of the last order; null without orders"
    )
    days_active: int = pa.Field(
        ge=0, description="Number of days with at least one order of any status"
    )
    revenue_rank: int = pa.Field(
        ge=1, description="Rank by revenue, 1 is the highest; ties by unit_id"
    )
    volume_rank: int = pa.Field(
        ge=1, description="Rank by orders, 1 is the highest; ties by unit_id"
    )


@gold_as_of(contract=AggUnitPerformance, reads=[sales_by_day, units_by_day])
def agg_unit_performance(sales: ir.Table, units: ir.Table) -> ir.Table:
    """Orders, revenue, shares and ranks of each unit over all days; zeros without orders."""
    by_unit = sales.group_by("unit_id").agg(
        **sums_of_days(sales),
        pieces=sales.quantity.sum(),
        first_order_date=sales.day.min(),
        last_order_date=sales.day.max(),
        days_active=sales.day.nunique(),
    )
    known = newest_by(units, "unit_id", at="day")
    spine = known.left_join(by_unit, "unit_id")  # one unit to one sum
    measured = spine.select(
        "unit_id",
        "unit_name",
        "state_name",
        "country_name",
        **measures(spine),
        **channels(spine),
        items_per_order=rate(spine.pieces, spine.orders, 2),
        first_order_date=spine.first_order_date,
        last_order_date=spine.last_order_date,
        days_active=spine.days_active.fill_null(0),
    )
    return measured.mutate(
        revenue_rank=rank_by(ibis.desc("revenue"), "unit_id"),
        volume_rank=rank_by(ibis.desc("orders"), "unit_id"),
    ).order_by("unit_id")

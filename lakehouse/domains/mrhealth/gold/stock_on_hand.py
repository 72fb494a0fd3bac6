"""Stock of each product by unit: last count, movements since, open orders, delivery times."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.mrhealth.gold.stock_movements import stock_movements as movements_by_day
from lakehouse.domains.mrhealth.gold.unit_product_day import unit_product_day as sales_by_day
from lakehouse.domains.mrhealth.silver.stock_movements import stock_movements as single_movements
from lakehouse.domains.mrhealth.stock_levels import (
    OWNER,
    costs_of,
    counts_of,
    delivery_times,
    flows,
    levels_of,
    open_orders,
    total,
)
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import newest_by
from lakehouse.platform.tables.table import TableOptions


class StockOnHand(TableModel, key=("unit_id", "product_id")):
    """The stock of one product in one unit."""

    unit_id: int = pa.Field(description="Number of the unit")
    product_id: int = pa.Field(description="Number of the product")
    level_day: dt.date = pa.Field(
        nullable=True,
        description="Day of the last count or initial stock; null when there was none",
    )
    level: int = pa.Field(
        nullable=True,
        description="Number of pieces at the end of level_day; null when stock was never counted",
    )
    received_since: int = pa.Field(ge=0, description="Number of pieces received after level_day")
    wasted_since: int = pa.Field(ge=0, description="Number of pieces thrown away after level_day")
    sold_since: int = pa.Field(
        ge=0, description="Number of pieces ordered by guests after level_day"
    )
    book_balance: int = pa.Field(
        nullable=True,
        description="Number of pieces: level + received_since − wasted_since − sold_since; negative"
        " when movements are missing; null when stock was never counted",
    )
    on_hand: int = pa.Field(
        nullable=True,
        ge=0,
        description="Number of pieces in stock: book_balance, at least 0; null when stock was never"
        " counted",
    )
    on_order: int = pa.Field(
        ge=0,
        description="Number of pieces ordered within the last 30 days and not received",
    )
    last_count_day: dt.date = pa.Field(nullable=True, description="Day of the last count, or null")
    last_count_difference: int = pa.Field(
        nullable=True,
        description="Number of pieces counted last minus those that the movements explain; null"
        " when there is no earlier level to compare with",
    )
    differing_counts: int = pa.Field(
        ge=0, description="Number of counts that differ from what the movements explain"
    )
    unexplained: int = pa.Field(
        description="Number of pieces counted minus pieces explained, over all counts"
    )
    unit_cost: Decimal(14, 2) = pa.Field(
        nullable=True,
        description="Newest cost of one piece above 0 in BRL; null when none is known",
    )
    unexplained_value: Decimal(18, 2) = pa.Field(
        nullable=True, description="unexplained × unit_cost in BRL; null without a cost"
    )
    timed_deliveries: int = pa.Field(
        ge=0, description="Number of receipts whose date of order is known"
    )
    lead_days: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Mean number of days from order to receipt; null without timed_deliveries",
    )
    lead_days_variance: Decimal(18, 4) = pa.Field(
        nullable=True,
        description="Variance of the number of days from order to receipt, in days²; null with"
        " fewer than two timed_deliveries",
    )


@gold_as_of(
    contract=StockOnHand,
    reads=[movements_by_day, sales_by_day, single_movements],
    options=TableOptions(embedded=True),  # sums by unit and day are few; Spark's plan is not
)
def stock_on_hand(movements: ir.Table, sales: ir.Table, single: ir.Table) -> ir.Table:
    """Stock of each product by unit, for units and products with stock movements.

    A count replaces what was known before; its difference to the movements is kept as a figure of
    its own. Pieces that guests ordered leave the stock, whatever the status of their order.
    """
    days = flows(movements, sales)
    levels = levels_of(days)
    last = newest_by(levels, *OWNER, at="day").select(*OWNER, "level", level_day="day")
    dated = days.left_join(last, OWNER)  # many to one
    after = (dated.day > dated.level_day).fill_null(True)
    since = dated.group_by(OWNER).agg(
        level_day=dated.level_day.max(),
        level=dated.level.max(),
        received_since=total(dated.received, after),
        wasted_since=total(dated.wasted, after),
        sold_since=total(dated.sold, after),
    )
    stock = since
    parts = (counts_of(levels), costs_of(movements), open_orders(single, days))
    for part in (*parts, delivery_times(single)):
        stock = stock.left_join(part, OWNER)  # one to one
    balance = stock.level + stock.received_since - stock.wasted_since - stock.sold_since
    unexplained = stock.unexplained.fill_null(0)
    return stock.select(
        *OWNER,
        "level_day",
        "level",
        "received_since",
        "wasted_since",
        "sold_since",
        book_balance=balance,
        on_hand=(balance > 0).ifelse(balance, 0 * balance),
        on_order=stock.open_pieces.fill_null(0),
        last_count_day=stock.last_count_day,
        last_count_difference=stock.last_count_difference,
        differing_counts=stock.differing_counts.fill_null(0),
        unexplained=unexplained,
        unit_cost=stock.unit_cost,
        unexplained_value=(stock.unit_cost * unexplained).cast("decimal(18, 2)"),
        timed_deliveries=stock.timed_deliveries.fill_null(0),
        lead_days=stock.lead_days,
        lead_days_variance=stock.lead_days_variance,
    ).order_by(OWNER)

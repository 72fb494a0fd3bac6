"""Levels, flows, open orders and delivery times of stock, from movements and sales."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import stock_rules
from lakehouse.platform.tables.expressions import newest_by, rate

OWNER = ["unit_id", "product_id"]


def total(pieces: ir.IntegerColumn, condition: ir.BooleanValue) -> ir.IntegerScalar:
    """Return the sum over the rows that meet the condition; 0 when none does."""
    return pieces.sum(where=condition).fill_null(0).cast("int64")


def flows(movements: ir.Table, sales: ir.Table) -> ir.Table:
    """Return what changed the stock of a product on a day, for products with movements."""
    moved = movements.select("day", *OWNER, "initial", "counted", "received", "wasted", sold=0)
    kept = movements.select(OWNER).distinct()
    sold = sales.semi_join(kept, OWNER).select(
        "day",
        *OWNER,
        initial=ibis.null("int64"),
        counted=ibis.null("int64"),
        received=0,
        wasted=0,
        sold=sales.quantity,
    )
    names = ("initial", "counted", "received", "wasted", "sold")
    both = ibis.union(
        *(
            rows.select("day", *OWNER, **{n: rows[n].cast("int64") for n in names})
            for rows in (moved, sold)
        )
    )
    summed = both.group_by("day", *OWNER).agg(**{n: both[n].sum().cast("int64") for n in names})
    flow = summed.received - summed.wasted - summed.sold
    days = summed.mutate(flow=flow)
    running = ibis.cumulative_window(group_by=OWNER, order_by="day")
    return days.mutate(running=days.flow.sum().over(running).cast("int64"))


def levels_of(days: ir.Table) -> ir.Table:
    """Return the days with a count or initial stock, the level at their end and the difference."""
    found = days.filter(days.counted.notnull() | days.initial.notnull())
    levels = found.mutate(level=found.counted.coalesce(found.initial + found.flow))
    order = ibis.window(group_by=OWNER, order_by="day")
    earlier = levels.mutate(
        earlier_level=levels.level.lag().over(order),
        earlier_running=levels.running.lag().over(order),
    )
    explained = (earlier.initial + earlier.flow).coalesce(
        earlier.earlier_level + earlier.running - earlier.earlier_running
    )
    return earlier.mutate(apart=earlier.counted - explained)


def counts_of(levels: ir.Table) -> ir.Table:
    """Return the last count of each product, and how all counts differ from the movements."""
    counts = levels.filter(levels.counted.notnull())
    last = newest_by(counts, *OWNER, at="day").select(
        *OWNER, last_count_day="day", last_count_difference="apart"
    )
    summed = counts.group_by(OWNER).agg(
        differing_counts=counts.count(where=counts.apart != 0),
        unexplained=counts.apart.sum().fill_null(0).cast("int64"),
    )
    return last.left_join(summed, OWNER)  # one to one


def costs_of(movements: ir.Table) -> ir.Table:
    """Return the newest cost of each product; a cost of 0 is none."""
    known = movements.filter((movements.unit_cost > 0).fill_null(False))
    return newest_by(known, *OWNER, at="day").select(*OWNER, "unit_cost")


def open_orders(single: ir.Table, days: ir.Table) -> ir.Table:
    """Return the pieces that were ordered lately and did not arrive."""
    by_purchase = [*OWNER, "purchase_day"]
    dated = single.filter(single.purchase_day.notnull())
    ordered = dated.kind == stock_rules.ORDERED
    summed = dated.group_by(by_purchase).agg(
        pieces=total(dated.quantity, ordered) - total(dated.quantity, ~ordered)
    )
    newest = days.agg(newest=days.day.max())
    placed = summed.cross_join(newest)  # many orders to the one newest day
    is_open = (placed.pieces > 0) & (
        placed.purchase_day > placed.newest - ibis.interval(days=stock_rules.OPEN_DAYS)
    )
    still_open = placed.filter(is_open)
    return still_open.group_by(OWNER).agg(open_pieces=still_open.pieces.sum().cast("int64"))


def delivery_times(single: ir.Table) -> ir.Table:
    """Return mean and variance of the days from order to receipt, exactly from integers."""
    received = single.filter((single.kind == stock_rules.RECEIVED) & single.purchase_day.notnull())
    timed = received.mutate(days=received.day.delta(received.purchase_day, unit="day"))
    sums = timed.group_by(OWNER).agg(
        timed_deliveries=timed.count(),
        total=timed.days.sum().cast("int64"),
        squares=(timed.days * timed.days).sum().cast("int64"),
    )
    count = sums.timed_deliveries
    apart = count * sums.squares - sums.total * sums.total
    return sums.select(
        *OWNER,
        "timed_deliveries",
        lead_days=rate(sums.total, count, 2),
        lead_days_variance=rate(apart, count * (count - 1)),
    )

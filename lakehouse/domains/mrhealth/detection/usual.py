"""What is usual for a unit on a weekday: medians and deviations of the weeks before."""

import datetime as dt

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC
from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.holidays import is_holiday

MEASURED = ("orders", "online", "physical", "revenue_cents", "cancelled_permille")
SPREAD = ("orders", "revenue_cents")
"""Measures whose deviation from day to day is learned, too."""
TO_SIGMA = 1.4826
"""Standard deviation ÷ median absolute deviation, of a normal distribution."""


def number_of(day: ir.DateValue) -> ir.IntegerValue:
    """Return the number of days since the first day of the domain."""
    return day.delta(ibis.literal(SPEC.since), unit="day").cast("int64")


def date_of(number: ir.IntegerValue) -> ir.DateValue:
    """Return the day of a number of days since the first day of the domain."""
    first: dt.date = SPEC.since
    return (ibis.literal(first) + number.as_interval("D")).cast("date")


def cents(amount: ir.DecimalValue) -> ir.IntegerValue:
    """Return an amount in cents."""
    return (amount * 100).cast("decimal(38, 0)").cast("int64")


def plain(joined: ir.Table) -> ir.Table:
    """Return joined tables as one relation, so that it can be joined with its own sums."""
    return joined.select(*joined.columns)


def unit_days(
    days: ir.Table, channels: ir.Table, products: ir.Table, *, keep_days: int
) -> ir.Table:
    """Return the days of each unit that are needed, with what is compared and holidays marked."""
    reach = keep_days + rules.LONGEST_DAYS + 7 * rules.WEEKS
    recent = days.filter(days.day >= days.day.max() - ibis.interval(days=reach))
    online = channels.filter(channels.order_type == "ONLINE").group_by("day", "unit_id")
    physical = channels.filter(channels.order_type == "PHYSICAL").group_by("day", "unit_id")
    lines = products.group_by("day", "unit_id").agg(
        items=products.completed_line_revenue.sum().cast("decimal(18, 2)")
    )
    joined = recent.left_join(online.agg(online=channels.orders.sum()), ["day", "unit_id"])
    joined = joined.drop("day_right", "unit_id_right")
    joined = joined.left_join(physical.agg(physical=channels.orders.sum()), ["day", "unit_id"])
    joined = joined.drop("day_right", "unit_id_right")
    joined = joined.left_join(lines, ["day", "unit_id"])  # all three one unit-day to one sum
    joined = plain(joined)
    share = joined.cancelled_orders * 1000 / joined.orders.nullif(0)
    items = joined["items"].fill_null(0).cast("decimal(18, 2)")
    dated = joined.select(
        "unit_id",
        "unit_name",
        "state_name",
        "delivered",
        "orders",
        "cancelled_orders",
        "completed_orders",
        n=number_of(joined.day),
        online=joined.online.fill_null(0).cast("int64"),
        physical=joined.physical.fill_null(0).cast("int64"),
        revenue_cents=cents(joined.revenue),
        goods_cents=cents(joined.revenue) - cents(joined.delivery_fees),
        items_cents=cents(items),
        cancelled_permille=share.floor().cast("int64"),
        holiday=is_holiday(joined.day, joined.state_name, joined.country_name),
    )
    before = ibis.window(group_by="unit_id", order_by="n", range=(-rules.DELIVERED_DAYS, -1))
    came = dated.delivered.cast("int64").sum().over(before).fill_null(0)
    return dated.mutate(delivers=came > 0)


def with_usual(days: ir.Table) -> ir.Table:
    """Add the usual value of each measure; null while there are too few weeks before the day.

    Holidays and days without orders teach nothing. `weeks` says how many days were compared.
    """
    weeks = ibis.range(1, rules.WEEKS + 1).unnest().name("week").as_table()
    taught = days.filter(~days.holiday & (days.orders > 0))
    ahead = taught.cross_join(weeks)
    ahead = ahead.select("unit_id", *MEASURED, "n", "week")
    ahead = ahead.select("unit_id", *MEASURED, n=ahead.n + ahead.week * 7)
    medians = ahead.group_by("unit_id", "n").agg(
        weeks=ahead.count(), **{f"usual_{name}": ahead[name].median() for name in MEASURED}
    )
    both = ahead.join(medians, ["unit_id", "n"])  # many days to their one median
    spread = both.group_by("unit_id", "n").agg(
        **{f"mad_{name}": (both[name] - both[f"usual_{name}"]).abs().median() for name in SPREAD}
    )
    learned = medians.join(spread, ["unit_id", "n"])  # one to one
    found = days.left_join(learned, ["unit_id", "n"])  # one unit-day to at most one
    found = found.drop("unit_id_right", "n_right")
    enough = found.weeks >= rules.FEWEST_WEEKS
    names = [f"usual_{name}" for name in MEASURED] + [f"mad_{name}" for name in SPREAD]
    return found.mutate(
        **{name: enough.ifelse(found[name].cast("float64"), ibis.null("float64")) for name in names}
    )


def score(
    actual: ir.NumericValue, usual: ir.FloatingValue, deviation: ir.FloatingValue
) -> ir.FloatingValue:
    """Return how far a count is from the usual one, in standard deviations.

    Square roots make the chance of few and of many orders alike. Beside chance there is the
    deviation from day to day, the larger one of the unit's own and of that of all units.
    """
    own = deviation * TO_SIGMA
    chance = usual.nullif(0)
    spread = ibis.greatest(usual * rules.DAY_TO_DAY**2, own * own / chance - 1.0, 0.0)
    apart = ((actual + 0.375).sqrt() - (usual + 0.375).sqrt()) * 2
    return apart / ((spread + 1.0) * 1.2).sqrt()

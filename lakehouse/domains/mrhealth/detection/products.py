"""Find products that a unit, a state or the chain has stopped selling though it still sells others.

The orders with other products say how many orders with the missing one were to be expected, so
that a closed day, a holiday or a unit that closes is not taken for a missing product.
"""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection.usual import number_of

PLACE = ("scope", "unit_id", "state_name")


def findings(products: ir.Table, days: ir.Table, menu: ir.Table, *, keep_days: int) -> ir.Table:
    """Return a finding for each day on which a product is missing, and since when it is.

    A product that a state does not sell is one finding, not one for each of its units.

    Args:
        products: sales of each product by unit and day.
        days: the unit-days of `usual.unit_days`, with the states of the units.
        menu: products of each day.
        keep_days: number of days that are reported.
    """
    reach = keep_days + rules.LONGEST_DAYS + rules.MISSING_DAYS
    recent = products.filter(products.day >= products.day.max() - ibis.interval(days=reach))
    sold = recent.select("unit_id", "product_id", "orders", n=number_of(recent.day))
    units = days.select("unit_id", "n", "state_name").distinct()
    placed = sold.join(units, ["unit_id", "n"])  # many products to one unit-day
    by_unit = placed.select(
        "product_id", "n", "orders", "unit_id", "state_name", scope=ibis.literal(rules.UNIT)
    )
    in_state = placed.filter(placed.state_name.notnull())
    by_state = in_state.select(
        "product_id",
        "n",
        "orders",
        "state_name",
        unit_id=ibis.null("int64"),
        scope=ibis.literal(rules.STATE),
    ).select(*by_unit.columns)
    by_chain = placed.select(
        "product_id",
        "n",
        "orders",
        unit_id=ibis.null("int64"),
        state_name=ibis.null("string"),
        scope=ibis.literal(rules.CHAIN),
    ).select(*by_unit.columns)
    # One text for the place, because nulls do not join.
    rows = ibis.union(by_unit, by_state, by_chain)
    place = (
        rows.scope
        + "/"
        + rows.unit_id.cast("string").fill_null("")
        + "/"
        + rows.state_name.fill_null("")
    )
    rows = rows.mutate(
        place=(rows.scope == rules.UNIT).ifelse(
            rows.scope + "/" + rows.unit_id.cast("string"), place
        )
    )
    missing = _missing(rows.group_by("place", "product_id", "n").agg(orders=rows.orders.sum()))
    offered = menu.select("product_id", n=number_of(menu.day)).distinct()
    missing = missing.semi_join(offered, ["product_id", "n"])
    places = rows.group_by("place").agg(
        scope=rows.scope.max(), unit_id=rows.unit_id.max(), state_name=rows.state_name.max()
    )
    return _widest(missing.join(places, "place"))  # many findings to one place


def _missing(sold: ir.Table) -> ir.Table:
    """Return the days on which a product is missing in a place, with the orders to be expected."""
    traded = sold.group_by("place", "n").agg(traded=sold.orders.sum())
    pairs = sold.select("place", "product_id").distinct()
    grid = pairs.join(traded, "place")  # each product to every day of its place
    filled = grid.left_join(sold, ["place", "product_id", "n"])  # one to at most one
    filled = filled.select(
        "place",
        "product_id",
        "n",
        traded=filled.traded.cast("int64"),
        orders=filled.orders.fill_null(0).cast("int64"),
    )
    pair = ["place", "product_id"]
    in_order = ibis.window(group_by=pair, order_by="n")
    so_far = ibis.cumulative_window(group_by=pair, order_by="n")
    filled = filled.mutate(
        of_product=filled.orders.sum().over(so_far),
        of_all=filled.traded.sum().over(so_far),
        sale=(filled.orders > 0).cast("int64").sum().over(so_far),
    )
    filled = filled.mutate(  # sums of a month are differences of sums since the beginning
        **{
            name: filled[name] - filled[name].lag(rules.MISSING_DAYS).over(in_order).fill_null(0)
            for name in ("of_product", "of_all")
        }
    )
    since_sale = filled.filter(filled.sale > 0)
    streak = [*pair, "sale"]
    until = ibis.cumulative_window(group_by=streak, order_by="n")
    whole = ibis.window(group_by=streak)
    is_sale = since_sale.orders > 0
    measured = since_sale.mutate(
        passed=is_sale.ifelse(0, since_sale.traded).sum().over(until),
        of_product=is_sale.ifelse(since_sale.of_product, 0).max().over(whole),
        of_all=is_sale.ifelse(since_sale.of_all, 0).max().over(whole),
        since=is_sale.ifelse(ibis.null("int64"), since_sale.n).min().over(whole),
    )
    # The share is known from few orders only: take its lower end.
    known = measured.of_product.cast("float64")
    surely = (known - known.sqrt() * 1.5).clip(0.0, 1e18)
    expected = surely * measured.passed / measured.of_all.nullif(0)
    measured = measured.mutate(expected=expected)
    gone = measured.filter((measured.orders == 0) & (measured.expected >= rules.MISSING_EXPECTED))
    return gone.select("place", "product_id", "n", "since", "expected")


def _widest(missing: ir.Table) -> ir.Table:
    """Leave out units of states, and states of a chain, that do not sell the product at all."""
    chain = missing.filter(missing.scope == rules.CHAIN).select("product_id", "n")
    states = missing.filter(missing.scope == rules.STATE)
    states = states.anti_join(chain, ["product_id", "n"])
    of_states = states.select("product_id", "n", "state_name")
    units = missing.filter(missing.scope == rules.UNIT).anti_join(chain, ["product_id", "n"])
    units = units.anti_join(of_states, ["product_id", "n", "state_name"])
    rows = ibis.union(missing.filter(missing.scope == rules.CHAIN), states, units)
    spread = rows.expected.sqrt() * 2.5
    return rows.select(
        "n",
        "since",
        *PLACE,
        kind=ibis.literal("product_missing"),
        product_id=rows.product_id,
        actual=ibis.literal(0, "int64"),
        expected=rows.expected.floor().cast("int64"),
        low=ibis.greatest(rows.expected - spread, 1.0).floor().cast("int64"),
        high=(rows.expected + spread).ceil().cast("int64"),
    )

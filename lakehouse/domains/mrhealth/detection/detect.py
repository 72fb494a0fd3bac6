"""Run all detectors and join what they find to alerts."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection import prices, products, usual, volume
from lakehouse.domains.mrhealth.detection.describe import described
from lakehouse.domains.mrhealth.detection.incidents import joined_over_units, over_days


def alerts_of(
    sales: ir.Table,
    channels: ir.Table,
    sold: ir.Table,
    menu: ir.Table,
    units: ir.Table,
    *,
    keep_days: int,
) -> ir.Table:
    """Return the alerts whose last day is among the newest `keep_days` days of the sales."""
    days = usual.with_usual(usual.unit_days(sales, channels, sold, keep_days=keep_days))
    of_prices = prices.findings(sold, days, keep_days=keep_days)
    of_units = volume.findings(days)
    cheap = of_prices.select("n", "unit_id", kind=ibis.literal("revenue_drop"))
    of_units = of_units.anti_join(cheap, ["n", "unit_id", "kind"])
    missing = products.findings(sold, days, menu, keep_days=keep_days)
    named = ibis.union(of_units, of_prices)
    named = named.mutate(since=named.n)
    of_unit = missing.filter(missing.scope == rules.UNIT)
    both = ibis.union(
        named.drop("unit_name"), of_unit.drop("scope").select(*named.drop("unit_name").columns)
    )
    joined = joined_over_units(both, days)
    wide = missing.filter(missing.scope != rules.UNIT)
    wide_rows = wide.select(
        "n",
        "since",
        "kind",
        "actual",
        "expected",
        "low",
        "high",
        "scope",
        family=ibis.literal("product"),
        product_key=wide.product_id,
        state_key=wide.state_name.fill_null(""),
        unit_key=ibis.literal(0, "int64"),
        units=ibis.literal(1, "int64"),
    ).select(*joined.columns)
    found = ibis.union(joined, wide_rows)
    newest = days.agg(newest=days.n.max())
    searched = found.cross_join(newest)  # many findings to the one newest day
    first = searched.newest - keep_days - rules.LONGEST_DAYS
    searched = searched.filter(searched.n > first).drop("newest")
    incidents = over_days(searched)
    return described(incidents, sales, menu, units, keep_days).order_by("alert_id")

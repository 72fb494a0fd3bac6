"""Find units whose prices differ from those of the chain and from their own earlier ones."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection.numbers import cents, number_of


def findings(products: ir.Table, *, keep_days: int) -> ir.Table:
    """Return a finding for each unit-day with pieces at other prices, or for nothing.

    A price that changes in the whole chain is not a finding: headquarters changed it. A price of
    zero always is one.
    """
    reach = keep_days + rules.LONGEST_DAYS + rules.PRICE_DAYS
    recent = products.filter(products.day >= products.day.max() - ibis.interval(days=reach))
    sold = recent.select(
        "unit_id",
        "product_id",
        "quantity",
        n=number_of(recent.day),
        line_cents=cents(recent.line_revenue),
    )
    sold = sold.mutate(price=(sold.line_cents / sold.quantity).floor().cast("int64"))
    of_chain = sold.group_by("product_id", "n").agg(chain=sold.price.median(), units=sold.count())
    pair = ["unit_id", "product_id"]
    so_far = ibis.cumulative_window(group_by=pair, order_by="n")
    in_order = ibis.window(group_by=pair, order_by="n")
    known = sold.mutate(
        own_cents=sold.line_cents.sum().over(so_far), own_pieces=sold.quantity.sum().over(so_far)
    )
    known = known.mutate(  # sums of a month are differences of sums since the beginning
        **{
            name: known[name].lag(1).over(in_order)
            - known[name].lag(rules.PRICE_DAYS + 1).over(in_order).fill_null(0)
            for name in ("own_cents", "own_pieces")
        }
    )
    priced = known.join(of_chain, ["product_id", "n"])  # many units to one price of the chain
    own = priced.own_cents / priced.own_pieces.nullif(0)
    chain = priced.chain.cast("float64")
    apart = ((priced.price - chain).abs() > chain * rules.PRICE_SHARE) & (
        (priced.price - own).abs() > own * rules.PRICE_SHARE
    )
    compared = (priced.units >= rules.PRICE_UNITS) & apart.fill_null(False)
    odd = priced.filter(compared | (priced.price == 0))
    sums = odd.group_by("unit_id", "n").agg(
        pieces=odd.quantity.sum().cast("int64"),
        actual=odd.line_cents.sum().cast("int64"),
        expected=(odd.quantity * odd.chain).floor().cast("int64").sum().cast("int64"),
    )
    return sums.filter(sums.pieces >= rules.PRICE_PIECES)


def by_product(products: ir.Table, *, keep_days: int) -> ir.Table:
    """Return pieces and their value in the whole chain by product and day."""
    reach = keep_days + rules.LONGEST_DAYS + rules.PRICE_DAYS
    recent = products.filter(products.day >= products.day.max() - ibis.interval(days=reach))
    return recent.group_by("product_id", n=number_of(recent.day)).agg(
        pieces=recent.quantity.sum().cast("int64"),
        cents=cents(recent.line_revenue.sum().cast("decimal(38, 2)")),
    )

"""Find units without files, without orders, with too few or too many, with wrong values."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection.usual import score

FINDING = (
    "n",
    "unit_id",
    "unit_name",
    "state_name",
    "kind",
    "product_id",
    "actual",
    "expected",
    "low",
    "high",
)
"""Columns of a finding: what is wrong with a unit, or a product in it, on a day."""


def findings(days: ir.Table) -> ir.Table:
    """Return at most one finding of each family for a unit-day, the most urgent one."""
    placed = _with_state(days)
    expected = placed.usual_orders >= rules.FEWEST_EXPECTED
    orders_score = score(placed.orders, placed.usual_orders, placed.mad_orders)
    adjusted = score(
        placed.orders,
        placed.usual_orders * ibis.least(1.0, placed.of_state),
        placed.mad_orders,
    )
    workday = ~placed.holiday
    is_drop = ibis.ifelse(
        placed.holiday,
        placed.orders < placed.usual_orders * rules.SHARE_ON_HOLIDAY,
        placed.orders < placed.usual_orders * rules.SHARE_OF_ORDERS,
    )
    dropped = expected & is_drop & (orders_score <= rules.DROP_SCORE) & (placed.orders > 0)
    usual_rate = (placed.usual_cancelled_permille / 1000.0).clip(rules.CANCELLED_USUAL, 0.9)
    deviation = (usual_rate * (1.0 - usual_rate)).sqrt()
    rate = placed.cancelled_orders / placed.orders.nullif(0)
    cancelled_score = (placed.cancelled_orders - placed.orders * usual_rate) / (
        placed.orders.nullif(0).sqrt() * deviation
    )
    cancelled = (
        (placed.cancelled_orders >= rules.FEWEST_CANCELLED)
        & (rate > rules.CANCELLED_SHARE)
        & (rate > usual_rate * rules.CANCELLED_TIMES)
        & (cancelled_score >= rules.CANCELLED_SCORE)
    )
    income = placed.usual_revenue_cents
    income_spread = ibis.greatest(
        placed.mad_revenue_cents * 1.4826,
        income * (1.6 / placed.usual_orders.nullif(0) + rules.DAY_TO_DAY**2).sqrt(),
    )
    poor = (
        expected
        & (placed.revenue_cents < income * rules.SHARE_OF_REVENUE)
        & ((placed.revenue_cents - income) / income_spread.nullif(0) <= rules.REVENUE_SCORE)
    )
    low = expected & (adjusted <= rules.LOW_SCORE)
    surge = (
        expected
        & (placed.orders > placed.usual_orders * rules.SHARE_OF_SURGE)
        & (orders_score >= rules.SURGE_SCORE)
    )
    difference = (placed.goods_cents - placed.items_cents).abs()
    wrong_values = (difference >= rules.VALUE_CENTS) & (
        difference > placed.goods_cents.abs() * rules.VALUE_SHARE
    )
    volume = {
        "silent": expected & workday & (placed.orders == 0),
        "orders_drop": dropped,
        "online_drop": workday & _channel_drop(placed, "online"),
        "physical_drop": workday & _channel_drop(placed, "physical"),
        "revenue_drop": workday & poor & ~cancelled.fill_null(False),
        "orders_low": workday & low,
        "orders_surge": workday & surge,
    }
    here = placed.mutate(
        volume=ibis.cases(
            *((placed.delivered & holds.fill_null(False), kind) for kind, holds in volume.items()),
            else_=ibis.null("string"),
        ),
        delivery=(~placed.delivered & placed.delivers & (placed.orders == 0)).ifelse(
            "no_delivery", ibis.null("string")
        ),
        cancellation=cancelled.fill_null(False).ifelse("cancellations", ibis.null("string")),
        value=wrong_values.ifelse("order_values", ibis.null("string")),
    )
    return ibis.union(
        _volume(here),
        _finding(here, "delivery", here.orders, _number(here.usual_orders)),
        _finding(here, "cancellation", here.cancelled_orders, _number(here.orders * usual_rate)),
        _finding(here, "value", here.goods_cents, here.items_cents, margin=rules.VALUE_SHARE),
    )


def _with_state(days: ir.Table) -> ir.Table:
    """Add by what share all units of a state are below or above their usual orders on the day."""
    compared = days.filter((days.usual_orders > 0) & days.delivered)
    permille = (compared.orders * 1000 / compared.usual_orders.nullif(0)).floor().cast("int64")
    by_state = compared.group_by("state_name", "n").agg(of_state=permille.median())
    joined = days.left_join(by_state, ["state_name", "n"])  # many units to one state
    share = (joined.of_state.cast("float64") / 1000.0).fill_null(1.0)
    return joined.drop("state_name_right", "n_right").mutate(
        of_state=share.clip(rules.WORST_WEATHER, 1.3)
    )


def _channel_drop(days: ir.Table, channel: str) -> ir.BooleanValue:
    usual = days[f"usual_{channel}"]
    apart = score(days[channel], usual, ibis.literal(0.0))
    return (
        (usual >= rules.FEWEST_EXPECTED)
        & (days[channel] < usual * rules.SHARE_OF_CHANNEL)
        & (apart <= rules.CHANNEL_SCORE)
    )


def _volume(days: ir.Table) -> ir.Table:
    """Return the findings about volume with the figures of the measure that each is about."""
    of_channel: Mapping[str, str] = {"online_drop": "online", "physical_drop": "physical"}
    actual: ir.Value = days.orders
    usual: ir.Value = days.usual_orders
    for kind, channel in of_channel.items():
        actual = (days.volume == kind).ifelse(days[channel], actual)
        usual = (days.volume == kind).ifelse(days[f"usual_{channel}"], usual)
    actual = (days.volume == "revenue_drop").ifelse(days.revenue_cents, actual)
    usual = (days.volume == "revenue_drop").ifelse(days.usual_revenue_cents, usual)
    return _finding(days, "volume", actual, _number(usual))


def _finding(
    days: ir.Table,
    family: str,
    actual: ir.Value,
    expected: ir.Value,
    *,
    margin: float | None = None,
) -> ir.Table:
    """Return the findings of a family; the range is that in which nothing is reported."""
    usual = expected.cast("float64")
    spread = usual.abs() * margin if margin is not None else _range(usual, days.usual_orders)
    made = days.mutate(
        kind=days[family],
        product_id=ibis.null("int64"),
        actual=actual.cast("int64"),
        expected=expected.cast("int64"),
        low=ibis.greatest(usual - spread, 0.0).floor().cast("int64"),
        high=(usual + spread).ceil().cast("int64"),
    )
    return made.filter(made.kind.notnull()).select(*FINDING)


def _range(usual: ir.FloatingValue, orders: ir.FloatingValue) -> ir.FloatingValue:
    """Return half the width of the range of usual days: 2.5 standard deviations."""
    return usual * (1.2 / orders.nullif(0) + 1.2 * rules.DAY_TO_DAY**2).sqrt() * 2.5


def _number(value: ir.Value) -> ir.IntegerValue:
    return value.cast("float64").round().cast("int64")

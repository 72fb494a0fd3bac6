"""Join findings to incidents: over the units of a state or of the chain, and over days."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS
from lakehouse.platform.alerts.kinds import SEVERITIES, Kind

NO_PRODUCT = 0
CAUSE = ("family", "scope", "unit_key", "state_key", "product_key")
"""What findings of one incident have in common; a key is 0 or empty where there is none."""


def of_kind(kind: ir.StringValue, value: Callable[[Kind], object]) -> ir.Value:
    """Return a property of the kinds of alerts as an expression over their names."""
    return kind.cases(*((name, value(known)) for name, known in KINDS.items()))


def _kind_of(family: ir.StringValue, rank: ir.IntegerValue) -> ir.Value:
    cases = [((family == kind.family) & (rank == kind.rank), name) for name, kind in KINDS.items()]
    return ibis.cases(*cases, else_=ibis.null("string"))


def joined_over_units(findings: ir.Table, days: ir.Table) -> ir.Table:
    """Replace the findings of most units of a state, or of most units, by one finding.

    Args:
        findings: findings of units.
        days: the unit-days, to know how many units there are.
    """
    with_family = findings.mutate(
        family=of_kind(findings.kind, lambda kind: kind.family),
        rank=of_kind(findings.kind, lambda kind: kind.rank).cast("int64"),
        measure=of_kind(findings.kind, lambda kind: kind.measure),
        product_key=findings.product_id.fill_null(NO_PRODUCT),
        state_key=findings.state_name.fill_null(""),
    )
    chain = _groups(with_family, days, ["n"], rules.CHAIN)
    rest = with_family.anti_join(chain, ["family", "product_key", "n"])
    states = _groups(rest, days, ["n", "state_key"], rules.STATE)
    alone = rest.anti_join(states, ["family", "product_key", "n", "state_key"])
    units = alone.select(
        "n",
        "since",
        "family",
        "kind",
        "product_key",
        "actual",
        "expected",
        "low",
        "high",
        "state_key",
        unit_key=alone.unit_id,
        scope=ibis.literal(rules.UNIT),
        units=ibis.literal(1, "int64"),
    )
    return ibis.union(units, chain.select(*units.columns), states.select(*units.columns))


def _groups(findings: ir.Table, days: ir.Table, by: list[str], scope: str) -> ir.Table:
    """Return one finding for each state or day on which most of the units have one."""
    known = days.mutate(state_key=days.state_name.fill_null(""))
    known = known.group_by(by).agg(known=known.unit_id.nunique())
    same = [*by, "family", "product_key"]
    counted = findings.group_by(same).agg(
        units=findings.unit_id.nunique(),
        states=findings.state_key.nunique(),
    )
    ranks = findings.group_by([*same, "rank"]).agg(times=findings.count())
    most = ibis.window(group_by=same, order_by=[ibis.desc("times"), "rank"])
    ranks = ranks.mutate(place=ibis.row_number().over(most))
    usual = ranks.filter(ranks.place == 0).select(*same, top=ranks["rank"])
    counted = counted.join(known, by)  # many groups to one number of units
    counted = counted.join(usual, same)  # one group to its most frequent kind
    large = counted.filter(
        (counted.units >= rules.FEWEST_UNITS)
        & (counted.units >= counted.known * rules.SHARE_OF_UNITS)
        & ((counted.states > 1) if scope == rules.CHAIN else (counted.state_key != ""))
    )
    large = large.mutate(kind=_kind_of(large.family, large.top))
    large = large.mutate(top_measure=of_kind(large.kind, lambda kind: kind.measure))
    large = large.select(*same, "kind", "top_measure")
    parts = findings.drop("kind").join(large, same)  # many findings to one group
    alike = parts.filter(parts.measure == parts.top_measure)
    made = alike.group_by([*same, "kind"]).agg(
        since=alike.since.min(),
        units=alike.unit_id.nunique(),
        **{name: alike[name].sum().cast("int64") for name in ("actual", "expected", "low", "high")},
    )
    made = made.mutate(scope=ibis.literal(scope), unit_key=ibis.literal(0, "int64"))
    if scope == rules.CHAIN:
        made = made.mutate(state_key=ibis.literal(""))
    return made


def over_days(findings: ir.Table) -> ir.Table:
    """Return one row for each incident: findings of one cause on days that follow each other."""
    ordered = ibis.window(group_by=list(CAUSE), order_by="n")
    apart = findings.n - findings.n.lag().over(ordered)
    begins = (apart.isnull() | (apart > rules.GAP_DAYS)).cast("int64")
    marked = findings.mutate(begins=begins)
    upto = ibis.cumulative_window(group_by=list(CAUSE), order_by="n")
    numbered = marked.mutate(incident=marked.begins.sum().over(upto))
    whole = [*CAUSE, "incident"]
    urgency = _urgency(numbered)
    numbered = numbered.mutate(urgency=urgency)
    spans = numbered.group_by(whole).agg(
        first_n=numbered.since.min(),
        detected_n=numbered.n.min(),
        last_n=numbered.n.max(),
        days=numbered.count(),
        urgency=numbered.urgency.min(),
    )
    last = numbered.drop("urgency").join(spans, whole)  # many days to one incident
    shown = last.filter(last.n == last.last_n)
    return shown.select(
        *CAUSE,
        "kind",
        "units",
        "actual",
        "expected",
        "low",
        "high",
        "first_n",
        "detected_n",
        "last_n",
        "days",
        severity=shown.urgency.cases(*enumerate(SEVERITIES, start=1)),
    )


def _urgency(findings: ir.Table) -> ir.IntegerValue:
    """Return 1 for critical, 2 for high, 3 for medium; what hits many units is one step more."""
    order = {severity: place for place, severity in enumerate(SEVERITIES, start=1)}
    own = of_kind(findings.kind, lambda kind: order[kind.severity]).cast("int64")
    return (findings.scope == rules.UNIT).ifelse(own, ibis.greatest(own - 1, 1)).cast("int64")

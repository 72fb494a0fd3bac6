"""Find days whose deliveries name the same persons more often than usual.

Three shares of a delivery day are compared with those of the delivery days before: rows that name a
person again, new persons among all, and new persons who have the e-mail address of another person.
"""

import datetime as dt
from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from lakehouse.domains.alert_text import sentence
from lakehouse.domains.people import alert_rules as rules
from lakehouse.platform.alerts.incidents import Finding, Incident, Named, alert_rows, incidents_of
from lakehouse.platform.alerts.kinds import Kind
from lakehouse.platform.alerts.usual import Numbers, earlier, median_of

MODULES = (
    *(f"lakehouse.platform.alerts.{name}" for name in ("incidents", "kinds", "usual")),
    "lakehouse.domains.alert_text",
    *(f"lakehouse.domains.people.{name}" for name in ("alert_rules", "detection")),
)
"""Modules whose code is part of the definition of the table."""
SUBJECT = "Cadastro"


def inputs_of(people: ir.Table) -> dict[str, ir.Table]:
    """Return by day of delivery: rows, persons, new persons, and those with the e-mail of another.

    Numbers only: no name, identifier or address leaves the query.
    """
    mentions = people.group_by("day", "user_id").agg(rows=people.count(), email=people.email.min())
    first_of_person = ibis.window(group_by="user_id", order_by="day")
    first_of_email = ibis.window(group_by="email", order_by=["day", "user_id"])
    marked = mentions.mutate(
        is_new=mentions.day == mentions.day.min().over(first_of_person),
        owner=mentions.user_id.first().over(first_of_email),
    )
    is_shared = marked.is_new & (marked.owner != marked.user_id)
    return {
        "delivered": marked.group_by("day").agg(
            rows=marked.rows.sum().cast("int64"),
            persons=marked.count(),
            new=marked.count(where=marked.is_new),
            shared=marked.count(where=is_shared),
        )
    }


def rows_of(
    day: dt.date, inputs: Mapping[str, pa.Table], keep_days: int = rules.KEEP_DAYS
) -> pa.Table:
    """Return the alerts whose last day is among the newest `keep_days` days of deliveries."""
    delivered = inputs["delivered"].sort_by("day")
    days = delivered["day"].to_pylist()
    rows, persons, new, shared = (
        delivered[name].to_numpy().astype(np.float64)
        for name in ("rows", "persons", "new", "shared")
    )
    findings = [
        *_more(days, rows - persons, rows, rules.REPEATED_ROWS),
        *_more(days, shared, new, rules.SHARED_EMAIL),
        *_nobody_new(days, new, persons),
    ]
    return alert_rows(
        incidents_of(findings, rules.GAP_DAYS),
        days[-1] if days else day,
        keep_days=keep_days,
        gap_days=rules.GAP_DAYS,
        name=_named,
    )


def _named(incident: Incident) -> Named:
    return Named(scope=rules.SCOPE, subject=SUBJECT, key="all", message=sentence(SUBJECT, incident))


LIMITS: Mapping[str, tuple[float, float]] = {
    rules.REPEATED_ROWS.name: (rules.MORE_REPEATED, rules.FEWEST_REPEATED),
    rules.SHARED_EMAIL.name: (rules.MORE_SHARED, rules.FEWEST_SHARED),
}
"""Kind → share above the usual one, and fewest rows or persons."""


def _more(days: list[dt.date], part: Numbers, of: Numbers, kind: Kind) -> Iterator[Finding]:
    """Yield days on which a share is above the usual one, beyond chance."""
    more, fewest = LIMITS[kind.name]
    usual = _usual(part / np.where(of > 0, of, np.nan))
    chance = _chance(usual, of)
    limit = np.maximum(usual + more, usual + rules.SCORE * chance)
    with np.errstate(invalid="ignore"):
        found = (part >= fewest) & (part > limit * of)
    for n in np.flatnonzero(found):
        yield _finding(days[n], kind, part[n], of[n] * usual[n], of[n] * chance[n])


def _nobody_new(days: list[dt.date], new: Numbers, persons: Numbers) -> Iterator[Finding]:
    """Yield days with hardly any new person among many persons."""
    usual = _usual(new / np.where(persons > 0, persons, np.nan))
    expected = usual * persons
    with np.errstate(invalid="ignore"):
        found = (expected >= rules.FEWEST_NEW_EXPECTED) & (new < rules.SHARE_OF_NEW * expected)
    for n in np.flatnonzero(found):
        width = persons[n] * _chance(usual, persons)[n]
        yield _finding(days[n], rules.NOBODY_NEW, new[n], expected[n], width)


def _usual(share: Numbers) -> Numbers:
    """Return the median share of the delivery days before each one."""
    stacked = np.stack([earlier(share, lag) for lag in range(1, rules.DELIVERIES + 1)])
    return median_of(stacked, rules.FEWEST_DELIVERIES)


def _chance(usual: Numbers, of: Numbers) -> Numbers:
    """Return the standard deviation of a share by chance; a usual share of 0 counts as 1 %."""
    inside = np.clip(usual, 0.01, 0.99)
    return np.sqrt(inside * (1 - inside) / np.where(of > 0, of, np.nan))


def _finding(day: dt.date, kind: Kind, actual: float, expected: float, chance: float) -> Finding:
    return Finding(
        day=day,
        since=day,
        kind=kind,
        actual=float(actual),
        expected=float(expected),
        low=max(0.0, float(expected - 2.5 * chance)),
        high=float(expected + 2.5 * chance),
    )

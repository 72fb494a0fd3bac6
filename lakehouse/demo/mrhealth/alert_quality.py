"""Compare alerts with the labels of planted incidents: what was found, when, and what was not."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakehouse.demo.mrhealth.business import STATES, state_of
from lakehouse.demo.mrhealth.incidents import Incident, Mechanism

_FEWER = {"silent", "orders_drop", "online_drop", "physical_drop", "orders_low", "revenue_drop"}
EXPLAINS: Mapping[Mechanism, frozenset[str]] = {
    Mechanism.TILL_DOWN: frozenset(_FEWER),
    Mechanism.ROAD_CLOSED: frozenset(_FEWER),
    Mechanism.REGION_OUTAGE: frozenset(_FEWER),
    Mechanism.SUPPLIER_OUT: frozenset({"product_missing"}),
    Mechanism.WRONG_PRICE_LIST: frozenset({"prices", "revenue_drop"}),
    Mechanism.LINK_DOWN: frozenset({"no_delivery"}),
    Mechanism.KITCHEN_FAILURE: frozenset({"cancellations", "revenue_drop"}),
    Mechanism.TOTALS_BUG: frozenset({"order_values"}),
}
"""Kinds of alerts that help somebody who has to deal with an incident; others are false."""
LATE = dt.timedelta(days=2)
"""Days after the end of an incident on which an alert about it still counts."""
MONTH = 30
_NAMES = {number: name for number, _, name in STATES}


@dataclass(kw_only=True)
class Quality:
    """Counts of one kind of incident, or of all; false alerts count for all only."""

    incidents: int = 0
    found: int = 0
    alerts: int = 0
    false_alerts: int = 0
    days: list[int] = field(default_factory=list)

    def add(self, other: "Quality") -> None:
        """Add the counts of other incidents."""
        self.incidents += other.incidents
        self.found += other.found
        self.alerts += other.alerts
        self.false_alerts += other.false_alerts
        self.days += other.days

    @property
    def precision(self) -> float | None:
        """Share of the alerts that are about an incident."""
        total = self.alerts + self.false_alerts
        return self.alerts / total if total else None

    @property
    def recall(self) -> float | None:
        """Share of the incidents that were found."""
        return self.found / self.incidents if self.incidents else None

    @property
    def days_to_detection(self) -> float | None:
        """Mean number of days from the beginning of an incident to the data that show it."""
        return sum(self.days) / len(self.days) if self.days else None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found on some days.

    Attributes:
        by_kind: counts by mechanism; `all` is their sum.
        missed: incidents without an alert.
        false: alerts without an incident.
    """

    by_kind: Mapping[str, Quality]
    missed: Sequence[Incident]
    false: Sequence[Mapping[str, Any]]


def compare(incidents: Sequence[Incident], alerts: Iterable[Mapping[str, Any]]) -> Comparison:
    """Compare alerts with labels."""
    total = Quality()
    by_kind = {mechanism.value: Quality() for mechanism in Mechanism}
    first: dict[Incident, dt.date] = {}
    false = []
    for alert in alerts:
        about = [incident for incident in incidents if is_about(alert, incident)]
        if not about:
            false.append(alert)
            continue
        by_kind[about[0].mechanism].alerts += 1
        for incident in about:
            detected = alert["detected_day"]
            first[incident] = min(first.get(incident, detected), detected)
    for incident in incidents:
        one = by_kind[incident.mechanism]
        one.incidents += 1
        if incident in first:
            one.found += 1
            one.days.append(max(0, (first[incident] - incident.first).days))
    for one in by_kind.values():
        total.add(one)
    total.false_alerts = len(false)
    missed = [incident for incident in incidents if incident not in first]
    return Comparison(by_kind={**by_kind, "all": total}, missed=missed, false=false)


def is_about(alert: Mapping[str, Any], incident: Incident) -> bool:
    """Return whether an alert is about an incident: its kind, place, product and time fit."""
    if alert["kind"] not in EXPLAINS[incident.mechanism]:
        return False
    if alert["product_id"] and alert["product_id"] not in incident.products:
        return False
    if alert["first_day"] > incident.last + LATE or alert["last_day"] < incident.first:
        return False
    if alert["scope"] == "unit":
        return alert["unit_id"] in incident.units
    states = {_NAMES[state_of(unit)] for unit in incident.units}
    return alert["scope"] == "chain" or alert["state_name"] in states


def incidents_from(rows: Iterable[Mapping[str, Any]]) -> list[Incident]:
    """Return the incidents of a file of labels, one JSON object each."""
    return [
        Incident(
            mechanism=Mechanism(row["mechanism"]),
            units=tuple(row["units"]),
            first=dt.date.fromisoformat(row["first"]),
            last=dt.date.fromisoformat(row["last"]),
            products=tuple(row["products"]),
            strength=row["strength"],
        )
        for row in rows
    ]

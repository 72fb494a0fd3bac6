"""Compare alerts with the labels of planted incidents: what was found, when, and what was not."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse.demo.incidents.labels import Comparison, compared
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
    Mechanism.SENT_TWICE: frozenset({"orders_repeated", "orders_surge"}),
    Mechanism.HALF_DAY: frozenset(_FEWER),
    Mechanism.COMPETITOR: frozenset(_FEWER),
    Mechanism.DINING_CLOSED: frozenset(_FEWER),
    Mechanism.WRONG_PRICES_EVERYWHERE: frozenset({"prices"}),
    Mechanism.APP_DOWN: frozenset(_FEWER),
    Mechanism.STATUS_STUCK: frozenset({"unfinished", "revenue_drop"}),
    Mechanism.ITEMS_CUT: frozenset({"order_values"}),
    Mechanism.PRICE_TYPO: frozenset({"prices"}),
    Mechanism.MENU_LOST: frozenset({"product_missing"}),
}
"""Kinds of alerts that help somebody who has to deal with an incident; others are false."""
LATE = dt.timedelta(days=2)
"""Days after the end of an incident on which an alert about it still counts."""
_NAMES = {number: name for number, _, name in STATES}


def compare(
    incidents: Sequence[Incident], alerts: Iterable[Mapping[str, Any]]
) -> Comparison[Incident]:
    """Compare alerts with labels."""
    return compared(incidents, alerts, Mechanism, is_about)


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

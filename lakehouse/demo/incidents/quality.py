"""Which alerts help somebody who has to deal with an incident."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from lakehouse.demo.incidents import cards, people, sales
from lakehouse.demo.incidents.labels import Comparison, Label, compared

LATE = dt.timedelta(days=2)
"""Days after the end of an incident on which an alert about it still counts."""
_REGION = frozenset({"region_silent", "region_drop", "region_falling"})
_PAYMENTS = frozenset({"payments_stopped", "payments_drop", "open_growing"})
_SAME_PERSONS = frozenset({"shared_email"})

EXPLAINS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "sales": {
        sales.Mechanism.TEAM_LEFT: _REGION,
        sales.Mechanism.COMPETITOR: _REGION,
        sales.Mechanism.BRANCH_CLOSED: _REGION,
        sales.Mechanism.ROWS_LOST: _REGION,
        sales.Mechanism.REGION_MISCODED: _REGION,
        sales.Mechanism.SYSTEM_DOWN: frozenset({"no_sales", "sales_drop"}),
    },
    "cards": {
        cards.Mechanism.CHANNEL_DOWN: _PAYMENTS,
        cards.Mechanism.PAYMENTS_LOST: _PAYMENTS,
        cards.Mechanism.LAYOFFS: _PAYMENTS,
        cards.Mechanism.MINIMUM_ONLY: _PAYMENTS,
        cards.Mechanism.REMINDERS_STOPPED: _PAYMENTS,
        cards.Mechanism.BILLED_TWICE: frozenset({"billing_jump", "open_growing"}),
    },
    "people": {
        people.Mechanism.FILE_TWICE: frozenset({"repeated_rows"}),
        people.Mechanism.FULL_EXPORT: frozenset({"nobody_new"}),
        people.Mechanism.JOIN_FANOUT: frozenset({"repeated_rows"}),
        people.Mechanism.NEW_IDS: _SAME_PERSONS,
        people.Mechanism.IDS_REWRITTEN: _SAME_PERSONS,
        people.Mechanism.REPLAY: frozenset({"nobody_new"}),
    },
}
"""Domain → mechanism → kinds of alerts that are about it; others are false."""
LASTING: Mapping[str, dt.timedelta] = {
    sales.Mechanism.TEAM_LEFT: dt.timedelta(days=15),
    sales.Mechanism.COMPETITOR: dt.timedelta(days=60),
    people.Mechanism.NEW_IDS: dt.timedelta(days=400),
    people.Mechanism.IDS_REWRITTEN: dt.timedelta(days=400),
    cards.Mechanism.LAYOFFS: dt.timedelta(days=38),
    cards.Mechanism.MINIMUM_ONLY: dt.timedelta(days=38),
    cards.Mechanism.REMINDERS_STOPPED: dt.timedelta(days=38),
    cards.Mechanism.BILLED_TWICE: dt.timedelta(days=38),
    cards.Mechanism.CHANNEL_DOWN: dt.timedelta(days=30),
    cards.Mechanism.PAYMENTS_LOST: dt.timedelta(days=30),
}
"""Days after the last day of an incident on which its effect goes on: sellers and customers come
back slowly, persons with a second id are named by the first one later, and invoices of the last day
are paid, or stay open, for weeks."""


def compare(
    domain: str, labels: Sequence[Label], alerts: Iterable[Mapping[str, Any]]
) -> Comparison[Label]:
    """Compare the alerts of a domain with the labels of a scenario."""
    return compared(labels, alerts, EXPLAINS[domain], partial(is_about, domain))


def is_about(domain: str, alert: Mapping[str, Any], label: Label) -> bool:
    """Return whether an alert is about an incident: its kind, place and time fit."""
    if alert["kind"] not in EXPLAINS[domain][label.mechanism]:
        return False
    ends = label.last + LATE + LASTING.get(label.mechanism, dt.timedelta(0))
    if alert["first_day"] > ends or alert["last_day"] < label.first:
        return False
    return not label.place or alert["subject"] == label.place

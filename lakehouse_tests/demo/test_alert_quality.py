"""Alerts are compared with the labels of planted incidents."""

import datetime as dt
import json
from typing import Any

from lakehouse.demo.mrhealth.alert_quality import compare, incidents_from, is_about
from lakehouse.demo.mrhealth.incidents import Incident, Mechanism
from lakehouse.demo.mrhealth.scenario import labels, scenario_of

DAY = dt.date(2026, 3, 18)
DOWN = Incident(
    mechanism=Mechanism.TILL_DOWN,
    units=(3,),
    first=DAY,
    last=DAY + dt.timedelta(days=1),
    strength=0.9,
)


def alert(**values: Any) -> dict[str, Any]:
    return {
        "kind": "orders_drop",
        "scope": "unit",
        "unit_id": 3,
        "state_name": "Paraná",
        "product_id": None,
        "first_day": DAY,
        "detected_day": DAY,
        "last_day": DAY,
        **values,
    }


def test_an_alert_is_about_an_incident_if_kind_place_and_time_fit():
    assert is_about(alert(), DOWN)
    assert not is_about(alert(kind="prices"), DOWN)
    assert not is_about(alert(unit_id=4), DOWN)
    later = DAY + dt.timedelta(days=4)
    assert not is_about(alert(first_day=later, last_day=later), DOWN)
    before = DAY - dt.timedelta(days=1)
    assert not is_about(alert(first_day=before, last_day=before), DOWN)


def test_an_alert_of_the_state_is_about_an_incident_in_it():
    assert is_about(alert(scope="state", unit_id=None), DOWN)  # unit 3 is in Paraná
    assert not is_about(alert(scope="state", unit_id=None, state_name="Santa Catarina"), DOWN)
    assert is_about(alert(scope="chain", unit_id=None, state_name=None), DOWN)


def test_an_alert_about_another_product_is_not_about_the_missing_one():
    out = Incident(
        mechanism=Mechanism.SUPPLIER_OUT,
        units=(3,),
        first=DAY,
        last=DAY,
        products=(301,),
        strength=1,
    )
    assert is_about(alert(kind="product_missing", product_id=301), out)
    assert not is_about(alert(kind="product_missing", product_id=302), out)


def test_precision_recall_and_days_are_counted():
    other = Incident(mechanism=Mechanism.LINK_DOWN, units=(5,), first=DAY, last=DAY, strength=1)
    late = alert(detected_day=DAY + dt.timedelta(days=1))
    found = compare([DOWN, other], [late, alert(kind="prices", unit_id=9)])
    total = found.by_kind["all"]
    assert (total.incidents, total.found, total.alerts, total.false_alerts) == (2, 1, 1, 1)
    assert (total.precision, total.recall, total.days_to_detection) == (0.5, 0.5, 1)
    assert list(found.missed) == [other]


def test_labels_are_read_back_as_they_were_written():
    scenario = scenario_of(1, first=dt.date(2026, 1, 1), units=12, days=120, rounds=1)
    rows = map(json.loads, labels(scenario).splitlines())
    assert tuple(incidents_from(rows)) == scenario.incidents

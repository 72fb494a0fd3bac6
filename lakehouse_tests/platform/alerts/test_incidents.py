"""Findings of one cause are one alert, with the figures of its last day."""

import datetime as dt
from dataclasses import replace

from lakehouse.platform.alerts.incidents import Finding, Incident, Named, alert_rows, incidents_of
from lakehouse.platform.alerts.kinds import CRITICAL, HIGH, Kind

DAY = dt.date(2026, 3, 2)
SLOW = Kind(
    name="slow",
    family="speed",
    rank=2,
    severity=HIGH,
    measure="orders",
    title="lento",
    action="Ver.",
    owner="TI",
)
STOPPED = replace(SLOW, name="stopped", rank=1, severity=CRITICAL)


def found(days_later: int, kind: Kind = SLOW, place: str = "Sul") -> Finding:
    day = DAY + dt.timedelta(days=days_later)
    return Finding(
        day=day, since=day, kind=kind, place=place, actual=days_later, expected=9, low=5, high=12
    )


def rows(*findings: Finding, newest: int = 5, keep_days: int = 90) -> list[dict[str, object]]:
    def name(incident: Incident) -> Named:
        return Named(scope="region", subject=incident.place, key="x", message="m")

    return alert_rows(
        incidents_of(findings, 3),
        DAY + dt.timedelta(days=newest),
        keep_days=keep_days,
        gap_days=3,
        name=name,
    ).to_pylist()


def test_findings_that_follow_each_other_are_one_alert_of_the_worst_severity():
    (alert,) = rows(found(0), found(1, STOPPED), found(1), found(4))
    assert alert["alert_id"] == "speed-x-20260302"
    assert (alert["kind"], alert["severity"], alert["days"]) == ("slow", "critical", 3)
    assert (alert["detected_day"], alert["last_day"]) == (DAY, DAY + dt.timedelta(days=4))
    assert (alert["actual"], alert["state"]) == (4, "open")


def test_a_gap_or_another_place_makes_another_alert():
    assert len(rows(found(0), found(4))) == 2
    assert len(rows(found(0), found(0, place="Norte"))) == 2


def test_an_alert_ends_after_the_gap_and_leaves_after_the_kept_days():
    assert rows(found(0), newest=3)[0]["state"] == "open"
    assert rows(found(0), newest=4)[0]["state"] == "ended"
    assert rows(found(0), newest=90) == []

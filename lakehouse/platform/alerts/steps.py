"""Take a step about an alert: the one way of the command line and of the dashboard."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from lakehouse.platform.alerts.decisions import decide, decisions, decisions_of
from lakehouse.platform.alerts.stored import stored_alerts
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish, read_published
from lakehouse.platform.tables.ops_tables import AlertDecision, AlertStep

NEEDS: Mapping[AlertStep, str] = {
    AlertStep.EXPLAINED: "note",
    AlertStep.CLOSED: "outcome",
    AlertStep.SNOOZED: "until",
    AlertStep.ASSIGNED: "owner",
}
"""Step → the value without which it says nothing; other steps need none."""


class StepProblem(StrEnum):
    """Why a step is not possible."""

    UNKNOWN = "unknown"
    """There is no such alert."""
    MISSING = "missing"
    """The value that the step needs is not given."""
    PAST = "past"
    """The day until which the alert is to be snoozed has passed."""


class StepError(Exception):
    """A step that is not possible; nothing was written."""

    def __init__(self, problem: StepProblem, text: str) -> None:
        super().__init__(text)
        self.problem = problem


def take_step(
    lake: Lake,
    domain: str,
    alert_id: str,
    step: AlertStep,
    *,
    by: str,
    now: dt.datetime,
    today: dt.date,
    outcome: str | None = None,
    note: str | None = None,
    until: dt.date | None = None,
    owner: str | None = None,
) -> AlertDecision:
    """Add a step about an alert that exists, and publish it.

    Args:
        lake: where the alerts and the decisions are.
        domain: name of the domain.
        alert_id: the alert.
        step: what is done with it.
        by: login or name of the person.
        now: moment of the step.
        today: its date in the time zone of the lake.
        outcome: why the alert is closed.
        note: remark.
        until: last day of a snooze.
        owner: who is to act from now on.

    Raises:
        StepError: there is no such alert, or the step lacks what it needs.
        DayConflict: others added steps during every attempt.
    """
    known = {alert["alert_id"] for alert in stored_alerts(lake, domain)}
    known |= {each.alert_id for each in decisions(lake, domain)}
    if alert_id not in known:
        raise StepError(StepProblem.UNKNOWN, f"there is no alert {alert_id!r} in {domain}")
    given = {"outcome": outcome, "note": note, "until": until, "owner": owner}
    need = NEEDS.get(step)
    if need and not given[need]:
        raise StepError(StepProblem.MISSING, f"an alert is {step.value} with its {need}")
    if step is AlertStep.SNOOZED and until is not None and until < today:
        raise StepError(StepProblem.PAST, f"{until} has passed; expected today or a later day")
    decision = decide(
        lake,
        domain,
        alert_id,
        step,
        by=by,
        now=now,
        today=today,
        outcome=outcome,
        note=note,
        until=until,
        owner=owner,
    )
    _publish(lake, domain, f"alert {step.value}")
    return decision


def _publish(lake: Lake, domain: str, by: str) -> None:
    """Show the decisions to readers; without a publication they see the newest version anyway."""
    if read_published(lake, domain) is not None:
        own = decisions_of(domain)
        publish(lake, domain, note={"by": by}, only=lambda table: table == own)

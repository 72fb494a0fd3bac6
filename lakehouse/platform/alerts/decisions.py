"""What people decided about alerts: steps are added, and the present state follows from them."""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import ALERT_DECISIONS, AlertDecision, AlertStep
from lakehouse.platform.tables.stored_rows import add_row, rows_of

OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Handling:
    """The present state of an alert as people decided.

    Attributes:
        state: open, acknowledged, explained or closed.
        outcome: why it is closed.
        note: the newest remark.
        owner: who acts; None when nobody was named.
        until: last day of the snooze; None when it is not snoozed.
        since: moment of the newest step.
    """

    state: str = OPEN
    outcome: str | None = None
    note: str | None = None
    owner: str | None = None
    until: dt.date | None = None
    since: dt.datetime | None = None

    def is_snoozed(self, today: dt.date) -> bool:
        """Return whether the alert is not shown or sent on a day."""
        return self.until is not None and today <= self.until


UNTOUCHED = Handling()


def decisions_of(domain: str) -> TableId:
    """Return the table that holds the decisions of a domain."""
    return TableId("ops", domain, ALERT_DECISIONS.name)


def decide(
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
    """Add a step about an alert and return it; steps of others on the same day are kept.

    Raises:
        DayConflict: others added steps during every attempt.
    """
    decision = AlertDecision(
        day=today,
        decision_id=secrets.token_hex(8),
        alert_id=alert_id,
        step=step,
        outcome=outcome,
        note=note,
        until=until,
        owner=owner,
        decided_by=by,
        decided_at=now,
    )
    note_of_commit = {"by": f"alert {decision.alert_id} {decision.step}"}
    add_row(lake, decisions_of(domain), ALERT_DECISIONS, decision, note=note_of_commit)
    return decision


def decisions(lake: Lake, domain: str) -> list[AlertDecision]:
    """Return every step of a domain, the oldest first."""
    found = rows_of(lake, decisions_of(domain), ALERT_DECISIONS)
    return sorted(found, key=lambda each: each.decided_at)


def handling_of(steps: Iterable[AlertDecision]) -> Mapping[str, Handling]:
    """Return the present state of each alert about which there is a step."""
    found: dict[str, Handling] = {}
    for each in steps:
        found[each.alert_id] = _after(found.get(each.alert_id, UNTOUCHED), each)
    return found


def _after(before: Handling, step: AlertDecision) -> Handling:
    states = {AlertStep.SNOOZED: before.state, AlertStep.ASSIGNED: before.state}
    is_reopened = step.step is AlertStep.REOPENED
    states[AlertStep.REOPENED] = OPEN
    return replace(
        before,
        state=states.get(step.step, step.step.value),
        outcome=before.outcome if step.step in states and not is_reopened else step.outcome,
        note=step.note or before.note,
        owner=step.owner or before.owner,
        until=step.until if step.step is AlertStep.SNOOZED or is_reopened else before.until,
        since=step.decided_at,
    )

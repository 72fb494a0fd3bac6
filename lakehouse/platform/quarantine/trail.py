"""The trail of corrections: who corrected which row when and why, and the outcome.

Each step of a correction is a row of ``ops.corrections`` that is added and never changed. The trail
is also what keeps two persons from correcting one delivery at the same moment: a request is
committed only if nobody added a step for the delivery's day meanwhile.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lakehouse.platform.ingestion.conflicts import retry_conflicts
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import CORRECTIONS, CorrectionEvent, CorrectionStep
from lakehouse.platform.tables.stored_rows import stage_ops_table

ENDS = frozenset({CorrectionStep.LOADED, CorrectionStep.REJECTED, CorrectionStep.FAILED})
NOTE = {"by": "correction"}


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction with its steps so far, in the order in which they happened."""

    events: tuple[CorrectionEvent, ...]

    @property
    def id(self) -> str:
        """Identifier of the correction."""
        return self.request.correction

    @property
    def request(self) -> CorrectionEvent:
        """The first step: who asked for what."""
        return self.events[0]

    @property
    def last(self) -> CorrectionEvent:
        """The newest step."""
        return self.events[-1]

    @property
    def is_open(self) -> bool:
        """Whether the outcome is not known yet."""
        return self.last.step not in ENDS


def corrections_of(domain: str) -> TableId:
    """Return the table that holds the trail of a domain."""
    return TableId("ops", domain, CORRECTIONS.name)


def read_trail(
    lake: Lake, domain: str, day: dt.date | None = None, *, snapshot: Snapshot | None = None
) -> list[Correction]:
    """Return the corrections of a delivery day, or of all days, newest first."""
    table = lake.table(corrections_of(domain))
    snapshot = snapshot or table.snapshot()
    if snapshot.schema is None:
        return []
    by_id: dict[str, list[CorrectionEvent]] = defaultdict(list)
    for event in CORRECTIONS.from_arrow(table.read([day] if day else None, snapshot=snapshot)):
        by_id[event.correction].append(event)
    order = list(CorrectionStep)
    found = [
        Correction(events=tuple(sorted(each, key=lambda event: order.index(event.step))))
        for each in by_id.values()
    ]
    return sorted(found, key=lambda each: (each.request.at, each.id), reverse=True)


def add_event(lake: Lake, domain: str, event: CorrectionEvent, based_on: Snapshot) -> None:
    """Add a step to the trail.

    Raises:
        DayConflict: somebody added a step for the day after the snapshot.
    """
    table = corrections_of(domain)
    stored = based_on.schema is not None and event.day in based_on.by_day
    rows = lake.table(table).read([event.day], snapshot=based_on) if stored else None
    events = [] if rows is None else list(CORRECTIONS.from_arrow(rows))
    days = {event.day: CORRECTIONS.to_arrow([*events, event])}
    stage_ops_table(lake, table, CORRECTIONS, days, based_on=based_on).commit(
        note=NOTE | {"correction": event.correction}
    )


def add_step(
    lake: Lake,
    domain: str,
    correction: Correction,
    step: CorrectionStep,
    now: Callable[[], dt.datetime],
    detail: str | None = None,
) -> Correction:
    """Add the next step of a correction, whatever was added meanwhile; return the correction.

    A step that the correction has already, because another process added it, is not repeated.
    """

    def add() -> Correction:
        snapshot = lake.table(corrections_of(domain)).snapshot()
        known = read_trail(lake, domain, correction.request.day, snapshot=snapshot)
        (current,) = (each for each in known if each.id == correction.id)
        if not current.is_open or current.last.step is step:
            return current
        event = replace(current.request, step=step, at=now(), detail=detail)
        add_event(lake, domain, event, snapshot)
        return Correction(events=(*current.events, event))

    return retry_conflicts(add)


def as_json(values: dict[str, Any]) -> str:
    """Return values by column as the trail stores them."""
    import json

    return json.dumps(values, ensure_ascii=False, sort_keys=True)

"""Decide which business days must be rebuilt before a delivered file can balance.

A run refreshes only the days of its window. A delivery may touch other days: its rows lie on them,
a key joins them, or they show an older snapshot. Nothing is read or written here.
"""

import datetime as dt
from collections.abc import Set
from dataclasses import dataclass, field

from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source


@dataclass(frozen=True, kw_only=True)
class DependentDays:
    """Business days that depend on one delivery day."""

    waited_for: Set[dt.date] = field(default_factory=frozenset)
    """Days for which the delivery day waited before this run."""
    touched: Set[dt.date] = field(default_factory=frozenset)
    """Days of its rows."""
    reached: Set[dt.date] = field(default_factory=frozenset)
    """Days that share a key with its rows or name them; known only when its deliveries changed."""
    outdated: Set[dt.date] = field(default_factory=frozenset)
    """Days that show another snapshot although this one is valid for them."""
    changed: bool = False
    """Whether its deliveries differ from those of the last reconciliation."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a delivered file has to wait for."""

    days: tuple[dt.date, ...]
    """Business days outside the window of the run, in order."""
    must_wait: bool
    """Whether one of them has to be rebuilt even when the numbers of the file agree."""


def waiting_of(
    delivery: Delivery, source: Source | None, days: DependentDays, window: Set[dt.date]
) -> Waiting:
    """Return which business days outside the window a delivered file has to wait for."""
    loaded = delivery.status is Status.LOADED
    waiting = set(days.waited_for)
    if days.changed or not days.waited_for - window:
        waiting |= days.touched
    if loaded:
        waiting |= days.outdated
    required = days.outdated - window
    joined = (days.waited_for | days.reached) - window
    if source is not None and (source.key or source.affects):
        required = required | joined
        waiting |= required
    elif source is not None and source.snapshot:
        required = required | joined
        waiting |= joined
    return Waiting(days=tuple(sorted(waiting - window)), must_wait=bool(required) and loaded)

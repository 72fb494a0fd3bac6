"""Severities and states of alerts, and what a domain declares of each kind of alert."""

from dataclasses import dataclass

CRITICAL, HIGH, MEDIUM = "critical", "high", "medium"
SEVERITIES = (CRITICAL, HIGH, MEDIUM)
"""From the most to the least urgent."""
OPEN, ENDED = "open", "ended"
STATES = (OPEN, ENDED)
"""An alert has ended when its problem is not found any more."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of alert.

    Attributes:
        name: name in the tables.
        family: kinds of one family are the same incident when they follow each other.
        rank: 1 is the most urgent of its family; of several on a day the first one counts.
        severity: how urgent it is.
        measure: what `expected` and `actual` count.
        title: what people read.
        action: what to do.
        owner: who does it, unless somebody else takes it.
    """

    name: str
    family: str
    rank: int
    severity: str
    measure: str
    title: str
    action: str
    owner: str

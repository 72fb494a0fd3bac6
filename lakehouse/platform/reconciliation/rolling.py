"""Compare all stored data with what was stored, a little at a time and over and over again.

Each step continues where the step before it ended, for a bounded time. Files that were damaged are
remembered in the lake, so that `status` and `reconcile` compare them first.
"""

import time
from dataclasses import dataclass, field

from lakehouse.platform.reconciliation.damage import (
    Damage,
    DamageReport,
    stored_files,
)
from lakehouse.platform.reconciliation.remembered import remember
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import Domain


@dataclass(frozen=True, kw_only=True)
class Step:
    """The result of one step."""

    position: str
    """Place of the last file that was compared; empty when the round is complete."""
    compared: int
    damages: list[Damage] = field(default_factory=list)


def compare_next(domain: Domain, lake: Lake, position: str, *, seconds: float) -> Step:
    """Compare files for some seconds, beginning after a position."""
    report = DamageReport()
    until = time.monotonic() + seconds
    intact: set[str] = set()
    damaged: set[str] = set()
    last = position
    for file in stored_files(domain, lake, report, after=position):
        last = file.place
        if damage := file.damage(lake):
            report.damages.append(damage)
            damaged.add(file.path)
        else:
            intact.add(file.path)
        if time.monotonic() > until:
            break
    else:
        last = ""
    remember(domain.name, lake, damaged=damaged, intact=intact)
    return Step(position=last, compared=len(intact) + len(damaged), damages=report.damages)

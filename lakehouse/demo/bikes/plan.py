"""Define the plan of the generator."""

import datetime as dt
import math
from dataclasses import dataclass

from lakehouse.demo.plans import require_between

FIRST_ORDER, LAST_ORDER = dt.date(2011, 5, 31), dt.date(2014, 6, 30)
LEAST_DAYS = 125
"""Shortest history; it reaches into October 2011, so that September 2011 is complete."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which dump to generate.

    Args:
        seed: equal seeds give equal bytes.
        scale: share of AdventureWorks; 1 is all 31,465 orders in three years.
        errors: how often each kind of error occurs; 0 is none.
        first: day of the dump, after the last order.

    Raises:
        ValueError: a value is outside its range.
    """

    seed: int = 7
    scale: float = 1.0
    errors: float = 1.0
    first: dt.date = dt.date(2014, 7, 1)

    def __post_init__(self) -> None:
        require_between("scale", self.scale, 0.005, 20)
        require_between("errors", self.errors, 0, 100)
        if self.first <= self.last_order:
            raise ValueError(
                f"first must be after {self.last_order}, the last order, not {self.first}"
            )

    @property
    def days(self) -> list[dt.date]:
        """Days of the history."""
        length = (LAST_ORDER - FIRST_ORDER).days + 1
        length = min(length, max(LEAST_DAYS, round(length * self.scale)))
        return [FIRST_ORDER + dt.timedelta(days=n) for n in range(length)]

    @property
    def last_order(self) -> dt.date:
        """Last day of the history."""
        return self.days[-1]

    @property
    def copies(self) -> int:
        """How often each kind of error occurs."""
        return math.ceil(self.errors)

    def share(self, full: int) -> int:
        """Return a number of AdventureWorks at this scale, at least 1."""
        return max(1, round(full * self.scale))

"""What can be asked of the generator."""

import datetime as dt
import math
from dataclasses import dataclass

FIRST_ORDER, LAST_ORDER = dt.date(2011, 5, 31), dt.date(2014, 6, 30)
LEAST_DAYS = 125
"""A history that reaches into October 2011, so that September 2011 is whole."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which dump to invent.

    Args:
        seed: the same seed, the same bytes.
        scale: share of AdventureWorks, 1 for all 31,465 orders in three years.
        errors: how often each kind of fault occurs; 0 is clean.
        first: day of the dump, after the last order.

    Raises:
        ValueError: what is asked for cannot be.
    """

    seed: int = 7
    scale: float = 1.0
    errors: float = 1.0
    first: dt.date = dt.date(2014, 7, 1)

    def __post_init__(self) -> None:
        if not 0.005 <= self.scale <= 20:
            raise ValueError(f"scale must be 0.005 to 20, not {self.scale}")
        if not 0 <= self.errors <= 100:
            raise ValueError(f"errors must be 0 to 100, not {self.errors}")
        if self.first <= self.last_order:
            raise ValueError(f"first must be after the last order of {self.last_order}")

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
        """How often each kind of fault occurs."""
        return math.ceil(self.errors)

    def share(self, full: int) -> int:
        """A number of AdventureWorks at this scale, at least 1."""
        return max(1, round(full * self.scale))

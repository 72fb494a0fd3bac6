"""What is asked of the generator."""

import datetime as dt
from dataclasses import dataclass

from lakehouse.domains.cards import SPEC
from lakehouse.platform.tables.table import months_after

CLIENTS = 10_000
"""At scale 1."""
MONTHS = 13
PIECE = 100_000
"""Clients in one pair of files."""
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Invoices of thirteen months, delivered in the month after the next.

    Args:
        seed: the same seed, the same bytes.
        scale: 1 is 10,000 clients with 13 invoices each.
        errors: 0 is like the original files; 1 has every case and fault in its full share.
        first: month of the first invoices, by its first day.

    Raises:
        ValueError: a number is out of its range, or `first` is no such day.
    """

    seed: int = 7
    scale: float = 1.0
    errors: float = 1.0
    first: dt.date = dt.date(2023, 1, 1)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed is 0 or more, not {self.seed}")
        if not 0 < self.scale <= 1000:
            raise ValueError(f"scale is above 0 and at most 1000, not {self.scale}")
        if not 0 <= self.errors <= 1:
            raise ValueError(f"errors is 0 to 1, not {self.errors}")
        if self.first.day != 1 or self.first < SPEC.since:
            raise ValueError(f"first is a month's first day from {SPEC.since}, not {self.first}")

    @property
    def clients(self) -> int:
        """How many clients have invoices of the first layout."""
        return max(1, round(CLIENTS * self.scale))

    @property
    def delivered(self) -> dt.date:
        """Day of the first delivery; all of its payments are made by then."""
        return months_after(self.first, MONTHS + 1) + dt.timedelta(days=1)

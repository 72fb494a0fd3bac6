"""Define the plan of the generator."""

import datetime as dt
from dataclasses import dataclass

from lakehouse.demo.plans import require_between, require_share
from lakehouse.domains.cards import SPEC
from lakehouse.platform.tables.table import months_after

CLIENTS = 10_000
"""Clients at scale 1."""
MONTHS = 13
PIECE = 100_000
"""Most clients in one pair of files."""
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to generate: invoices of thirteen months, delivered two months later.

    Args:
        seed: equal seeds give equal bytes.
        scale: 1 is 10,000 clients with 13 invoices each.
        errors: 0 is like the original files, 1 has every case and error in its full share.
        first: first day of the month of the first invoices.
        behavior: clients pay by their discipline and income, see `behavior`; else every invoice is
            paid with the same probability, as in the original files.
        leaving: clients lose interest and leave, see `engagement`; else every client has an invoice
            in each month, as in the original files.

    Raises:
        ValueError: a value is outside its range, or `first` is not the first day of a month.
    """

    seed: int = 7
    scale: float = 1.0
    errors: float = 1.0
    first: dt.date = dt.date(2023, 1, 1)
    behavior: bool = False
    leaving: bool = False

    def __post_init__(self) -> None:
        require_between("seed", self.seed, 0)
        require_share("scale", self.scale, 1000)
        require_between("errors", self.errors, 0, 1)
        if self.first.day != 1 or self.first < SPEC.since:
            raise ValueError(
                f"first must be the first day of a month from {SPEC.since} on, not {self.first}"
            )

    @property
    def clients(self) -> int:
        """Number of clients with invoices in the first layout."""
        return max(1, round(CLIENTS * self.scale))

    @property
    def delivered(self) -> dt.date:
        """Day of the first delivery, after the last of its payments."""
        return months_after(self.first, MONTHS + 1) + dt.timedelta(days=1)

"""Parameters of purchases: service levels, terms of the suppliers, classes, costs."""

from collections.abc import Mapping
from dataclasses import dataclass

HISTORY_DAYS = 91
"""Days of sales from which classes and prices are made."""
REVIEW_DAYS = 1
"""Days from one order to the next one."""
ABC_SHARES = {"A": 0.80, "B": 0.95}
"""A product is in a class while the more valuable ones of its unit have less than this share of the
revenue; the others are C."""
XYZ_VARIATION = {"X": 0.5, "Y": 1.0}
"""A product is in a class up to this coefficient of variation of its daily pieces; else Z."""
SERVICE: Mapping[str, float] = {
    "AX": 0.98,
    "AY": 0.97,
    "AZ": 0.95,
    "BX": 0.97,
    "BY": 0.95,
    "BZ": 0.93,
    "CX": 0.95,
    "CY": 0.93,
    "CZ": 0.90,
}
"""Probability that the stock suffices on a day, by class."""
COST_SHARE = 0.35
"""Cost of a piece as a share of its price, where no receipt says the cost."""
FEWEST_TIMED = 5
"""Receipts with a date of order from which delivery times are measured, not taken from `Terms`."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is agreed with the supplier of a product.

    Args:
        lead_days: days from the order, after the sales of a day, to the receipt before the sales of
            another one; at least 1.
        lead_days_variance: its variance in days².
        lot: pieces of a lot; orders are whole lots.
        shelf_days: days on which a piece can be sold after it was received.
    """

    lead_days: float = 2.0
    lead_days_variance: float = 0.5
    lot: int = 4
    shelf_days: int = 10


DEFAULT = Terms()
LASTING = Terms(lead_days=3.0, lot=6, shelf_days=28)
FRESH = Terms(lead_days=1.0, lead_days_variance=0.25, lot=2, shelf_days=5)
TERMS: Mapping[int, Terms] = {
    **dict.fromkeys((317, 318, 319, 325), FRESH),  # salads, ceviche, green juice
    **dict.fromkeys((324, 326, 327, 328), LASTING),  # bottled drinks
}
"""Terms by number of the product in the headquarters' table; `DEFAULT` for all others."""

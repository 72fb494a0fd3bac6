"""Invented deliveries: what a domain's generator gives."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file as it lands.

    Attributes:
        path: relative to the landing root, ``sales/2026-01-05/sales_raw.csv``.
        data: its bytes.
        modified_at: when it landed, UTC.
    """

    path: str
    data: bytes
    modified_at: dt.datetime

"""Sums by unit and day as arrays, and the places that can have an alert."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.platform.alerts.usual import Numbers

Flags = NDArray[np.bool_]
COUNTS = (
    *("orders", "online", "physical", "cancelled", "pending", "revenue", "goods", "items"),
    *("products", "odd_products"),
)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What units sold by day; rows are units in the order of their numbers, columns are days.

    Attributes:
        origin: day with the number 0.
        first: number of the first day.
        units: number of each unit.
        names: newest name of each unit.
        states: newest state of each unit; empty where unknown.
        counts: figure by name; amounts in cents. 0 where there is no row.
        exists: whether there is a row.
        delivered: whether a readable file arrived.
        holiday: whether the day is a holiday of the unit.
    """

    origin: dt.date
    first: int
    units: tuple[int, ...]
    names: tuple[str, ...]
    states: tuple[str, ...]
    counts: Mapping[str, Numbers]
    exists: Flags
    delivered: Flags
    holiday: Flags

    @property
    def days(self) -> int:
        """Return the number of days."""
        return self.exists.shape[1]

    @property
    def known(self) -> Flags:
        """Return whether the figures of a unit and day are known."""
        return self.delivered | (self.counts["orders"] > 0)

    def date(self, column: int) -> dt.date:
        """Return the date of a column."""
        return self.origin + dt.timedelta(days=self.first + column)

    def column(self, number: int) -> int:
        """Return the column of a day by its number."""
        return number - self.first

    def members(self, scope: str, state: str) -> NDArray[np.int64]:
        """Return the rows of the units of a state, or of all."""
        if scope == rules.CHAIN:
            return np.arange(len(self.units))
        return np.array([n for n, name in enumerate(self.states) if name == state], np.int64)


def grid_of(rows: pa.Table, origin: dt.date) -> Grid:
    """Return the sums of units as arrays; the rows have one for each unit and day."""
    rows = rows.sort_by([("n", "ascending"), ("unit_id", "ascending")])
    unit, day = (rows[name].to_numpy() for name in ("unit_id", "n"))
    units = np.unique(unit)
    first = int(day.min()) if len(day) else 0
    shape = (len(units), int(day.max()) - first + 1 if len(day) else 0)
    at = np.searchsorted(units, unit), day - first

    def filled(name: str) -> Numbers:
        values = np.zeros(shape)
        values[at] = rows[name].cast(pa.float64()).to_numpy()
        return values

    newest = {each["unit_id"]: each for each in rows.select(_NAMES).to_pylist()}
    exists = np.zeros(shape, np.bool_)
    exists[at] = True
    return Grid(
        origin=origin,
        first=first,
        units=tuple(units.tolist()),
        names=tuple(newest[n]["unit_name"] for n in units.tolist()),
        states=tuple(newest[n]["state_name"] for n in units.tolist()),
        counts={name: filled(name) for name in COUNTS},
        exists=exists,
        delivered=filled("delivered") > 0,
        holiday=filled("holiday") > 0,
    )


_NAMES = ["unit_id", "unit_name", "state_name"]

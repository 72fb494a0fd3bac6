"""Series as arrays: one row per series, one column per day; NaN where a day is unknown."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

ONE_DAY = dt.timedelta(days=1)


class PanelError(Exception):
    """Raised when series cannot be forecast; the message has the cause and a hint."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Daily counts of many series up to the day on which they are forecast.

    Args:
        first: day of the first column.
        values: counts by series and day, 0 or more; NaN where unknown.
        place: index of the place of each series, such as its unit, from 0.
        product: index of the product of each series, from 0; all 0 for series of places.
        region: index of the region of each place, from 0.
        calendar: one column per kind of special day, by region, over all days and the horizon:
            shape (kinds, regions, days + horizon), 1 or 0.
        whole: whether values are whole numbers, so that the most likely middle is one, too.
    """

    first: dt.date
    values: Numbers
    place: Indices
    product: Indices
    region: Indices
    calendar: Numbers
    whole: bool = True

    @property
    def days(self) -> int:
        """Return the number of days."""
        return self.values.shape[1]

    @property
    def weekday(self) -> int:
        """Return the weekday of the first day; 0 is Monday."""
        return self.first.weekday()

    def cut(self, days: int) -> "Panel":
        """Return the panel as it was known after its first days."""
        return replace(self, values=self.values[:, :days])


def filled(
    shape: tuple[int, int],
    row: Sequence[int] | Indices,
    column: Sequence[int] | Indices,
    values: Sequence[float] | Numbers,
    known: Flags,
) -> Numbers:
    """Return counts by series and day: sums of the given values, 0 on other known days, else NaN.

    Several values of a series and day are added. A negative sum, such as returns without sales, is
    no demand and counts as 0.

    Args:
        shape: number of series and of days.
        row: index of the series of each value.
        column: index of the day of each value.
        values: the values.
        known: whether the day of a series is known.

    Raises:
        PanelError: a value is not a finite number, or outside of the days.
    """
    rows, columns = np.asarray(row, np.int64), np.asarray(column, np.int64)
    given = np.asarray(values, np.float64)
    if not np.isfinite(given).all():
        raise PanelError("a value is not a finite number; hint: leave unknown days out")
    if len(columns) and (columns.min() < 0 or columns.max() >= shape[1]):
        raise PanelError(
            f"a value is on day {columns.max()}, expected 0 to {shape[1] - 1}; hint: leave out days"
            " after the day of the forecast"
        )
    total = np.zeros(shape)
    np.add.at(total, (rows, columns), given)
    return np.where(known, np.maximum(total, 0.0), np.nan)

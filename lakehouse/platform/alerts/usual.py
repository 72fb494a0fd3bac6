"""What is usual of a daily figure: medians of earlier days, and how much days differ from them.

All functions take one row per place and one column per day, and look back only.
"""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
TO_SIGMA = 1.4826
"""Standard deviation ÷ median absolute deviation, of a normal distribution."""


def earlier(values: Numbers, lag: int) -> Numbers:
    """Return the values of `lag` days before each day; NaN where there is none."""
    moved = np.full_like(values, np.nan)
    moved[..., lag:] = values[..., : values.shape[-1] - lag] if lag < values.shape[-1] else 0
    return moved


def median_of(stacked: Numbers, fewest: int) -> Numbers:
    """Return the median over the first axis without NaN; NaN with fewer than `fewest` values."""
    ordered = np.sort(stacked, axis=0)  # NaN comes last
    count = (~np.isnan(stacked)).sum(axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, len(stacked) - 1)
    picked = [np.take_along_axis(ordered, place[None], axis=0)[0] for place in (low, high)]
    return np.where(count >= fewest, (picked[0] + picked[1]) / 2, np.nan)


def usual_of_weekday(
    values: Numbers, *, weeks: int, fewest: int, within: int, weeks_before: int = 0
) -> Numbers:
    """Return the median of the same weekday in the newest earlier weeks.

    Args:
        values: figures; NaN where a day teaches nothing.
        weeks: most days of which the median is taken.
        fewest: fewest of them; with fewer the result is NaN.
        within: weeks in which they are looked for.
        weeks_before: weeks before a day that are left out, so that a slow change is not learned.
    """
    lags = [7 * (weeks_before + week) for week in range(1, within + 1)]
    stacked = np.stack([earlier(values, lag) for lag in lags])
    newer = np.cumsum(~np.isnan(stacked), axis=0)
    return median_of(np.where(newer <= weeks, stacked, np.nan), fewest)


def summed(values: Numbers, days: int) -> Numbers:
    """Return the sum of each day and the days before it; NaN counts as nothing."""
    total = np.cumsum(np.nan_to_num(values), axis=-1)
    before = np.zeros_like(total)
    before[..., days:] = total[..., :-days] if days < total.shape[-1] else 0
    return total - before


def spread_of(differences: Numbers, *, days: int, fewest: int, floor: float) -> Numbers:
    """Return how much earlier days differ from what was expected, as a standard deviation.

    Args:
        differences: relative differences, (actual − expected) ÷ expected; NaN where unknown.
        days: number of days before each day that are compared.
        fewest: fewest known differences; with fewer the result is NaN.
        floor: smallest result.
    """
    stacked = np.stack([earlier(differences, lag) for lag in range(1, days + 1)])
    middle = median_of(stacked, fewest)
    deviation = median_of(np.abs(stacked - middle), fewest) * TO_SIGMA
    return np.where(np.isnan(deviation), np.nan, np.maximum(deviation, floor))

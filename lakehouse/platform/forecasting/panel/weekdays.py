"""Means and medians of the same weekday: for series that follow a timetable of their own."""

import numpy as np

from lakehouse.platform.forecasting.panel.baselines import WEEK, moving_average
from lakehouse.platform.forecasting.panel.panel import Numbers

LOOKED_AT = 12
"""Weeks in which known days are looked for."""


def weekday_mean(values: Numbers, horizon: int, weeks: int) -> Numbers:
    """Return the mean of the last known values of the same weekday.

    >>> weekday_mean(np.arange(14.0)[None, :], 1, 2)
    array([[3.5]])
    """
    newest, count = _newest(values, weeks)
    mean = np.nansum(newest, axis=0) / np.maximum(count, 1)
    return _ahead(values, mean, count, horizon)


def weekday_median(values: Numbers, horizon: int, weeks: int) -> Numbers:
    """Return their median, which a single odd week does not change.

    >>> weekday_median(np.array([[1.0, 0, 0, 0, 0, 0, 0] * 2 + [9.0] + [0.0] * 6]), 1, 3)
    array([[1.]])
    """
    newest, count = _newest(values, weeks)
    ordered = np.sort(newest, axis=0)  # NaN last
    low, high = (np.maximum(count - 1, 0) // 2, np.maximum(count, 1) // 2)
    pairs = (
        np.take_along_axis(ordered, place[None].astype(np.int64), 0)[0] for place in (low, high)
    )
    median = sum(pairs) / 2.0 if len(ordered) else np.zeros_like(count)
    return _ahead(values, np.nan_to_num(median), count, horizon)


def _newest(values: Numbers, weeks: int) -> tuple[Numbers, Numbers]:
    """Return the newest known values of each weekday, shape (weeks, series, 7), and their number.

    The first weekday is that of the first day to forecast; missing values are NaN.
    """
    series, days = values.shape
    looked_at = min(LOOKED_AT, -(-days // WEEK)) if days else 0
    padded = np.full((series, looked_at * WEEK), np.nan)
    kept = min(days, looked_at * WEEK)
    padded[:, looked_at * WEEK - kept :] = values[:, days - kept :]
    by_week = np.moveaxis(padded.reshape(series, looked_at, WEEK), 1, 0)[::-1]
    known = ~np.isnan(by_week)
    used = known & (known.cumsum(axis=0) <= weeks)
    return np.where(used, by_week, np.nan), used.sum(axis=0).astype(np.float64)


def _ahead(values: Numbers, of_weekday: Numbers, count: Numbers, horizon: int) -> Numbers:
    """Return the values of weekdays for the days ahead; the mean where none is known."""
    fallback = moving_average(values, 1, values.shape[1])
    found = np.where(count > 0, of_weekday, fallback)
    return found[:, np.arange(horizon) % WEEK]

"""Seasonal naive and moving averages: what every model must beat.

Each function takes the known counts, shape (series, days), and the number of days to forecast, and
returns shape (series, horizon) without NaN: a series without a known day gets 0.
"""

import numpy as np

from lakehouse.platform.forecasting.panel.panel import Numbers

WEEK = 7


def seasonal_naive(values: Numbers, horizon: int) -> Numbers:
    """Return for each day the last known count of the same weekday.

    >>> seasonal_naive(np.array([[1.0, 2, 3, 4, 5, 6, 7, 8]]), 2)
    array([[2., 3.]])
    """
    series, days = values.shape
    fallback = moving_average(values, 1, days)[:, 0]
    last = np.full((series, WEEK), np.nan)
    for back in range(min(days, 8 * WEEK), 0, -1):  # the newest known value is written last
        column = values[:, days - back]
        slot = (days - back) % WEEK
        last[:, slot] = np.where(np.isnan(column), last[:, slot], column)
    last = np.where(np.isnan(last), fallback[:, None], last)
    return last[:, (days + np.arange(horizon)) % WEEK]


def moving_average(values: Numbers, horizon: int, window: int) -> Numbers:
    """Return the mean of the known counts of the last days; of all days if none of them is known.

    >>> moving_average(np.array([[9.0, 1, np.nan, 3]]), 2, 3)
    array([[2., 2.]])
    """
    recent = values[:, -window:] if window else values
    known = ~np.isnan(recent)
    count = known.sum(axis=1)
    mean = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(count, 1)
    if window < values.shape[1] and (count == 0).any():
        mean = np.where(count == 0, moving_average(values, 1, values.shape[1])[:, 0], mean)
    return np.repeat(mean[:, None], horizon, axis=1)

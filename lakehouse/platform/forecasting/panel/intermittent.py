"""Forecasts of series with many days without demand: Croston (SBA), TSB and ADIDA.

They return the mean demand per day, the same for each day ahead; shape (series, horizon). Unknown
days are skipped.
"""

import numpy as np

from lakehouse.platform.forecasting.panel.baselines import WEEK
from lakehouse.platform.forecasting.panel.panel import Numbers

ALPHA = 0.1
"""Weight of the newest demand."""
BETA = 0.05
"""Weight of the newest day for the probability of a demand."""


def croston(values: Numbers, horizon: int) -> Numbers:
    """Return mean size ÷ mean interval of demands, with the correction of Syntetos and Boylan.

    >>> croston(np.array([[0.0, 0, 4, 0, 0, 4]]), 1).round(2)
    array([[1.27]])
    """
    size, interval, since = _starts(values)
    for column in values.T:
        known = ~np.isnan(column)
        since = since + known
        came = known & (np.nan_to_num(column) > 0)
        size = np.where(came, size + ALPHA * (column - size), size)
        interval = np.where(came, interval + ALPHA * (since - interval), interval)
        since = np.where(came, 0.0, since)
    return _repeated((1 - ALPHA / 2) * size / np.maximum(interval, 1.0), horizon)


def tsb(values: Numbers, horizon: int) -> Numbers:
    """Return mean size × probability of a demand, which falls on each day without one."""
    size, interval, _ = _starts(values)
    chance = 1.0 / np.maximum(interval, 1.0)
    for column in values.T:
        known = ~np.isnan(column)
        came = known & (np.nan_to_num(column) > 0)
        size = np.where(came, size + ALPHA * (column - size), size)
        chance = np.where(known, chance + BETA * (came - chance), chance)
    return _repeated(size * chance, horizon)


def adida(values: Numbers, horizon: int) -> Numbers:
    """Return the smoothed mean of whole weeks, in which there is mostly a demand."""
    series, days = values.shape
    weeks = days // WEEK
    if not weeks:
        return _repeated(_mean(values), horizon)
    cut = values[:, days - weeks * WEEK :].reshape(series, weeks, WEEK)
    known = (~np.isnan(cut)).sum(axis=2)
    mean = np.where(known > 0, np.nansum(cut, axis=2) / np.maximum(known, 1), np.nan)
    level = _mean(values)
    for column in mean.T:
        level = np.where(np.isnan(column), level, level + ALPHA * (column - level))
    return _repeated(level, horizon)


def _starts(values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return mean size and mean interval of the demands of each series, and zeros."""
    known = ~np.isnan(values)
    came = known & (np.nan_to_num(values) > 0)
    demands = came.sum(axis=1)
    size = np.where(came, values, 0.0).sum(axis=1) / np.maximum(demands, 1)
    interval = known.sum(axis=1) / np.maximum(demands, 1)
    return size, np.maximum(interval, 1.0), np.zeros(len(values))


def _mean(values: Numbers) -> Numbers:
    known = ~np.isnan(values)
    return np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _repeated(level: Numbers, horizon: int) -> Numbers:
    return np.repeat(level[:, None], horizon, axis=1)

"""Quantiles of forecasts, from the errors of the same method on earlier days.

The errors are those of the rolling-origin back-test, so they are made on days that the method did
not know. They are divided by a scale that grows with the forecast like that of counts, pooled over
series with a similar forecast and over neighboring days of the horizon, and ordered. The quantile
is the order statistic that a new error exceeds with the wanted probability (split conformal).
With few errors the quantiles are those of a normal distribution with their mean size, without any
those that the changes from week to week let expect. Errors of one day are alike, so a few days show
little of what can happen: intervals are wider by as much as those of a Student distribution with
that number of days. Below `CHANCE_ALONE` chance differs from series to series and they are not.
"""

from dataclasses import dataclass

import numpy as np

from lakehouse.platform.forecasting.panel import QUANTILES
from lakehouse.platform.forecasting.panel.panel import Indices, Numbers

LEVELS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0)
"""Forecasts between two of these limits are of similar size."""
STEPS = (7, 14, 21)
"""Days of the horizon after which other errors are used."""
FEWEST = 60
"""Fewest errors for a quantile of 5 %; with fewer, those of a wider pool are used."""
FEWEST_OF_ALL = 8
"""Fewest errors from which their mean size is known."""
CHANCE_ALONE = 4.0
"""Forecast below which errors are chance of each series alone."""
_NORMAL = (-1.6449, -0.6745, 0.0, 0.6745, 1.6449)


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Errors of a back-test.

    Args:
        forecast: what was forecast.
        actual: what came.
        step: number of days ahead, from 1.
        days: number of days on which they were made.
    """

    forecast: Numbers
    actual: Numbers
    step: Indices
    days: int


def scale_of(forecast: Numbers) -> Numbers:
    """Return the scale of errors: that of counts, plus a tenth of the forecast."""
    return np.sqrt(np.maximum(forecast, 0.05) + (0.1 * forecast) ** 2)


def quantiles_of(forecast: Numbers, errors: Errors, noise: float = 1.0) -> Numbers:
    """Return the quantiles of forecasts, shape (series, horizon, quantiles), in rising order.

    Args:
        forecast: expected counts, shape (series, horizon).
        errors: of the same method on earlier days; may be empty.
        noise: variance ÷ mean of the series, for when there are no errors.
    """
    known = ~np.isnan(errors.actual)
    made = errors.forecast[known]
    score = (errors.actual[known] - made) / scale_of(made)
    level, step = _level(made), _step_class(errors.step[known])
    pools = _Pools(score, level, step, noise)
    of_level, of_step = _level(forecast), _step_class(np.arange(1, forecast.shape[1] + 1))
    scores = np.empty((*forecast.shape, len(QUANTILES)))
    for lv in np.unique(of_level):
        for st in np.unique(of_step):
            here = (of_level == lv) & (of_step == st)[None, :]
            scores[here] = pools.quantiles(int(lv), int(st))
    if errors.days:
        wider = 1.0 + (np.square(_NORMAL) + 1.0) / (4.0 * errors.days)
        scores = np.where(forecast[..., None] >= CHANCE_ALONE, scores * wider, scores)
    values = forecast[..., None] + scores * scale_of(forecast)[..., None]
    return np.maximum(np.maximum.accumulate(values, axis=-1), 0.0)


def with_whole_median(quantiles: Numbers) -> Numbers:
    """Return quantiles whose median is the nearest whole number, as that of counts is.

    It stays as it is where that number is outside of the 90 % interval, whose ends do not change.

    >>> with_whole_median(np.array([[0.0, 0.0, 0.3, 0.9, 2.4]])).tolist()
    [[0.0, 0.0, 0.0, 0.9, 2.4]]
    """
    made = quantiles.copy()
    nearest = np.round(made[..., 2])
    is_inside = (nearest >= made[..., 0]) & (nearest <= made[..., -1])
    made[..., 2] = np.where(is_inside, nearest, made[..., 2])
    made[..., 1] = np.minimum(made[..., 1], made[..., 2])
    made[..., 3] = np.maximum(made[..., 3], made[..., 2])
    return made


class _Pools:
    """Scores of errors by level and part of the horizon, with wider pools where they are few."""

    def __init__(self, score: Numbers, level: Indices, step: Indices, noise: float) -> None:
        self._score, self._level, self._step = score, level, step
        self._size = np.sqrt(noise)
        if len(score) >= FEWEST_OF_ALL:
            self._size = np.sqrt((score**2).mean()) * (1.0 + 1.0 / len(score))

    def quantiles(self, level: int, step: int) -> Numbers:
        at_step = self._step == step
        for width in range(len(LEVELS) + 1):
            near = np.abs(self._level - level) <= width
            for chosen in (near & at_step, near):
                found = self._score[chosen]
                if len(found) >= FEWEST:
                    return conformal(found)
        return np.array(_NORMAL) * self._size


def conformal(scores: Numbers) -> Numbers:
    """Return the quantiles of a new score, given earlier ones.

    Below the middle the order statistic is rounded down, above it up, so that the interval is not
    too narrow with few scores.
    """
    ordered = np.sort(scores)
    count = len(ordered)
    places = [
        int(np.floor((count + 1) * q)) if q < 0.5 else int(np.ceil((count + 1) * q))
        for q in QUANTILES
    ]
    return ordered[np.clip(np.array(places) - 1, 0, count - 1)]


def _level(forecast: Numbers) -> Indices:
    return np.searchsorted(LEVELS, forecast).astype(np.int64)


def _step_class(step: Indices) -> Indices:
    return np.searchsorted(STEPS, step).astype(np.int64)

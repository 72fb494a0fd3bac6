"""Forecasts of parts and of their totals that add up.

A total, such as the pieces of a unit, has a forecast of its own, and the sum of those of its parts
is another one. Both are replaced by one weighted mean of the two. The weight of the total's own
forecast is the one with the lowest squared error in the back-test, the same for all places. The
parts of a place and day are multiplied by one factor, so that they add up to the mean.

Quantiles are multiplied by the same factor as the mean of their series, and the median of counts
is a whole number again. They do not add up: the sum of quantiles is not the quantile of a sum.
"""

from dataclasses import dataclass, replace

import numpy as np

from lakehouse.platform.forecasting.panel.intervals import scale_of, with_whole_median
from lakehouse.platform.forecasting.panel.panel import Indices, Numbers
from lakehouse.platform.forecasting.panel.produce import PanelForecast

STEEPEST = 4.0
"""Greatest factor of the quantiles of a series, and the reciprocal of the smallest."""


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """Forecasts of parts and totals; rounded to cents, the parts add up to the totals.

    Args:
        parts: the forecast of the parts.
        totals: the forecast of the totals, one for each place.
        weight: of the totals' own forecast, 0 to 1; the rest is that of the sums of the parts.
    """

    parts: PanelForecast
    totals: PanelForecast
    weight: float


def reconcile(parts: PanelForecast, totals: PanelForecast, place: Indices) -> Reconciled:
    """Return forecasts of parts and totals that add up; a place without parts keeps its own.

    Args:
        parts: the forecast of the parts.
        totals: the forecast of the totals.
        place: index of the total of each part.
    """
    weight = _weight(parts, totals, place)
    count = np.bincount(place, minlength=len(totals.expected))[:, None]
    summed = _sums(parts.expected, place, len(totals.expected))
    mean = np.where(count > 0, weight * totals.expected + (1.0 - weight) * summed, totals.expected)
    equal = mean / np.maximum(count, 1)  # of parts of which none is expected to be sold
    factor = np.where(summed > 0, mean / np.maximum(summed, 1e-9), 1.0)
    own: Numbers = np.where(summed[place] > 0, parts.expected * factor[place], equal[place])
    cents = np.round(own, 2)
    reached = np.where(count > 0, _sums(cents, place, len(mean)), mean)
    of_total = reached / np.maximum(totals.expected, 1e-9)
    return Reconciled(
        parts=replace(parts, expected=cents, quantiles=_scaled(parts.quantiles, factor[place])),
        totals=replace(totals, expected=reached, quantiles=_scaled(totals.quantiles, of_total)),
        weight=weight,
    )


def _weight(parts: PanelForecast, totals: PanelForecast, place: Indices) -> float:
    """Return the weight of the totals' own forecast with the lowest squared error; else 1."""
    came, of_parts = parts.contest.actual, parts.published_forecast()
    own = totals.published_forecast()
    if not len(came) or came.shape[1] == 0:
        return 1.0
    actual, summed = (
        np.stack([_sums(at_origin, place, own.shape[1]) for at_origin in each])
        for each in (came, of_parts)
    )
    scale = scale_of(summed)
    apart = (own - summed) / scale
    missed = (actual - summed) / scale  # NaN where a part is unknown
    used = ~np.isnan(missed)
    total = float((apart[used] ** 2).sum())
    return float(np.clip((apart[used] * missed[used]).sum() / total, 0.0, 1.0)) if total else 1.0


def _sums(values: Numbers, place: Indices, places: int) -> Numbers:
    """Return the sums of parts by place; NaN where a part is."""
    total = np.zeros((places, values.shape[1]))
    np.add.at(total, place, values)
    return total


def _scaled(quantiles: Numbers, factor: Numbers) -> Numbers:
    return with_whole_median(quantiles * np.clip(factor, 1.0 / STEEPEST, STEEPEST)[..., None])

"""Forecasts of sums of series, such as the orders of a state, with quantiles of their own.

The mean of a sum is the sum of the means. Its quantiles come from the errors of the sums in the
back-test (split conformal), so that what series have in common on a day, such as rain in a state,
is in them; the sum of quantiles would be far too wide. A day counts when series with at least half
of the forecast are known, and then those series alone are compared.

A sum with fewer than `FEWEST` errors takes those of all sums. A level that is wrong is wrong for
all days of a horizon, and a sum has no other series that are wrong in another way. So the back-test
has no more independent errors than horizons, and intervals are wider, by as much as those of a
Student distribution with that number.
"""

from dataclasses import dataclass

import numpy as np

from lakehouse.platform.forecasting.panel.baselines import WEEK
from lakehouse.platform.forecasting.panel.contest import is_newer
from lakehouse.platform.forecasting.panel.intervals import (
    FEWEST,
    Errors,
    quantiles_of,
    with_whole_median,
)
from lakehouse.platform.forecasting.panel.panel import Flags, Indices, Numbers, Panel
from lakehouse.platform.forecasting.panel.pooling import dispersion
from lakehouse.platform.forecasting.panel.produce import PanelForecast

FEWEST_KNOWN = 0.5
"""Least share of the forecast of a sum whose series are known on a day that is compared."""


@dataclass(frozen=True, kw_only=True)
class TotalForecast:
    """A forecast of sums of series.

    Args:
        expected: expected counts in cents, shape (sums, horizon): the sums of the stored ones.
        quantiles: shape (sums, horizon, quantiles), in rising order.
        forecasts: number of values of the back-test that were compared, by week ahead.
        inside: how many of them were in the 90 % interval that earlier errors gave.
    """

    expected: Numbers
    quantiles: Numbers
    forecasts: Indices
    inside: Indices


def total_forecast(
    panel: Panel, made: PanelForecast, tested: Numbers, into: Indices
) -> TotalForecast:
    """Return the forecast of sums of series.

    Args:
        panel: the series.
        made: their published forecast.
        tested: their forecasts at the origins of the back-test.
        into: index of the sum of each series; every index below the largest is used.
    """
    compared = _Compared(panel.values, made, tested, into)
    expected = _sums(np.round(made.expected, 2), into)
    quantiles = compared.quantiles(expected, panel.days)
    forecasts, inside = compared.coverage()
    return TotalForecast(
        expected=expected,
        quantiles=with_whole_median(quantiles) if panel.whole else quantiles,
        forecasts=forecasts,
        inside=inside,
    )


class _Compared:
    """Sums of forecasts at the origins of a back-test, and of what came."""

    def __init__(
        self, values: Numbers, made: PanelForecast, tested: Numbers, into: Indices
    ) -> None:
        came = made.contest.actual
        known = ~np.isnan(came)
        self._origins = made.contest.origins
        self._values, self._into = values, into
        self._whole = _sums(np.moveaxis(tested, 1, 0), into)  # sums, origins, horizon
        self._forecast = _sums(np.moveaxis(np.where(known, tested, 0.0), 1, 0), into)
        self._actual = _sums(np.moveaxis(np.where(known, came, 0.0), 1, 0), into)
        counted = _sums(np.moveaxis(known.astype(np.float64), 1, 0), into) > 0
        self._used = counted & (self._forecast >= FEWEST_KNOWN * self._whole)

    def quantiles(self, expected: Numbers, days: int) -> Numbers:
        """Return the quantiles of sums as they follow from what is known after some days."""
        noise = dispersion(_known_sums(self._values[:, :days], self._into))
        step = np.arange(1, expected.shape[1] + 1)
        origin = np.array(self._origins, np.int64).reshape(-1, 1)
        known = self._used & (origin + step <= days)
        horizons = max(1, (days - min(self._origins, default=days)) // expected.shape[1])
        rows = []
        for number, mean in enumerate(expected):
            own = np.zeros_like(known)
            own[number] = known[number]
            used = own if own.sum() >= FEWEST else known
            errors = Errors(
                forecast=self._forecast[used],
                actual=self._actual[used],
                step=np.broadcast_to(step, used.shape)[used].astype(np.int64),
                days=horizons,
            )
            rows.append(quantiles_of(mean[None, :], errors, noise))
        return np.concatenate(rows)

    def coverage(self) -> tuple[Indices, Indices]:
        """Return how many values of the newer days were compared, and were inside, by week."""
        horizon = self._forecast.shape[2]
        newer = is_newer(self._origins, horizon, self._values.shape[1])
        inside = np.zeros_like(self._used)
        used: Flags = self._used & newer
        for n in np.flatnonzero(newer.any(axis=1)):
            made = self.quantiles(self._forecast[:, n], self._origins[n])
            came = self._actual[:, n]
            inside[:, n] = (came >= made[..., 0]) & (came <= made[..., -1])
        weeks = [slice(first, first + WEEK) for first in range(0, horizon, WEEK)]
        return (
            np.array([used[..., week].sum() for week in weeks], np.int64),
            np.array([(used & inside)[..., week].sum() for week in weeks], np.int64),
        )


def _sums(values: Numbers, into: Indices) -> Numbers:
    """Return the sums of series over the first axis."""
    total = np.zeros((int(into.max(initial=-1)) + 1, *values.shape[1:]))
    np.add.at(total, into, values)
    return total


def _known_sums(values: Numbers, into: Indices) -> Numbers:
    """Return the sums by day; NaN where a series is unknown."""
    return np.where(_sums(np.isnan(values) * 1.0, into) > 0, np.nan, _sums(values, into))

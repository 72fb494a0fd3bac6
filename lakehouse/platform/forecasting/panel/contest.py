"""Rolling-origin back-test of all methods, and which one each group of series publishes.

At each origin a method knows only the days before it. The model with the lowest error on the older
days is compared on the newer ones: it is published only if its error is strictly lower than that of
every baseline. A short history has too few days to choose on: there the first model, which takes
from all series what one cannot show, is compared on all days. A group in which nothing can be
compared gets the method of all series.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lakehouse.platform.forecasting.panel.baselines import WEEK
from lakehouse.platform.forecasting.panel.intervals import Errors
from lakehouse.platform.forecasting.panel.methods import BASELINES, MODELS, Method
from lakehouse.platform.forecasting.panel.panel import Flags, Indices, Numbers, Panel

ORIGINS = 12
"""Number of origins of the back-test, a week apart."""
FEWEST_DAYS = 7
"""Fewest days that are known at an origin, and fewest days after the oldest one."""
SHORT_DAYS = 56
"""Days of history from which a model is chosen on its older part."""
NEW_DAYS = 28
"""A series with fewer known days is in the group of new ones."""
ENOUGH_ERRORS = 2000
"""Errors of a group from which its intervals are made of them alone."""
GROUPS = ("new", "smooth", "erratic", "intermittent", "lumpy")
"""Groups of series: by how often there is a demand, and how much it varies (Syntetos-Boylan)."""
MEAN_DAYS_BETWEEN = 1.32
"""Days between two demands from which a series is intermittent."""
SQUARED_VARIATION = 0.49
"""Squared coefficient of variation of the demands from which a series is erratic or lumpy."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Forecasts of one method at all origins.

    Args:
        forecast: shape (origins, series, horizon); NaN after the last known day.
    """

    forecast: Numbers


@dataclass(frozen=True, kw_only=True)
class Score:
    """Errors of one method on one group: mean absolute and mean squared, scaled by series."""

    mase: float
    rmsse: float

    def lower_than(self, other: "Score") -> bool:
        """Return whether both errors are strictly lower."""
        return self.mase < other.mase and self.rmsse < other.rmsse


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The result of a back-test.

    Args:
        origins: number of known days at each origin.
        actual: counts that came, shape (origins, series, horizon); NaN where unknown, and where no
            day of the series was known at the origin, because it was not forecast then.
        group: index into `GROUPS` of each series.
        measured: name of the method → its forecasts.
        scores: group → method → its errors on the newer days; infinite if there are none.
        published: group → name of the method that is published.
    """

    origins: tuple[int, ...]
    actual: Numbers
    group: Indices
    measured: Mapping[str, Measured]
    scores: Mapping[str, Mapping[str, Score]]
    published: Mapping[str, str]

    def errors(self, method: str, series: Indices, days: int) -> Errors:
        """Return the errors of a method on some series that are known after some days.

        With fewer than `ENOUGH_ERRORS` of them they are those of all series.
        """
        horizon = self.actual.shape[2]
        step = np.arange(1, horizon + 1)
        come = np.array(self.origins, np.int64).reshape(-1, 1) + step <= days
        known = come[:, None, :] & ~np.isnan(self.actual)
        of_series = np.zeros_like(known)
        of_series[:, series] = known[:, series]
        used = of_series if of_series.sum() >= ENOUGH_ERRORS else known
        return Errors(
            forecast=self.measured[method].forecast[used],
            actual=self.actual[used],
            step=np.broadcast_to(step, used.shape)[used].astype(np.int64),
            days=days - min(self.origins, default=days),
        )


def contest(panel: Panel, horizon: int, models: Mapping[str, Method] = MODELS) -> Contest:
    """Back-test the baselines and some models, and select one for each group of series."""
    origins = origins_of(panel.days)
    actual = np.full((len(origins), len(panel.values), horizon), np.nan)
    for n, origin in enumerate(origins):
        came = panel.values[:, origin : origin + horizon]
        existed = ~np.isnan(panel.values[:, :origin]).all(axis=1)
        actual[n, existed, : came.shape[1]] = came[existed]
    measured = {
        name: Measured(forecast=_at_origins(method, panel, origins, horizon))
        for name, method in {**BASELINES, **models}.items()
    }
    group = groups_of(panel.values)
    scale = scale_of_series(panel.values)
    scores: dict[str, dict[str, Score]] = {}
    published: dict[str, str] = {}
    older = _weights(_is_older(origins, horizon, panel.days), origins, panel.days)
    newer = _weights(is_newer(origins, horizon, panel.days), origins, panel.days)
    for number, name in enumerate(GROUPS):
        series = np.flatnonzero(group == number)
        scores[name] = _scores(measured, actual, scale, series, newer)
        if not np.isfinite(scores[name]["ma_30"].mase):  # nothing of the group was compared
            series = np.arange(len(group))
        on_older, on_newer = (_scores(measured, actual, scale, series, w) for w in (older, newer))
        published[name] = _selected(on_older, on_newer, models)
    return Contest(
        origins=tuple(origins),
        actual=actual,
        group=group,
        measured=measured,
        scores=scores,
        published=published,
    )


def origins_of(days: int) -> list[int]:
    """Return the number of known days at each origin, the oldest first; none in two weeks.

    Origins are a week apart; in a short history they are closer, so that there are as many.

    >>> origins_of(100)[-3:]
    [79, 86, 93]
    >>> origins_of(14)
    [7, 8, 9, 10, 11, 12, 13]
    """
    if days < 2 * FEWEST_DAYS:
        return []
    apart = min(max((days - FEWEST_DAYS) / ORIGINS, 1.0), float(WEEK))
    back = {days - round(apart * n) for n in range(1, ORIGINS + 1)}
    return sorted(origin for origin in back if origin >= FEWEST_DAYS)


def groups_of(values: Numbers) -> Indices:
    """Return the group of each series, an index into `GROUPS`."""
    known = ~np.isnan(values)
    positive = known & (np.nan_to_num(values) > 0)
    days, demands = known.sum(axis=1), positive.sum(axis=1)
    size = np.where(positive, values, 0.0)
    mean = size.sum(axis=1) / np.maximum(demands, 1)
    variance = (np.where(positive, size - mean[:, None], 0.0) ** 2).sum(axis=1)
    variation = variance / np.maximum(demands, 1) / np.maximum(mean, 1e-9) ** 2
    rare = days > MEAN_DAYS_BETWEEN * np.maximum(demands, 1)
    varied = variation > SQUARED_VARIATION
    found = 1 + varied + 2 * rare
    return np.where(days < NEW_DAYS, 0, found).astype(np.int64)


def scale_of_series(values: Numbers) -> Numbers:
    """Return what errors of each series are divided by: its mean absolute change in a week.

    It is at least the square root of the mean, the spread of counts by chance, so that a series
    which hardly changed, or is known for a few days only, does not decide for all others.
    """
    change = np.abs(values[:, WEEK:] - values[:, :-WEEK])
    counted = ~np.isnan(change)
    usual = np.where(counted, change, 0.0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    scale = np.maximum(usual, np.sqrt(mean))
    return np.where(scale > 0, scale, 1.0)


def _at_origins(method: Method, panel: Panel, origins: Sequence[int], horizon: int) -> Numbers:
    made = [method(panel.cut(origin), horizon) for origin in origins]
    return np.stack(made) if made else np.empty((0, len(panel.values), horizon))


def is_newer(origins: Sequence[int], horizon: int, days: int) -> Flags:
    """Return which forecasts are on the newer days, shape (origins, horizon).

    None of them was made before the last of the older days. In a short history all days are newer.
    """
    origin, target, middle = _split(origins, horizon, days)
    return np.asarray((origin >= middle) & (target < days))


def _is_older(origins: Sequence[int], horizon: int, days: int) -> Flags:
    _, target, middle = _split(origins, horizon, days)
    return np.asarray(target < middle)


def _split(origins: Sequence[int], horizon: int, days: int) -> tuple[Indices, Indices, int]:
    """Return the origins, the days of the forecasts, and the first of the newer days."""
    origin = np.array(origins, np.int64).reshape(-1, 1)
    target = origin + np.arange(horizon)
    if days < SHORT_DAYS or not origins:
        return origin, target, 0
    return origin, target, origins[len(origins) // 2]


def _weights(chosen: Flags, origins: Sequence[int], days: int) -> Numbers:
    """Return the weights of chosen forecasts, 0 for the others.

    In a short history, whose origins are close, each target day counts as much as any other, so
    that each weekday does.
    """
    if days >= SHORT_DAYS:
        return chosen.astype(np.float64)
    horizon = chosen.shape[1]
    target = np.array(origins, np.int64).reshape(-1, 1) + np.arange(horizon)
    of_day = np.bincount(target[chosen], minlength=max(origins, default=0) + horizon)
    return np.where(chosen, 1.0 / np.maximum(of_day[target], 1), 0.0)


def _scores(
    measured: Mapping[str, Measured],
    actual: Numbers,
    scale: Numbers,
    series: Indices,
    weight: Numbers,
) -> dict[str, Score]:
    """Return the errors of each method on some series; infinite without a forecast of weight."""
    found = {}
    came = actual[:, series]
    used = np.where(np.isnan(came), 0.0, weight[:, None, :])
    total = used.sum()
    if not total:
        return dict.fromkeys(measured, Score(mase=np.inf, rmsse=np.inf))
    for name, each in measured.items():
        error = (each.forecast[:, series] - came) / scale[series][:, None]
        error = np.where(used > 0, error, 0.0)
        found[name] = Score(
            mase=float((used * np.abs(error)).sum() / total),
            rmsse=float(np.sqrt((used * error**2).sum() / total)),
        )
    return found


def _selected(
    older: Mapping[str, Score], newer: Mapping[str, Score], models: Mapping[str, Method]
) -> str:
    """Return the best model if its errors are lower than those of every baseline, else the best."""

    def best(names: Sequence[str], scores: Mapping[str, Score]) -> str:
        return min(names, key=lambda name: (scores[name].mase, list(scores).index(name)))

    names = list(BASELINES)
    baseline = best(names, older if any(np.isfinite(older[n].mase) for n in names) else newer)
    if not np.isfinite(newer[baseline].mase):
        return "ma_30"
    if models:
        model = best(list(models), older)
        if all(newer[model].lower_than(newer[name]) for name in names):
            return model
    return baseline

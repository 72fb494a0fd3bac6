"""Errors of all methods and achieved coverage as rows, and the search for leaks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lakehouse.platform.forecasting.panel.baselines import WEEK
from lakehouse.platform.forecasting.panel.contest import (
    GROUPS,
    Contest,
    is_newer,
    scale_of_series,
)
from lakehouse.platform.forecasting.panel.intervals import quantiles_of
from lakehouse.platform.forecasting.panel.methods import BASELINES, MODELS, Method
from lakehouse.platform.forecasting.panel.panel import Flags, Indices, Numbers, Panel
from lakehouse.platform.forecasting.panel.pooling import dispersion

CANARY = 1_000_000.0
"""A count that no series has: a method that sees it forecasts absurd values."""
LEAK_ORIGINS = 2
"""Number of newest origins at which leaks are searched for."""


def errors_of_methods(panel: Panel, tested: Contest) -> Iterator[dict[str, Any]]:
    """Yield the errors of each group, method and week ahead, on the newer days of the back-test.

    Intervals of the newer days are made from errors of the older days, so their coverage is that of
    days which they do not know. It is given for the published method.
    """
    newer = is_newer(tested.origins, tested.actual.shape[2], panel.days)
    scale = scale_of_series(panel.values)
    for number, name in enumerate(GROUPS):
        series = np.flatnonzero(tested.group == number)
        for method in tested.measured:
            is_published = tested.published[name] == method
            inside = _inside(panel, tested, method, series, newer) if is_published else None
            made = tested.measured[method].forecast[:, series]
            error = np.abs(made - tested.actual[:, series]) / scale[series][:, None]
            used = newer[:, None, :] & ~np.isnan(error)
            for week in range(tested.actual.shape[2] // WEEK):
                part = slice(week * WEEK, (week + 1) * WEEK)
                chosen = used[..., part]
                if chosen.any():
                    yield {
                        "series_group": name,
                        "method": method,
                        "week": week + 1,
                        "series": len(series),
                        "forecasts": int(chosen.sum()),
                        "mase": float(error[..., part][chosen].mean()),
                        "coverage_pct": None
                        if inside is None
                        else 100.0 * float(inside[..., part][chosen].mean()),
                        "is_published": is_published,
                    }


def _inside(panel: Panel, tested: Contest, method: str, series: Indices, newer: Flags) -> Flags:
    """Return which values were in the 90 % interval that earlier errors gave."""
    forecast, actual = tested.measured[method].forecast[:, series], tested.actual[:, series]
    found = np.zeros(actual.shape, np.bool_)
    for n in np.flatnonzero(newer.any(axis=1)):
        days = tested.origins[n]
        past = tested.errors(method, series, days)
        made = quantiles_of(forecast[n], past, dispersion(panel.cut(days).values))
        found[n] = (actual[n] >= made[..., 0]) & (actual[n] <= made[..., -1])
    return found


@dataclass(frozen=True, kw_only=True)
class Leaks:
    """What a search for leaks found at one origin.

    Args:
        known_days: number of days that were known at the origin.
        compared: number of values that were compared.
        changed: how many of them changed with the days after the origin; 0 without a leak.
        canary_changed: how many of a method that looks one day ahead changed, to prove the search.
    """

    known_days: int
    compared: int
    changed: int
    canary_changed: int


def leaks_of(
    panel: Panel,
    rebuilt: Callable[[int], Panel],
    horizon: int,
    methods: Mapping[str, Method] | None = None,
) -> Iterator[Leaks]:
    """Yield what changes at some origins when the days after an origin are not there or absurd.

    Each method forecasts from the panel cut at the origin, from one that is built again from the
    rows up to the origin, and from one whose later days hold a canary. All must be equal.

    Args:
        panel: the series with all days.
        rebuilt: returns the series built from the rows of the first days only, the same series.
        horizon: number of days to forecast.
        methods: name → method; by default all.
    """
    used = methods if methods is not None else {**BASELINES, **MODELS}
    for back in range(1, LEAK_ORIGINS + 1):
        origin = panel.days - WEEK * back
        if origin < WEEK or not len(panel.values):
            return
        values = panel.values.copy()
        values[:, origin:] = CANARY
        poisoned = replace(panel, values=values)
        own = rebuilt(origin)
        compared = changed = 0
        for method in used.values():
            expected = method(panel.cut(origin), horizon)
            for other in (own, poisoned.cut(origin)):
                compared += expected.size
                changed += int((method(other, horizon) != expected).sum())
        seen, absurd = (_looking_ahead(each, origin, horizon) for each in (panel, poisoned))
        yield Leaks(
            known_days=origin,
            compared=compared,
            changed=changed,
            canary_changed=int((seen != absurd).sum()),
        )


def _looking_ahead(panel: Panel, origin: int, horizon: int) -> Numbers:
    """Return the forecast of a method that wrongly knows the day after the origin."""
    return BASELINES["ma_7"](panel.cut(origin + 1), horizon)

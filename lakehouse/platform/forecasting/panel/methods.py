"""All methods of the contest by name: the baselines, and the models that need no library."""

from collections.abc import Callable, Mapping
from functools import partial

from lakehouse.platform.forecasting.panel.baselines import moving_average, seasonal_naive
from lakehouse.platform.forecasting.panel.decomposition import Variant, decomposition
from lakehouse.platform.forecasting.panel.intermittent import adida, croston, tsb
from lakehouse.platform.forecasting.panel.panel import Numbers, Panel
from lakehouse.platform.forecasting.panel.weekdays import weekday_mean, weekday_median

Method = Callable[[Panel, int], Numbers]
"""Takes a panel and the number of days to forecast; returns expected counts without NaN."""


def _of_values(function: Callable[[Numbers, int], Numbers]) -> Method:
    return lambda panel, horizon: function(panel.values, horizon)


def _average(window: int, panel: Panel, horizon: int) -> Numbers:
    return moving_average(panel.values, horizon, window)


BASELINES: Mapping[str, Method] = {
    "seasonal_naive": _of_values(seasonal_naive),
    **{f"ma_{window}": partial(_average, window) for window in (7, 14, 30)},
}
"""Name of a baseline → its function."""
VARIANTS = {
    "decomposition": Variant(level_days=14, share_days=60, trend=False),
    "decomposition_trend": Variant(level_days=28, share_days=180, trend=True),
}
MODELS: Mapping[str, Method] = {
    **{name: partial(decomposition, variant=each) for name, each in VARIANTS.items()},
    "weekday_mean_4": _of_values(partial(weekday_mean, weeks=4)),
    "weekday_median_5": _of_values(partial(weekday_median, weeks=5)),
    "croston": _of_values(croston),
    "tsb": _of_values(tsb),
    "adida": _of_values(adida),
}
"""Name of a model that needs no library → its function."""

"""The published forecast of a panel: expected counts, quantiles, and the method of each series."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from lakehouse.platform.forecasting.panel import HORIZON, QUANTILES
from lakehouse.platform.forecasting.panel.contest import GROUPS, Contest, contest
from lakehouse.platform.forecasting.panel.intervals import quantiles_of, with_whole_median
from lakehouse.platform.forecasting.panel.methods import BASELINES, MODELS, Method
from lakehouse.platform.forecasting.panel.panel import Numbers, Panel, PanelError
from lakehouse.platform.forecasting.panel.pooling import dispersion
from lakehouse.platform.forecasting.shared import SharedResults, digest_of

NAMES = ("q05", "q25", "q50", "q75", "q95")
"""Columns of the quantiles."""
DECIMAL = pa.decimal128(18, 2)
LARGEST = 9e15
"""Largest number that is stored; after one huge day a quantile of growth may be beyond it."""


@dataclass(frozen=True, kw_only=True)
class PanelForecast:
    """A published forecast.

    Args:
        expected: expected counts, shape (series, horizon).
        quantiles: shape (series, horizon, quantiles), in rising order.
        model: name of the method of each series.
        contest: the back-test that decided it.
    """

    expected: Numbers
    quantiles: Numbers
    model: tuple[str, ...]
    contest: Contest

    def published_forecast(self) -> Numbers:
        """Return the forecasts of the published methods at all origins of the back-test."""
        made = np.zeros_like(self.contest.actual)
        for number, name in enumerate(GROUPS):
            series = self.contest.group == number
            measured = self.contest.measured[self.contest.published[name]]
            made[:, series] = measured.forecast[:, series]
        return made


def forecast_panel(
    panel: Panel, horizon: int = HORIZON, models: Mapping[str, Method] = MODELS
) -> PanelForecast:
    """Forecast a panel: each group of series with the method that its back-test selects.

    Raises:
        PanelError: the calendar does not cover the horizon.
    """
    needed = panel.days + horizon
    if len(panel.calendar) and panel.calendar.shape[2] < needed:
        raise PanelError(
            f"the calendar has {panel.calendar.shape[2]} days, expected {needed}; hint: add those"
            " of the horizon"
        )
    tested = contest(panel, horizon, models)
    expected = np.zeros((len(panel.values), horizon))
    quantiles = np.zeros((*expected.shape, len(QUANTILES)))
    noise = dispersion(panel.values)
    methods = {**BASELINES, **models}
    made = {name: methods[name](panel, horizon) for name in set(tested.published.values())}
    for number, name in enumerate(GROUPS):
        series = np.flatnonzero(tested.group == number)
        if len(series):
            method = tested.published[name]
            expected[series] = np.maximum(made[method][series], 0.0)
            errors = tested.errors(method, series, panel.days)
            quantiles[series] = quantiles_of(expected[series], errors, noise)
    if panel.whole:
        quantiles = with_whole_median(quantiles)
    return PanelForecast(
        expected=expected,
        quantiles=quantiles,
        model=tuple(tested.published[GROUPS[number]] for number in tested.group),
        contest=tested,
    )


def shared_forecast(panel: Panel) -> PanelForecast:
    """Return the forecast of a panel by all methods, made once for equal panels in a process."""
    key = digest_of(*(getattr(panel, each.name) for each in fields(panel)))
    return _FORECASTS.of(key, lambda: forecast_panel(panel))


def _arrays_of(made: PanelForecast) -> Iterator[Numbers]:
    yield from (made.expected, made.quantiles, made.contest.actual)
    yield from (each.forecast for each in made.contest.measured.values())


_FORECASTS = SharedResults(_arrays_of)


def forecast_columns(made: PanelForecast) -> dict[str, pa.Array]:
    """Return expected counts and quantiles by column, one value per series and day, in order."""
    columns = {"expected": _decimals(made.expected)}
    columns |= {name: _decimals(made.quantiles[..., n]) for n, name in enumerate(NAMES)}
    horizon = made.expected.shape[1]
    columns["model"] = pa.array(np.repeat(np.array(made.model, object), horizon), pa.string())
    return columns


def _decimals(values: Numbers) -> pa.Array:
    """Return numbers with two decimals, those beyond `LARGEST` as that number."""
    limited = np.minimum(values.ravel(), LARGEST)
    cents = pa.array(np.round(limited * 100).astype(np.int64))
    return pa.Array.from_buffers(DECIMAL, len(cents), [None, _wide(cents)])


def _wide(whole: pa.Array) -> pa.Buffer:
    """Return the bytes of decimals whose unscaled values are these whole numbers, 0 or more."""
    pairs = np.zeros((len(whole), 2), np.int64)  # low and high half of 128 bits
    pairs[:, 0] = whole.to_numpy()
    return pa.py_buffer(pairs.tobytes())

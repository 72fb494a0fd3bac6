"""Sums of series have means that add up and intervals of their own."""

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.panel import Indices, Numbers
from lakehouse.platform.forecasting.panel.produce import forecast_panel
from lakehouse.platform.forecasting.panel.totals import TotalForecast, total_forecast
from lakehouse_tests.platform.forecasting.panel.series import panel_of, sold

ALONE: Indices = np.zeros(24, np.int64)
TOGETHER: Indices = (np.arange(24) // 6).astype(np.int64)


def totals_of(values: Numbers, into: Indices = TOGETHER) -> tuple[TotalForecast, Numbers]:
    """The forecast of sums of series, and the quantiles of the series."""
    panel = panel_of(values)
    made = forecast_panel(panel)
    return total_forecast(panel, made, made.published_forecast(), into), made.quantiles


def width(quantiles: Numbers) -> float:
    return float((quantiles[..., -1] - quantiles[..., 0]).mean())


def test_the_interval_of_a_sum_holds_and_is_narrower_than_the_sum_of_intervals():
    values, _ = sold(series=24, days=208)
    made, of_series = totals_of(values[:, :180])
    came = values[:, 180:].reshape(4, 6, 28).sum(axis=1)
    inside = (came >= made.quantiles[..., 0]) & (came <= made.quantiles[..., -1])
    assert 0.8 <= inside.mean() <= 0.99
    assert width(made.quantiles) < 0.6 * 6 * width(of_series)
    assert (np.diff(made.quantiles, axis=-1) >= 0).all()
    assert (0.8 * made.forecasts <= made.inside).all()


def test_what_all_series_have_in_common_on_a_day_makes_the_interval_of_their_sum_wider():
    values, _ = sold(series=24, days=180)
    weather = np.random.default_rng(5).choice([0.7, 1.3], 180)
    calm, _ = totals_of(values, ALONE)
    stormy, _ = totals_of(np.round(values * weather), ALONE)
    assert width(stormy.quantiles) > 3 * width(calm.quantiles)


def test_a_day_on_which_a_part_of_the_series_is_known_is_compared_for_this_part():
    values, _ = sold(series=24, days=120)
    gaps = values.copy()
    gaps[::3, ::2] = np.nan  # a third of the series on every other day
    whole, _ = totals_of(values)
    partly, _ = totals_of(gaps)
    assert (partly.forecasts == whole.forecasts).all()
    assert width(partly.quantiles) == pytest.approx(width(whole.quantiles), rel=0.25)


@pytest.mark.parametrize("days", [1, 8, 15])
@pytest.mark.parametrize("level", [0.0, 0.2, np.nan])
def test_short_empty_and_unknown_histories_have_finite_quantiles(days, level):
    values = np.full((24, days), level)
    made, _ = totals_of(values)
    assert np.isfinite(made.quantiles).all()
    assert (made.inside <= made.forecasts).all()

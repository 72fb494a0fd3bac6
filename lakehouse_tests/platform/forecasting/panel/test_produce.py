"""The published forecast: intervals that hold, and a clear outcome for every kind of series."""

from dataclasses import replace

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.produce import (
    LARGEST,
    NAMES,
    forecast_columns,
    forecast_panel,
)
from lakehouse_tests.platform.forecasting.panel.series import panel_of, sold


def test_intervals_cover_nine_of_ten_later_days():
    values, _ = sold(series=100, days=208)
    made = forecast_panel(panel_of(values[:, :180]))
    came = values[:, 180:]
    inside = (came >= made.quantiles[..., 0]) & (came <= made.quantiles[..., -1])
    assert inside.mean() == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    "values",
    [
        [[3.0]],
        [[0.0] * 90],
        [[np.nan] * 40],
        [[np.nan, 1.0] * 40],
        [[1.0] * 60 + [0.0] * 60],
        [[5.0] * 3653],
        np.zeros((0, 50)),
        [[]],
        [[1.0] + [0.0] * 27 + [2147483847.0, 1.0, 1.0]],
    ],
    ids=(
        *("one point", "zeros", "unknown", "gaps", "closed", "ten years", "no series", "no days"),
        "one huge day",
    ),
)
def test_every_series_gets_ordered_numbers(values):
    made = forecast_panel(panel_of(np.array(values, np.float64)))
    assert np.isfinite(made.expected).all()
    assert np.isfinite(made.quantiles).all()
    assert (np.diff(made.quantiles, axis=-1) >= 0).all()
    assert (made.quantiles >= 0).all()
    stored = forecast_columns(made)
    assert len(stored["q05"]) == made.expected.size
    for row in zip(*(stored[name].to_pylist() for name in NAMES), strict=True):
        assert list(row) == sorted(row)
        assert 0 <= row[0] <= row[-1] <= LARGEST


def test_intervals_of_a_short_history_fit_the_size_of_the_values():
    rng = np.random.default_rng(8)
    values = np.maximum(rng.normal(1000.0, 400.0, (6, 52)), 0.0)
    for days in (10, 24):
        made = forecast_panel(panel_of(values[:, :days]))
        came = values[:, days : days + 28]
        inside = (came >= made.quantiles[..., 0]) & (came <= made.quantiles[..., -1])
        assert inside.mean() > 0.8


def test_equal_series_give_equal_forecasts():
    values, _ = sold(series=10)
    first, second = (forecast_columns(forecast_panel(panel_of(values))) for _ in range(2))
    assert first == second


def test_the_median_of_counts_is_a_whole_number_where_the_interval_has_one():
    values, _ = sold(series=30, days=120, mean=0.6)
    counts = forecast_panel(panel_of(values)).quantiles
    amounts = forecast_panel(replace(panel_of(values), whole=False)).quantiles
    nearest = np.round(amounts[..., 2])
    inside = (nearest >= amounts[..., 0]) & (nearest <= amounts[..., -1])
    assert inside.mean() > 0.5
    assert (counts[..., 2] == np.where(inside, nearest, amounts[..., 2])).all()
    assert (counts[..., [0, -1]] == amounts[..., [0, -1]]).all()
    assert (amounts[..., 2] % 1 > 0).any()
    assert (np.diff(counts, axis=-1) >= 0).all()

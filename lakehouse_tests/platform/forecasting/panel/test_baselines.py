"""Seasonal naive and moving averages, also where days are unknown."""

import numpy as np

from lakehouse.platform.forecasting.panel.baselines import moving_average, seasonal_naive


def test_an_unknown_day_repeats_the_week_before_it():
    values = np.arange(14.0)[None, :]
    values[0, 8] = np.nan
    assert seasonal_naive(values, 3)[0].tolist() == [7.0, 1.0, 9.0]


def test_a_weekday_that_was_never_known_gets_the_mean():
    assert seasonal_naive(np.array([[2.0, 4.0]]), 3)[0].tolist() == [3.0, 3.0, 3.0]


def test_an_average_of_unknown_days_falls_back_to_all_days():
    values = np.array([[6.0, 2.0, np.nan, np.nan]])
    assert moving_average(values, 1, 2)[0].tolist() == [4.0]


def test_a_series_without_a_known_day_is_zero():
    values = np.full((1, 10), np.nan)
    assert seasonal_naive(values, 2)[0].tolist() == [0.0, 0.0]
    assert moving_average(values, 2, 7)[0].tolist() == [0.0, 0.0]

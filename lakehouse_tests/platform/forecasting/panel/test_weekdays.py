"""Means and medians of the same weekday, also where days are unknown."""

import numpy as np

from lakehouse.platform.forecasting.panel.weekdays import weekday_mean, weekday_median


def test_the_newest_known_values_of_the_weekday_count():
    values = np.tile(np.arange(7.0), 6)[None, :] + np.repeat(np.arange(6.0), 7)[None, :] * 10
    values[0, -7] = np.nan  # the newest value of the first weekday
    assert weekday_mean(values, 8, 2)[0].tolist() == [35.0, 46, 47, 48, 49, 50, 51, 35]
    assert weekday_median(values, 2, 3)[0].tolist() == [30.0, 41.0]


def test_a_weekday_that_was_never_known_gets_the_mean():
    values = np.array([[2.0, 4.0]])
    assert weekday_median(values, 7, 5)[0].tolist() == [3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 4.0]
    assert weekday_mean(np.full((1, 9), np.nan), 2, 4)[0].tolist() == [0.0, 0.0]

"""Usual figures look back only, and know how much days differ."""

import numpy as np

from lakehouse.platform.alerts.usual import median_of, spread_of, summed, usual_of_weekday

NAN = np.nan


def test_the_median_leaves_out_nothing_but_missing_values():
    stacked = np.array([[1.0, NAN, 4.0], [3.0, NAN, NAN], [2.0, 7.0, 8.0], [9.0, NAN, NAN]])
    assert median_of(stacked, 1).tolist() == [2.5, 7.0, 6.0]
    assert np.isnan(median_of(stacked, 2)).tolist() == [False, True, False]


def test_the_usual_value_is_that_of_the_same_weekday_before():
    weeks = np.repeat([10.0, 12.0, 11.0, 13.0, 99.0], 7) + np.tile(np.arange(7) * 100.0, 5)
    found = usual_of_weekday(weeks, weeks=4, fewest=4, within=4)
    assert found[28:].tolist() == (11.5 + np.arange(7) * 100).tolist()
    assert np.isnan(found[:28]).all()


def test_a_day_that_teaches_nothing_is_replaced_by_an_earlier_week():
    weeks = np.repeat([1.0, 2.0, NAN, 4.0, 0.0], 7)
    assert usual_of_weekday(weeks, weeks=2, fewest=2, within=4)[28] == 3.0
    assert np.isnan(usual_of_weekday(weeks, weeks=2, fewest=2, within=2)[28])
    assert usual_of_weekday(weeks, weeks=2, fewest=2, within=2, weeks_before=2)[28] == 1.5


def test_a_later_day_changes_no_usual_value():
    values = np.random.default_rng(1).random((3, 200))
    changed = values.copy()
    changed[:, 150:] = 9.0
    options = {"weeks": 8, "fewest": 4, "within": 16}
    before, after = (usual_of_weekday(each, **options) for each in (values, changed))
    assert np.array_equal(before[:, :151], after[:, :151], equal_nan=True)
    before, after = (spread_of(each, days=50, fewest=20, floor=0.01) for each in (values, changed))
    assert np.array_equal(before[:, :151], after[:, :151], equal_nan=True)


def test_sums_of_a_window_and_deviations_of_a_constant():
    assert summed(np.array([1.0, 2.0, NAN, 4.0]), 2).tolist() == [1.0, 3.0, 2.0, 4.0]
    assert spread_of(np.zeros(10), days=5, fewest=5, floor=0.1)[9] == 0.1

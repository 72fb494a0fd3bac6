"""Croston, TSB and ADIDA: means of series with many days without demand."""

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.intermittent import adida, croston, tsb

RARE = np.random.default_rng(4).binomial(1, 0.2, (20, 700)).astype(np.float64) * 3


@pytest.mark.parametrize("method", [croston, tsb, adida])
def test_the_mean_of_a_rare_demand_is_found(method):
    assert method(RARE, 28).mean() == pytest.approx(0.6, abs=0.1)
    assert method(RARE, 28).shape == (20, 28)


@pytest.mark.parametrize("method", [croston, tsb, adida])
@pytest.mark.parametrize("values", [[[np.nan] * 20], [[0.0] * 20], [[2.0]]])
def test_series_without_demand_or_days_are_numbers(method, values):
    made = method(np.array(values), 3)
    assert np.isfinite(made).all()
    assert (made >= 0).all()


def test_after_a_long_time_without_demand_tsb_expects_less_and_croston_the_same():
    ended = np.concatenate([RARE, np.zeros((20, 90))], axis=1)
    assert tsb(ended, 1).mean() < 0.1 * tsb(RARE, 1).mean()
    assert croston(ended, 1).mean() == pytest.approx(croston(RARE, 1).mean())


def test_an_unknown_day_changes_nothing():
    gap = np.concatenate([RARE, np.full((20, 30), np.nan)], axis=1)
    assert tsb(gap, 1).tolist() == tsb(RARE, 1).tolist()

"""Ratios pulled towards the common one: by chance a lot, by a real difference hardly."""

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.pooling import dispersion, shrunk_ratio


def test_differences_that_are_chance_disappear():
    rng = np.random.default_rng(5)
    amount = rng.poisson(20, 50).astype(np.float64)
    made = shrunk_ratio(amount, np.full(50, 20.0), np.ones(1), 1.0)
    assert np.abs(made - 1).max() < 0.5 * np.abs(amount / 20 - 1).max()


def test_real_differences_stay():
    amount = np.array([100.0, 2000.0, 1000.0])
    made = shrunk_ratio(amount, np.full(3, 1000.0), np.ones(1), 1.0)
    assert made == pytest.approx([0.1, 2.0, 1.0], abs=0.02)


def test_a_group_without_days_gets_the_common_ratio():
    made = shrunk_ratio(np.array([0.0, 50.0, 10.0]), np.array([0.0, 25.0, 25.0]), np.ones(1), 1.0)
    assert made[0] == pytest.approx(1.0)


def test_the_dispersion_of_poisson_counts_is_one():
    values = np.random.default_rng(6).poisson(9.0, (50, 200)).astype(np.float64)
    assert dispersion(values) == pytest.approx(1.0, abs=0.05)
    assert dispersion(3 * values) == pytest.approx(3.0, abs=0.15)

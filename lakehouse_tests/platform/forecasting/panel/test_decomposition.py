"""The decomposition: what it learns, and what a place or product without history begins with."""

from dataclasses import replace

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.decomposition import decomposition
from lakehouse.platform.forecasting.panel.methods import VARIANTS
from lakehouse_tests.platform.forecasting.panel.series import WEEKDAYS, panel_of, sold

PLAIN, TREND = VARIANTS["decomposition"], VARIANTS["decomposition_trend"]


def test_it_comes_close_to_the_true_means():
    values, truth = sold(series=60, days=208)
    made = decomposition(panel_of(values[:, :180], products=10), 28, PLAIN)
    error = np.abs(made - truth[:, 180:]).sum() / truth[:, 180:].sum()
    assert error < 0.06


def test_a_product_without_history_gets_the_share_of_the_other_places():
    values, _ = sold(series=60, days=120, mean=20.0)
    values = np.where(np.arange(60)[:, None] == 13, np.nan, values)
    usual = decomposition(panel_of(values, products=10), 28, PLAIN)
    of_product = usual[3::10].mean() - usual[13].mean() / 6
    assert usual[13].mean() == pytest.approx(of_product * 6 / 5, rel=0.4)


def test_a_holiday_counts_as_much_as_earlier_ones_did():
    values, _ = sold(series=30, days=150)
    special = np.zeros((1, 1, 178))
    special[0, 0, [30, 60, 90, 120, 160]] = 1.0
    values[:, [30, 60, 90, 120]] = np.floor(values[:, [30, 60, 90, 120]] * 0.5)
    panel = replace(panel_of(values), calendar=special, region=np.zeros(30, np.int64))
    made = decomposition(panel, 28, PLAIN)
    assert made[:, 10].mean() / made[:, 3].mean() == pytest.approx(0.48, abs=0.08)


def test_a_weekday_on_which_a_place_is_closed_is_expected_to_be_closed():
    values, _ = sold(series=4, days=140, mean=40.0)
    values[0, 6::7] = 0.0
    made = decomposition(panel_of(values), 7, PLAIN)
    assert made[0, 6] < 0.2 * made[0, :6].mean()
    assert made[1, 6] > 0.5 * made[1, :6].mean()


def test_a_trend_goes_on_for_a_while():
    rng = np.random.default_rng(3)
    growth = np.exp(0.004 * np.arange(228)) * 50 * WEEKDAYS[np.arange(228) % 7]
    values = rng.poisson(np.repeat(growth[None, :], 10, axis=0)).astype(np.float64)
    plain, trend = (
        np.abs(decomposition(panel_of(values[:, :200]), 28, each) - growth[200:]).mean()
        for each in (PLAIN, TREND)
    )
    assert trend < 0.6 * plain


def test_forecasts_of_a_place_do_not_depend_on_how_it_is_divided_into_products():
    values, _ = sold(series=40, days=150)
    by_product = decomposition(panel_of(values, products=10), 28, PLAIN)
    of_place = decomposition(panel_of(values.reshape(4, 10, -1).sum(axis=1)), 28, PLAIN)
    sums = by_product.reshape(4, 10, 28).sum(axis=1)
    assert np.abs(sums / of_place - 1).max() < 0.05

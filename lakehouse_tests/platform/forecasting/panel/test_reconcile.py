"""Forecasts of parts and totals add up, and the weight is that of the smaller errors."""

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.panel import Indices, Numbers
from lakehouse.platform.forecasting.panel.produce import (
    PanelForecast,
    forecast_columns,
    forecast_panel,
)
from lakehouse.platform.forecasting.panel.reconcile import reconcile
from lakehouse_tests.platform.forecasting.panel.series import panel_of, sold

PRODUCTS = 5


def forecasts(values: Numbers) -> tuple[PanelForecast, PanelForecast, Indices]:
    """Forecasts of products and of their places, and the place of each product."""
    parts = panel_of(values, products=PRODUCTS)
    totals = panel_of(values.reshape(-1, PRODUCTS, values.shape[1]).sum(axis=1))
    return forecast_panel(parts), forecast_panel(totals), parts.place


@pytest.mark.parametrize("days", [1, 14, 40, 150])
def test_stored_forecasts_of_products_add_up_to_those_of_their_place(days):
    values, _ = sold(series=40, days=days, mean=0.7)
    values[:PRODUCTS] = 0.0
    made = reconcile(*forecasts(values))
    parts, totals = (
        np.array(forecast_columns(each)["expected"].to_pylist())
        for each in (made.parts, made.totals)
    )
    assert (parts.reshape(8, PRODUCTS, 28).sum(axis=1) == totals.reshape(8, 28)).all()


def test_the_smaller_error_in_the_back_test_has_the_greater_weight():
    values, _ = sold(series=40, days=150)
    parts, totals, place = forecasts(values)
    for wrong, weight in (("parts", 1.0), ("totals", 0.0)):
        given = {"parts": parts, "totals": totals}
        tested = given[wrong].contest
        for measured in tested.measured.values():
            measured.forecast[:] *= 3.0
        assert reconcile(parts, totals, place).weight == pytest.approx(weight, abs=0.05)
        for measured in tested.measured.values():
            measured.forecast[:] /= 3.0


def test_products_of_which_none_is_expected_share_what_their_place_expects():
    values, _ = sold(series=10, days=60)
    parts, totals, place = forecasts(values)
    parts.expected[:PRODUCTS] = 0.0
    made = reconcile(parts, totals, place)
    assert made.parts.expected[:PRODUCTS].sum() == pytest.approx(made.totals.expected[0].sum())
    assert np.isfinite(made.totals.quantiles).all()


def test_a_place_without_products_keeps_its_forecast():
    values, _ = sold(series=10, days=60)
    parts, totals, _ = forecasts(values)
    made = reconcile(parts, totals, np.zeros(10, np.int64))
    assert (made.totals.expected[1] == totals.expected[1]).all()


def test_quantiles_move_with_the_mean_and_stay_in_order():
    values, _ = sold(series=20, days=60)
    parts, totals, place = forecasts(values)
    made = reconcile(parts, totals, place)
    for before, after in ((parts, made.parts), (totals, made.totals)):
        factor = after.expected / before.expected
        scaled = before.quantiles * factor[..., None]
        assert np.abs(after.quantiles - scaled).max() <= 1.0  # the median is a whole number
        assert np.allclose(after.quantiles[..., [0, -1]], scaled[..., [0, -1]], rtol=0.01)
        assert (np.diff(after.quantiles, axis=-1) >= 0).all()

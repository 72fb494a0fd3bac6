"""Counts drawn as arrays are like those of generated deliveries."""

import datetime as dt

import numpy as np
import pytest

from lakehouse.demo.mrhealth.day_rows import rows_of
from lakehouse.demo.mrhealth.scenario import scenario_of
from lakehouse.demo.mrhealth.true_demand import true_demand


def test_means_are_those_of_generated_deliveries():
    scenario = scenario_of(
        5, first=dt.date(2026, 1, 5), days=110, units=6, orders_per_unit=20, incidents=()
    )
    truth = true_demand(scenario)
    rows = rows_of(scenario)
    orders = sum(row["orders"] for row in rows["unit_day"])
    pieces = sum(row["quantity"] for row in rows["unit_product_day"])
    exists = ~np.isnan(truth.orders)
    assert orders == pytest.approx(truth.mean_orders[exists].sum(), rel=0.03)
    assert np.nansum(truth.orders) == pytest.approx(orders, rel=0.03)
    listed = ~np.isnan(truth.pieces)
    assert pieces == pytest.approx(truth.mean_pieces[listed].sum(), rel=0.03)
    assert np.nansum(truth.pieces) == pytest.approx(pieces, rel=0.03)

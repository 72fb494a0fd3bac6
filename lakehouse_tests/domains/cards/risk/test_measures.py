"""Measures of probabilities."""

import numpy as np
import pytest

from lakehouse.domains.cards.risk.measures import (
    is_better,
    quality_of,
    reference_of,
    reliability,
    stability_index,
)

metrics = pytest.importorskip("sklearn.metrics", reason="pip install 'lakehouse[forecast]'")

RNG = np.random.default_rng(5)
SHARES = np.round(RNG.random(500), 2)
OUTCOME = (RNG.random(500) < SHARES).astype(np.float64)
CLIENTS = np.arange(500) // 5


def test_brier_log_loss_and_auc_equal_those_of_scikit_learn():
    inside = np.clip(SHARES, 1e-9, 1 - 1e-9)
    found = quality_of(OUTCOME, inside)
    assert found.brier == pytest.approx(metrics.brier_score_loss(OUTCOME, inside))
    assert found.log_loss == pytest.approx(metrics.log_loss(OUTCOME, inside))
    assert found.auc == pytest.approx(metrics.roc_auc_score(OUTCOME, inside))


def test_without_both_outcomes_there_is_no_auc():
    assert quality_of(np.ones(4), np.full(4, 0.5)).auc is None


def test_reliability_has_bins_of_equal_size_and_one_bin_for_equal_probabilities():
    bins = list(reliability(OUTCOME, SHARES))
    assert sum(each.examples for each in bins) == 500
    assert len(bins) == 10
    (only,) = reliability(OUTCOME, np.full(500, 0.5))
    assert only.examples == 500
    assert only.observed == pytest.approx(OUTCOME.mean())


def test_the_true_probabilities_are_better_than_their_mean_and_chance_is_not():
    mean = np.full(500, OUTCOME.mean())
    assert is_better(OUTCOME, SHARES, mean, CLIENTS)[0]
    assert not is_better(OUTCOME, mean, SHARES, CLIENTS)[0]
    assert not is_better(OUTCOME, mean + RNG.normal(0, 0.01, 500), mean, CLIENTS)[0]
    assert not is_better(OUTCOME, mean, mean, CLIENTS)[0]


def test_examples_that_are_repeated_for_each_client_do_not_make_a_difference_certain():
    outcome, few = np.array([1.0, 1.0, 0.0]), np.array([0.6, 0.6, 0.6])
    many, new, old = (np.repeat(each, 400) for each in (outcome, few, np.full(3, 0.5)))
    assert is_better(many, new, old, np.arange(1200))[0]
    assert not is_better(many, new, old, np.repeat([0, 1, 2], 400))[0]


def test_drift_is_zero_for_the_same_values_and_large_for_others():
    values = RNG.normal(size=1000)
    known = reference_of("x", values)
    assert stability_index(known, values) == 0
    assert stability_index(known, values + 1) > 0.25
    missing = np.where(np.arange(1000) % 2, np.nan, values)
    assert stability_index(known, missing) > 0.25
    empty = reference_of("x", np.full(10, np.nan))
    assert empty.cuts == ()
    assert stability_index(empty, np.full(3, np.nan)) == 0

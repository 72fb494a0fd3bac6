"""The competing models, and which of them is published."""

import numpy as np
import pytest

from lakehouse.domains.cards.risk import learning
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.contest import hold
from lakehouse.domains.cards.risk.examples import (
    CALIBRATE,
    LEARN,
    TEST,
    Examples,
    parts_of,
)
from lakehouse.platform.models.artefact import ModelError
from lakehouse_tests.domains.cards.risk.drawn import drawn

pytest.importorskip("sklearn", reason="pip install 'lakehouse[forecast]'")
pytest.importorskip("xgboost", reason="pip install 'lakehouse[forecast]'")

EXAMPLES = drawn()
PARTS = parts_of(EXAMPLES)


def test_no_client_is_in_two_parts_and_labels_end_before_the_first_test_date():
    clients = [set(PARTS[name].client.tolist()) for name in (LEARN, CALIBRATE, TEST)]
    assert not set.intersection(*clients)
    assert sum(map(len, clients)) == len(set.union(*clients)) == 400
    last = max(PARTS[name].day.max() for name in (LEARN, CALIBRATE))
    assert last + 90 <= PARTS[TEST].day.min()


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (drawn(clients=20), "examples to learn, expected at least 100"),
        (EXAMPLES.where(EXAMPLES.outcome == 1), "have the same outcome"),
    ],
)
def test_too_few_examples_and_equal_outcomes_are_errors(examples: Examples, message: str):
    with pytest.raises(ModelError, match=rf"{message}(.|\n)*hint: load more months"):
        parts_of(examples)


def test_the_logistic_regression_equals_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    learn = PARTS[LEARN]
    x = learn.values[:, [known.ALL.index(name) for name in known.TEN]]
    x = (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)
    other = LogisticRegression(C=1.0, tol=1e-10).fit(np.nan_to_num(x), learn.outcome)
    own = learning.logistic(learn).probability(known.ALL, learn.values)
    assert np.allclose(own, other.predict_proba(np.nan_to_num(x))[:, 1], atol=1e-5)


def test_the_scores_of_the_boosted_model_equal_the_predictions_of_its_trees():
    from xgboost import DMatrix, train

    learn, held_out = PARTS[LEARN], PARTS[CALIBRATE]
    trees = train(
        learning.PARAMETERS,
        DMatrix(learn.values, label=learn.outcome),
        num_boost_round=learning.MOST_ROUNDS,
        evals=[(DMatrix(held_out.values, label=held_out.outcome), "held_out")],
        early_stopping_rounds=learning.PATIENCE,
        verbose_eval=False,
    )
    used = trees[: trees.best_iteration + 1]
    test = PARTS[TEST]
    own = learning.boosted(learn, held_out).probability(known.ALL, test.values)
    assert np.allclose(own, used.predict(DMatrix(test.values)), atol=1e-5)


def test_the_rule_has_one_probability_above_three_unpaid_invoices_and_one_below():
    learn = PARTS[LEARN]
    made = learning.rule(learn).probability(known.ALL, learn.values)
    at_risk = learn.values[:, known.ALL.index(known.RULE)] >= 3
    for chosen in (at_risk, ~at_risk):
        assert np.allclose(made[chosen], learn.outcome[chosen].mean())


def test_a_model_is_published_when_it_is_better_and_its_probabilities_are_calibrated():
    held = hold(PARTS)
    assert held.published.kind in (learning.LOGISTIC, learning.BOOSTED)
    assert held.quality.brier < 0.9 * held.steps[0].quality.brier
    assert held.quality.calibration_error < 0.1
    assert {"perc_sem_pagamento_u3m", "perc_em_atraso_u3m"} <= set(held.published.variables)
    assert {each.variable for each in held.published.references} >= set(known.TEN)


def test_outcomes_that_do_not_depend_on_the_variables_lead_to_the_share_of_all_clients():
    for seed in range(3):
        assert hold(parts_of(drawn(signal=0, seed=seed))).published.kind == learning.BASE_RATE


def test_the_same_examples_give_the_same_bytes():
    assert hold(PARTS).published.to_json() == hold(parts_of(drawn())).published.to_json()


def test_without_the_library_training_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(learning, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"pip install 'lakehouse\[forecast\]'"):
        learning.require_libraries()

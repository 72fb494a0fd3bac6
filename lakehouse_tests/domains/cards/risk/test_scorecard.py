"""An additive model: exact contributions, and the same bytes for the same model."""

import numpy as np
import pytest

from lakehouse.domains.cards.risk.scorecard import (
    Linear,
    Reference,
    Scorecard,
    Steps,
    log_odds,
    sigmoid,
)

NAMES = ("a", "b")
VALUES = np.array([[1.0, 5.0], [2.0, np.nan], [np.nan, 4.0], [3.0, 4.0]])
MODEL = Scorecard(
    kind="boosted",
    intercept=-0.5,
    terms=(
        Steps(variable="a", cuts=(2.0, 3.0), scores=(0.1, 0.2, 0.4), missing=-1.0),
        Linear(variable="b", slope=0.5, center=4.0, missing=0.25),
    ),
    references=(Reference(variable="a", cuts=(2.0,), shares=(0.5, 0.25, 0.25)),),
)


def test_a_value_that_equals_a_cut_is_in_the_interval_after_it_and_null_has_its_own_score():
    found = MODEL.contributions(NAMES, VALUES)
    assert found[:, 0].tolist() == [0.1, 0.2, -1.0, 0.4]
    assert found[:, 1].tolist() == [0.5, 0.25, 0.0, 0.0]


def test_the_contributions_add_up_to_the_log_odds_of_the_probability():
    shares = MODEL.probability(NAMES, VALUES)
    sums = MODEL.intercept + MODEL.contributions(NAMES, VALUES).sum(axis=1)
    assert np.allclose(np.log(shares / (1 - shares)), sums, atol=1e-12)


def test_calibration_scales_and_shifts_the_log_odds():
    shares = MODEL.probability(NAMES, VALUES)
    made = MODEL.calibrated(2.0, 0.3).probability(NAMES, VALUES)
    assert np.allclose(made, sigmoid(2 * np.log(shares / (1 - shares)) + 0.3))


def test_a_model_is_read_back_from_its_text_and_written_with_equal_bytes():
    read = Scorecard.from_json(MODEL.to_json())
    assert read == MODEL
    assert read.to_json() == MODEL.to_json()


def test_a_model_without_terms_gives_every_client_the_same_probability():
    base = Scorecard(kind="base_rate", intercept=log_odds(0.3))
    assert np.allclose(base.probability(NAMES, VALUES), 0.3)


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"terms": 3}', b"\x80pickle"])
def test_other_content_is_an_error(content: bytes):
    with pytest.raises(ValueError, match=r"scorecard|codec|JSON|Expecting"):
        Scorecard.from_json(content)

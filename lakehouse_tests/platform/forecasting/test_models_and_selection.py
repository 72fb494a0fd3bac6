"""Examples, models and the selection of what is published; without a lake."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lakehouse.platform.forecasting import models
from lakehouse.platform.forecasting.declaration import TEST, TRAIN, VALIDATION, ForecastError
from lakehouse.platform.forecasting.examples import (
    Examples,
    History,
    Numbers,
    all_examples,
    future_examples,
    parts,
)
from lakehouse.platform.forecasting.selection import Errors, ErrorsByPart, errors_of, select

pytest.importorskip("sklearn", reason="pip install 'lakehouse[forecast]'")
pytest.importorskip("xgboost", reason="pip install 'lakehouse[forecast]'")

FIRST = dt.date(2023, 1, 1)


def counting(days: int, horizon: int, unknown: int = 0) -> History:
    """Return a history in which every number of a day is the index of the day, from 0."""
    places = np.arange(days + horizon, dtype=np.float64)
    known = places[: days + 1].copy()
    known[:unknown] = np.nan
    return History(
        first=FIRST,
        known={"known": known},
        calendar={"date": places},
        actual=places[:days],
        averages={"ma_7": known},
    )


@pytest.mark.parametrize("horizon", [1, 7])
def test_days_are_split_in_time_order_and_none_is_lost(horizon: int):
    found = parts(counting(200 + 30 + horizon - 1, horizon, unknown=30), horizon)
    assert {name: part.days for name, part in found.items()} == {
        TRAIN: 140,
        VALIDATION: 30,
        TEST: 30,
    }
    train, validation, test = found.values()
    assert train.first == FIRST + dt.timedelta(days=30 + horizon - 1)
    assert validation.first == train.last + dt.timedelta(days=1)
    assert test.first == validation.last + dt.timedelta(days=1)
    assert test.last == FIRST + dt.timedelta(days=200 + 30 + horizon - 2)
    for part in found.values():
        asked = {FIRST + dt.timedelta(days=int(y)) for y in part.examples.y}
        assert (min(asked), max(asked), len(asked)) == (part.first, part.last, part.days)
        assert len(part.examples.y) == part.days * horizon
    assert len(all_examples(found).y) == 200 * horizon


def test_a_forecast_uses_features_known_when_the_first_day_of_the_horizon_began():
    found = parts(counting(150, 7, unknown=30), 7)
    for part in found.values():
        known, date, step = part.examples.x.T
        assert set(step) == set(range(1, 8))
        assert (date == part.examples.y).all()
        assert (known == part.examples.y - (step - 1)).all()
        assert (part.examples.averages["ma_7"] == known).all()
        assert not np.isnan(part.examples.x).any()


def test_future_forecasts_all_start_from_the_first_unknown_day():
    due = future_examples(counting(150, 4, unknown=30), 4)
    assert due.columns == ("known", "date", "step")
    assert due.x.tolist() == [[150, 150, 1], [150, 151, 2], [150, 152, 3], [150, 153, 4]]
    assert np.isnan(due.y).all(), "the actual values of future days are unknown"


@pytest.mark.parametrize("name", models.CANDIDATES)
def test_days_after_the_training_days_do_not_change_the_trained_model(name: str):
    rng = np.random.default_rng(3)
    before = _noisy(rng, 140)
    end = parts(before, 2)[TRAIN].last
    later = before.actual.copy()
    later[(end - FIRST).days + 1 :] = 10**6
    after = History(**{**vars(before), "actual": later})
    learn = models.CANDIDATES[name]
    asked = future_examples(before, 2).x
    first, second = (learn(parts(history, 2)[TRAIN].examples, ()) for history in (before, after))
    assert (first(asked) == second(asked)).all()
    assert (first(asked) != learn(all_examples(parts(after, 2)), ())(asked)).any()


def test_too_few_days_are_rejected_with_their_number():
    with pytest.raises(
        ForecastError,
        match=r"^only 59 days are usable for training and tests, expected",
    ):
        parts(counting(95, 7, unknown=30), 7)
    assert sum(part.days for part in parts(counting(96, 7, unknown=30), 7).values()) == 60
    with pytest.raises(ForecastError, match=r"^only 0 days"):
        parts(counting(5, 7, unknown=6), 7)


def _noisy(rng: np.random.Generator, days: int) -> History:
    known = rng.normal(size=days + 1)
    return History(
        first=FIRST,
        known={"known": known},
        calendar={"date": rng.normal(size=days + 2)},
        actual=rng.normal(size=days),
        averages={"ma_7": known},
    )


def examples(x: Numbers, y: Numbers) -> Examples:
    columns = tuple(f"c{n}" for n in range(x.shape[1]))
    return Examples(columns=columns, x=x, y=y, averages={})


def test_linear_regression_equals_least_squares():
    rng = np.random.default_rng(5)
    x, y, asked = rng.normal(size=(50, 3)), rng.normal(size=50), rng.normal(size=(4, 3))
    by_hand = np.linalg.lstsq(np.column_stack([x, np.ones(50)]), y, rcond=None)[0]
    made = models.linear_regression(examples(x, y), ())(asked)
    np.testing.assert_allclose(made, np.column_stack([asked, np.ones(4)]) @ by_hand)


def test_linear_regression_gives_each_category_its_own_level():
    weekday = np.tile(np.arange(1.0, 8.0), 10)
    y = np.where(weekday == 3, 50.0, 10.0)
    made = models.linear_regression(examples(weekday[:, None], y), ["c0"])
    np.testing.assert_allclose(made(np.array([[3.0], [4.0]])), [50, 10])


@pytest.mark.parametrize("learn", models.CANDIDATES.values())
def test_a_feature_without_any_value_does_not_change_the_forecast(learn: models.Learn):
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    without, x[:, 1] = learn(examples(x[:, :1], y), ()), np.nan
    made = learn(examples(x, y), ())
    np.testing.assert_allclose(made(x[:5]), without(x[:5, :1]))
    x[:5, 1] = 3.0
    assert np.isfinite(made(x[:5])).all(), "known for the first time"


def test_xgboost_has_the_parameters_of_the_specification():
    rng = np.random.default_rng(5)
    trees = models.boosted(examples(rng.normal(size=(50, 2)), rng.normal(size=50)))
    learner = json.loads(trees.save_config())["learner"]
    tree = learner["gradient_booster"]["tree_train_param"]
    assert learner["objective"]["name"] == "reg:squarederror"
    assert {name: float(tree[name]) for name in ("max_depth", "eta", "gamma")} == {
        "max_depth": 5,
        "eta": pytest.approx(0.2),
        "gamma": 4,
    }
    assert float(tree["subsample"]) == pytest.approx(0.8)
    assert trees.num_boosted_rounds() == 100


NUMBERS = st.floats(0, 10**6, allow_subnormal=False).map(lambda value: round(value, 2))


@given(
    actual=npst.arrays(np.float64, st.shared(st.integers(1, 30), key="n"), elements=NUMBERS),
    forecast=npst.arrays(np.float64, st.shared(st.integers(1, 30), key="n"), elements=NUMBERS),
)
def test_errors_equal_those_of_scikit_learn_and_zero_values_are_left_out_of_the_mape(
    actual: Numbers, forecast: Numbers
):
    from sklearn import metrics

    made = errors_of(actual, forecast)
    assert made.mae == pytest.approx(metrics.mean_absolute_error(actual, forecast))
    assert made.rmse == pytest.approx(metrics.root_mean_squared_error(actual, forecast))
    positive = actual > 0
    if positive.any():
        share = metrics.mean_absolute_percentage_error(actual[positive], forecast[positive])
        assert made.mape == pytest.approx(share * 100)
    else:
        assert made.mape is None


def errors(**by_model: tuple[float, float] | tuple[float, float, float]) -> ErrorsByPart:
    """Return errors from the RMSE on validation and test days; the test MAE is half by default."""
    return {
        model: {
            VALIDATION: Errors(forecasts=1, mae=1, rmse=rmse[0], mape=None),
            TEST: Errors(
                forecasts=1, mae=rmse[2] if len(rmse) > 2 else rmse[1] / 2, rmse=rmse[1], mape=None
            ),
        }
        for model, rmse in by_model.items()
    }


def test_the_model_is_selected_on_the_validation_days_even_if_another_is_better_on_test_days():
    selection = select(errors(trees=(9, 1), line=(8, 3)), errors(ma_7=(5, 4), ma_30=(6, 5)))
    assert (selection.model, selection.published) == ("line", "line")
    assert selection.better_averages == ()


@pytest.mark.parametrize("line", [(1, 4, 1.0), (1, 3.9, 2.0), (1, 3.9, 2.1), (1, 4.1, 1.0)])
def test_a_model_is_not_published_unless_both_errors_are_below_every_average(line):
    selection = select(errors(line=line), errors(ma_7=(7, 4), ma_30=(6, 9.5)))
    assert selection.model == "line"
    assert "ma_7" in selection.better_averages
    assert selection.published == "ma_30", "the better average of the validation days"


def test_equal_errors_are_ordered_by_name():
    assert select(errors(b=(1, 1), a=(1, 1)), errors(z=(3, 3), y=(3, 3))).model == "a"

"""The back-test: no method sees a later day, and a model is published only when it is better."""

import numpy as np

from lakehouse.platform.forecasting.panel.contest import GROUPS, contest, groups_of
from lakehouse.platform.forecasting.panel.methods import BASELINES
from lakehouse_tests.platform.forecasting.panel.series import panel_of, sold


def test_a_method_sees_only_the_days_before_its_origin():
    seen = []

    def spy(panel, horizon):
        seen.append(panel.days)
        return np.ones((len(panel.values), horizon))

    values, _ = sold(days=60)
    made = contest(panel_of(values), 28, {"spy": spy})
    assert seen == list(made.origins)
    assert max(made.origins) < 60


def test_a_model_that_is_better_is_published():
    values, truth = sold()
    weekly = {"truth": lambda panel, horizon: truth[:, np.arange(panel.days, panel.days + 28) % 7]}
    assert contest(panel_of(values), 28, weekly).published["smooth"] == "truth"


def test_a_model_that_is_not_strictly_better_is_not_published():
    values, _ = sold()
    copy = {"copy": BASELINES["ma_30"]}
    assert contest(panel_of(values), 28, copy).published["smooth"] in BASELINES


def test_series_are_grouped_by_how_often_and_how_much_they_sell():
    rng = np.random.default_rng(2)
    values = np.stack(
        [
            np.full(70, 5.0),
            rng.choice([1.0, 30.0], 70),
            np.where(np.arange(70) % 3 == 0, 2.0, 0.0),
            np.where(np.arange(70) % 3 == 0, rng.choice([1.0, 30.0], 70), 0.0),
            np.where(np.arange(70) < 50, np.nan, 5.0),
        ]
    )
    names = [GROUPS[number] for number in groups_of(values)]
    assert names == ["smooth", "erratic", "intermittent", "lumpy", "new"]


def test_a_series_is_not_compared_before_its_first_day():
    values, _ = sold(days=120)
    values[0, :100] = np.nan
    made = contest(panel_of(values), 28)
    before = [n for n, origin in enumerate(made.origins) if origin <= 100]
    assert np.isnan(made.actual[before, 0]).all()
    assert not np.isnan(made.actual[:, 1, 0]).any()


def test_a_short_history_has_no_origin_and_publishes_an_average():
    values, _ = sold(days=10)
    made = contest(panel_of(values), 28)
    assert made.origins == ()
    assert set(made.published.values()) == {"ma_30"}

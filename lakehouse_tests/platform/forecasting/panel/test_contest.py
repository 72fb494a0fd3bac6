"""The back-test: no method sees a later day, and a model is published only when it is better."""

import numpy as np

from lakehouse.platform.forecasting.panel.contest import (
    ENOUGH_ERRORS,
    GROUPS,
    contest,
    groups_of,
    origins_of,
)
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


def test_the_weekly_pattern_of_two_weeks_is_published():
    values, _ = sold(series=12, days=14, mean=60.0)
    assert contest(panel_of(values), 28).published["new"] == "decomposition"


def test_two_weeks_without_a_pattern_publish_a_baseline():
    values = np.repeat(np.arange(1.0, 7.0)[:, None], 14, axis=1)
    assert contest(panel_of(values), 28).published["new"] in BASELINES


def test_each_day_of_a_short_history_counts_the_same():
    """The last day is forecast from seven origins, the first compared one from a single origin."""
    values, truth = sold(days=14)

    def wrong_on_the_last_day(panel, horizon):
        made = truth[:, np.arange(panel.days, panel.days + horizon) % 7]
        made[:, 13 - panel.days] *= 1.5
        return made

    made = contest(panel_of(values), 28, {"model": wrong_on_the_last_day})
    assert made.published["new"] == "model"


def test_a_new_series_that_was_never_compared_gets_the_method_of_all_series():
    values, _ = sold(days=120)
    values[0, :-3] = np.nan
    made = contest(panel_of(values), 28)
    assert made.published["new"] == made.published["smooth"]
    assert made.published["new"].startswith("decomposition")


def test_the_errors_of_a_small_group_are_those_of_all_series():
    values, _ = sold(series=40, days=150)
    made = contest(panel_of(values), 28)
    every = made.errors("ma_7", np.arange(40), 150)
    assert len(made.errors("ma_7", np.arange(2), 150).actual) == len(every.actual)
    assert ENOUGH_ERRORS <= len(made.errors("ma_7", np.arange(20), 150).actual) < len(every.actual)


def test_errors_of_an_earlier_day_do_not_know_later_ones():
    values, _ = sold(days=150)
    made = contest(panel_of(values), 28)
    assert len(made.errors("ma_7", np.arange(40), made.origins[0]).actual) == 0
    known = made.errors("ma_7", np.arange(40), made.origins[1])
    assert len(known.actual) == 40 * 7
    assert known.days == 7


def test_origins_of_a_long_history_are_a_week_apart_and_never_before_the_first_week():
    assert np.diff(origins_of(400)).tolist() == [7] * 11
    assert origins_of(13) == []
    for days in range(14, 100):
        origins = origins_of(days)
        assert origins == sorted(set(origins))
        assert 7 <= origins[0] <= origins[-1] < days

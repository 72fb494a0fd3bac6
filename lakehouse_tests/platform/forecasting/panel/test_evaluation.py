"""Errors by group and week, honest coverage, and leaks that are found."""

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.contest import contest
from lakehouse.platform.forecasting.panel.evaluation import errors_of_methods, leaks_of
from lakehouse.platform.forecasting.panel.methods import BASELINES, MODELS
from lakehouse.platform.forecasting.panel.panel import Numbers, Panel
from lakehouse_tests.platform.forecasting.panel.series import panel_of, sold

VALUES, _ = sold(days=150)


def rebuilt(days: int) -> Panel:
    return panel_of(VALUES[:, :days])


def test_errors_are_given_by_method_and_week_and_coverage_for_the_published_one():
    panel = panel_of(VALUES)
    rows = list(errors_of_methods(panel, contest(panel, 28)))
    assert {row["method"] for row in rows} == {*BASELINES, *MODELS}
    assert {row["week"] for row in rows} == {1, 2, 3, 4}
    published = [row for row in rows if row["is_published"]]
    assert len({row["method"] for row in published}) == 1
    assert np.mean([row["coverage_pct"] for row in published]) == pytest.approx(90, abs=4)


def test_no_method_changes_with_later_days_and_a_canary_does():
    found = list(leaks_of(panel_of(VALUES), rebuilt, 28))
    assert [each.known_days for each in found] == [143, 136]
    assert [each.changed for each in found] == [0, 0]
    assert all(each.compared > 0 and each.canary_changed > 0 for each in found)


def test_a_method_that_knows_the_next_day_is_found():
    future = panel_of(VALUES)

    def leaking(panel: Panel, horizon: int) -> Numbers:
        if panel.values[0, 0] != future.values[0, 0]:
            raise AssertionError("another panel")
        last = future.values[:, min(panel.days, future.days - 1)]
        return np.repeat(last[:, None], horizon, axis=1) * panel.values[:, -1:]

    def unstable(days: int) -> Panel:
        return panel_of(np.where(np.arange(days) == days - 1, 99.0, VALUES[:, :days]))

    assert sum(each.changed for each in leaks_of(future, unstable, 28, {"leaking": leaking})) > 0


def test_a_history_of_a_few_days_has_no_origin():
    assert list(leaks_of(panel_of(VALUES[:, :8]), rebuilt, 28)) == []

"""Series as arrays: what is zero, what is unknown, and what is an error."""

import numpy as np
import pytest

from lakehouse.platform.forecasting.panel.panel import PanelError, filled

KNOWN = np.array([[True, True, False]])


def test_a_known_day_without_a_value_is_zero_and_an_unknown_day_is_not():
    made = filled((1, 3), [0], [0], [4.0], KNOWN)
    assert made[0, :2].tolist() == [4.0, 0.0]
    assert np.isnan(made[0, 2])


def test_repeated_values_of_a_day_are_added_and_returns_are_no_negative_demand():
    assert filled((1, 3), [0, 0, 0], [0, 0, 1], [4.0, -1.0, -2.0], KNOWN)[0, :2].tolist() == [3, 0]


def test_a_day_after_the_last_one_is_an_error_with_a_hint():
    with pytest.raises(PanelError, match=r"day 3, expected 0 to 2; hint"):
        filled((1, 3), [0], [3], [1.0], KNOWN)


def test_a_value_that_is_not_a_number_is_an_error():
    with pytest.raises(PanelError, match="not a finite number"):
        filled((1, 3), [0], [0], [np.nan], KNOWN)

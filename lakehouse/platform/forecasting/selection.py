"""Select what is published: the model with the lower error, or a moving average.

The best model on the validation days is compared with every moving average on the test days.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lakehouse.platform.forecasting.declaration import TEST, VALIDATION
from lakehouse.platform.forecasting.examples import Numbers


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Errors of forecasts, in the target's unit.

    Args:
        forecasts: number of forecasts that were compared.
        mae: mean absolute error.
        rmse: root of the mean squared error.
        mape: mean absolute error in percent of the actual value, over the values above 0; None if
            there are none.
    """

    forecasts: int
    mae: float
    rmse: float
    mape: float | None

    def lower_than(self, other: "Errors") -> bool:
        """Return whether both RMSE and MAE are lower.

        A lower RMSE alone may come from a few distant days, a lower MAE alone from forecasts that
        are too low.
        """
        return self.rmse < other.rmse and self.mae < other.mae


ErrorsByPart = Mapping[str, Mapping[str, Errors]]
"""Name of the model → part of the days → its errors."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which model or average is published.

    Args:
        model: the model with the lowest RMSE on the validation days.
        average: the moving average with the lowest RMSE on the validation days.
        better_averages: averages whose errors on the test days the model does not undercut.
    """

    model: str
    average: str
    better_averages: tuple[str, ...]

    @property
    def published(self) -> str:
        """Return the model if its errors are lower than those of all averages, else the average."""
        return self.average if self.better_averages else self.model


def errors_of(actual: Numbers, forecast: Numbers) -> Errors:
    """Return the errors of forecasts.

    >>> errors_of(np.array([0.0, 10.0]), np.array([3.0, 6.0]))
    Errors(forecasts=2, mae=3.5, rmse=3.5355339059327378, mape=40.0)
    """
    error = np.abs(actual - forecast)
    positive = actual > 0
    return Errors(
        forecasts=len(error),
        mae=float(error.mean()),
        rmse=math.sqrt(float((error**2).mean())),
        mape=float((error[positive] / actual[positive]).mean() * 100) if positive.any() else None,
    )


def select(models: ErrorsByPart, averages: ErrorsByPart) -> Selection:
    """Select a model by its RMSE on the validation days, then compare it on the test days.

    Equal errors are ordered by name.
    """
    model, average = (
        min(group, key=lambda name: (group[name][VALIDATION].rmse, name))
        for group in (models, averages)
    )
    return Selection(
        model=model,
        average=average,
        better_averages=tuple(
            name
            for name, errors in averages.items()
            if not models[model][TEST].lower_than(errors[TEST])
        ),
    )

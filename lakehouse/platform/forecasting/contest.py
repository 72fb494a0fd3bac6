"""Who is published: chosen on the validation days, judged on the test days against the averages."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lakehouse.platform.forecasting.declaration import TEST, VALIDATION
from lakehouse.platform.forecasting.examples import Numbers


@dataclass(frozen=True, kw_only=True)
class Score:
    """How far forecasts were off, in the target's unit; `mape` in %, None when every day was 0."""

    forecasts: int
    mae: float
    rmse: float
    mape: float | None

    def beats(self, other: "Score") -> bool:
        """Whether it is nearer by both measures.

        The smaller RMSE alone may come of days far off, the smaller MAE alone of guessing low.
        """
        return self.rmse < other.rmse and self.mae < other.mae


Scores = Mapping[str, Mapping[str, Score]]
"""By name of the model and part of the days."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the contest says.

    Args:
        chosen: the model that was best on the validation days.
        average: the moving average that was best there.
        undefeated: averages that the chosen model does not beat on the test days.
    """

    chosen: str
    average: str
    undefeated: tuple[str, ...]

    @property
    def published(self) -> str:
        """The model if it beats every average, else the average."""
        return self.average if self.undefeated else self.chosen


def score(happened: Numbers, forecast: Numbers) -> Score:
    """How far forecasts were off.

    >>> score(np.array([0.0, 10.0]), np.array([3.0, 6.0]))
    Score(forecasts=2, mae=3.5, rmse=3.5355339059327378, mape=40.0)
    """
    off = np.abs(happened - forecast)
    sold = happened > 0
    return Score(
        forecasts=len(off),
        mae=float(off.mean()),
        rmse=math.sqrt(float((off**2).mean())),
        mape=float((off[sold] / happened[sold]).mean() * 100) if sold.any() else None,
    )


def verdict(candidates: Scores, averages: Scores) -> Verdict:
    """Choose by the RMSE on the validation days, ties by name; judge on the test days."""
    chosen, average = (
        min(group, key=lambda name: (group[name][VALIDATION].rmse, name))
        for group in (candidates, averages)
    )
    return Verdict(
        chosen=chosen,
        average=average,
        undefeated=tuple(
            name
            for name, scores in averages.items()
            if not candidates[chosen][TEST].beats(scores[TEST])
        ),
    )

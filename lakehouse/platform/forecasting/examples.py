"""What is learned from: what was known when a forecast was due, and what happened then.

A forecast is direct: the value of a day is forecast from what was known when the first day of the
horizon began, from the date of the day, and from how far away it is. No forecast enters another, so
what a model is judged on is what it is published for.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.platform.forecasting.declaration import TEST, VALIDATION, ForecastError

Numbers = NDArray[np.float64]

TRAIN = "train"
ENDS = {TRAIN: 0.70, VALIDATION: 0.85, TEST: 1.0}
"""Where each part ends among the days that can be learned from, in the order of time."""
FEWEST = 60
"""Days to learn from and to judge on, below which neither says anything."""
STEP = "step"


@dataclass(frozen=True, kw_only=True)
class History:
    """The features of a series of calendar days without gaps.

    Args:
        first: the first day.
        known: what was known when each day began, by column; one day longer than `happened`.
        calendar: what follows from the date, by column; longer by the horizon.
        happened: the target of each day.
        averages: moving averages among the known, by the name of the model.
    """

    first: dt.date
    known: Mapping[str, Numbers]
    calendar: Mapping[str, Numbers]
    happened: Numbers
    averages: Mapping[str, Numbers]

    def day(self, place: int) -> dt.date:
        """The day at a place, from 0."""
        return self.first + dt.timedelta(days=place)


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Forecasts to be made, one a row: `x` is what may be used, by `columns`."""

    columns: tuple[str, ...]
    x: Numbers
    y: Numbers
    averages: Mapping[str, Numbers]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Days in the order of time, the last one included, and the forecasts due for them."""

    first: dt.date
    last: dt.date
    days: int
    examples: Examples


def parts(history: History, horizon: int) -> dict[str, Part]:
    """Days to learn from, to choose on and to judge on, one after the other.

    A day counts when every forecast for it, from 1 to `horizon` days before, has its averages.

    Raises:
        ForecastError: there are too few days.
    """
    complete = np.all([~np.isnan(values) for values in history.averages.values()], axis=0)
    end = len(history.happened)
    lacking = np.flatnonzero(~complete[: end + 1])
    start = (int(lacking[-1]) + 1 if len(lacking) else 0) + horizon - 1
    if end - start < FEWEST:
        raise ForecastError(
            f"{max(end - start, 0)} days can be learned from and judged on, {FEWEST} are needed;"
            f" the averages take {start - horizon + 1} days and the horizon {horizon} - 1"
        )
    found = {}
    begin = start
    for name, share in ENDS.items():
        close = start + round((end - start) * share)
        found[name] = Part(
            first=history.day(begin),
            last=history.day(close - 1),
            days=close - begin,
            examples=_due(history, [*_pairs(begin, close, horizon)]),
        )
        begin = close
    return found


def every(parts_: Mapping[str, Part]) -> Examples:
    """The forecasts of all parts."""
    each = [part.examples for part in parts_.values()]
    return Examples(
        columns=each[0].columns,
        x=np.concatenate([one.x for one in each]),
        y=np.concatenate([one.y for one in each]),
        averages={
            name: np.concatenate([one.averages[name] for one in each]) for name in each[0].averages
        },
    )


def to_come(history: History, horizon: int) -> Examples:
    """The forecasts due now, from the first day that is not known on."""
    end = len(history.happened)
    return _due(history, [(end, end + step) for step in range(horizon)])


def _pairs(begin: int, close: int, horizon: int) -> Iterator[tuple[int, int]]:
    for place in range(begin, close):
        for before in range(horizon):
            yield place - before, place


def _due(history: History, pairs: list[tuple[int, int]]) -> Examples:
    """Forecasts of days, each with the day when it was due."""
    origin, place = np.array(pairs).T
    known = [values[origin] for values in history.known.values()]
    dates = [values[place] for values in history.calendar.values()]
    end = len(history.happened)
    return Examples(
        columns=(*history.known, *history.calendar, STEP),
        x=np.column_stack([*known, *dates, (place - origin + 1).astype(np.float64)]),
        y=np.where(place < end, history.happened[np.minimum(place, end - 1)], np.nan),
        averages={name: values[origin] for name, values in history.averages.items()},
    )

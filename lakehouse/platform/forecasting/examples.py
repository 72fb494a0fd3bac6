"""Training, validation and test examples: known features, and the actual value.

Forecasts are direct: the value of a day is forecast from the features known when the first day of
the horizon began, from the date of the day, and from its distance. No forecast is the input of
another, so a model is evaluated on exactly what it is published for.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.platform.forecasting.declaration import TEST, TRAIN, VALIDATION, ForecastError

Numbers = NDArray[np.float64]

ENDS = {TRAIN: 0.70, VALIDATION: 0.85, TEST: 1.0}
"""Share of the usable days at which each part ends, in time order."""
FEWEST = 60
"""Smallest number of usable days."""
STEP = "step"


@dataclass(frozen=True, kw_only=True)
class History:
    """Features of consecutive calendar days.

    Args:
        first: the first day.
        known: column → values known when each day began; one day longer than `actual`.
        calendar: column → values that follow from the date; longer by the horizon.
        actual: the target of each day.
        averages: name of a moving average → its values, among `known`.
    """

    first: dt.date
    known: Mapping[str, Numbers]
    calendar: Mapping[str, Numbers]
    actual: Numbers
    averages: Mapping[str, Numbers]

    def day(self, index: int) -> dt.date:
        """Return the day at an index, from 0."""
        return self.first + dt.timedelta(days=index)


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Examples, one per row: features `x` by `columns`, and the actual value `y`."""

    columns: tuple[str, ...]
    x: Numbers
    y: Numbers
    averages: Mapping[str, Numbers]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the days, both ends included, and its examples."""

    first: dt.date
    last: dt.date
    days: int
    examples: Examples


def parts(history: History, horizon: int) -> dict[str, Part]:
    """Split the days into training, validation and test, in time order.

    A day is usable if each of its forecasts, from 1 to `horizon` days ahead, has its averages.

    Raises:
        ForecastError: there are too few usable days.
    """
    complete = np.all([~np.isnan(values) for values in history.averages.values()], axis=0)
    end = len(history.actual)
    lacking = np.flatnonzero(~complete[: end + 1])
    start = (int(lacking[-1]) + 1 if len(lacking) else 0) + horizon - 1
    if end - start < FEWEST:
        raise ForecastError(
            f"only {max(end - start, 0)} days are usable for training and tests, expected at least"
            f" {FEWEST}; averages need {start - horizon + 1} earlier days and the horizon"
            f" {horizon - 1}. hint: load more history or forecast fewer days"
        )
    found = {}
    begin = start
    for name, share in ENDS.items():
        close = start + round((end - start) * share)
        found[name] = Part(
            first=history.day(begin),
            last=history.day(close - 1),
            days=close - begin,
            examples=_examples(history, [*_pairs(begin, close, horizon)]),
        )
        begin = close
    return found


def all_examples(parts_: Mapping[str, Part]) -> Examples:
    """Return the examples of all parts."""
    each = [part.examples for part in parts_.values()]
    return Examples(
        columns=each[0].columns,
        x=np.concatenate([one.x for one in each]),
        y=np.concatenate([one.y for one in each]),
        averages={
            name: np.concatenate([one.averages[name] for one in each]) for name in each[0].averages
        },
    )


def future_examples(history: History, horizon: int) -> Examples:
    """Return the examples of the future days, from the first unknown day on; `y` is NaN."""
    end = len(history.actual)
    return _examples(history, [(end, end + step) for step in range(horizon)])


def _pairs(begin: int, close: int, horizon: int) -> Iterator[tuple[int, int]]:
    for place in range(begin, close):
        for before in range(horizon):
            yield place - before, place


def _examples(history: History, pairs: list[tuple[int, int]]) -> Examples:
    """Return the examples of pairs: index of the day when the forecast is made, and of its day."""
    origin, place = np.array(pairs).T
    known = [values[origin] for values in history.known.values()]
    dates = [values[place] for values in history.calendar.values()]
    end = len(history.actual)
    return Examples(
        columns=(*history.known, *history.calendar, STEP),
        x=np.column_stack([*known, *dates, (place - origin + 1).astype(np.float64)]),
        y=np.where(place < end, history.actual[np.minimum(place, end - 1)], np.nan),
        averages={name: values[origin] for name, values in history.averages.items()},
    )

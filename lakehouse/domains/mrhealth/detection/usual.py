"""How much a unit was to be expected to sell, and by how much its days differ from it by chance.

The expected figure of a day is level × weekday × what the other units sold more or less. The level
is a mean of earlier days with weights that fall by half in two weeks. The weekday is that of all
units, and as far as its own days are many, that of the unit. So a unit needs two weeks of history,
not eight.
"""

from dataclasses import dataclass

import numpy as np

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.detection.grid import Flags
from lakehouse.platform.alerts.usual import Numbers, earlier, spread_of, summed

WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What days teach about a figure.

    Attributes:
        level: level before each day, without the weekday; NaN while unknown.
        weekday: factor of the weekday of each day.
        spread: relative standard deviation of a day beside chance.
    """

    level: Numbers
    weekday: Numbers
    spread: Numbers

    def expected(self, gap: int) -> Numbers:
        """Return the expected figure of each day, by what was known `gap` days before it."""
        late = gap - 1
        level = earlier(self.level, late) if late else self.level
        weeks = WEEK * -(-late // WEEK)
        return level * (earlier(self.weekday, weeks) if weeks else self.weekday)


def usual_of(values: Numbers, teaches: Flags, pieces: float) -> Usual:
    """Return what is usual of a figure.

    Args:
        values: figures by unit and day.
        teaches: days from which is learned.
        pieces: value of one order in the unit of the figure, 1 for orders.
    """
    of_all = _weekday_of_all(values, teaches)
    level = _level(values, of_all, teaches)
    own = _own_weekday(values, level * of_all, teaches, rules.WEEKDAY_ORDERS * pieces)
    expected = level * of_all * own
    apart = np.where(teaches, values / positive(expected) - 1, np.nan)
    spread = spread_of(
        apart, days=rules.HISTORY_DAYS, fewest=rules.FEWEST_DAYS, floor=rules.DAY_TO_DAY
    )
    chance = pieces / positive(expected)
    beside = np.sqrt(np.maximum(spread**2 - chance, rules.DAY_TO_DAY**2))
    beside = np.minimum(np.nan_to_num(beside, nan=rules.DAY_TO_DAY), rules.LARGEST_SPREAD)
    return Usual(level=level, weekday=of_all * own, spread=beside)


def positive(values: Numbers) -> Numbers:
    """Return values above zero; NaN in place of others."""
    with np.errstate(invalid="ignore"):
        return np.where(values > 0, values, np.nan)


def _weekday_of_all(values: Numbers, teaches: Flags) -> Numbers:
    """Return the factor of the weekday of each day over all units, 1 on average."""
    taught = np.where(teaches, values, 0.0)
    mean = _before(summed(taught, 28)) / positive(_before(summed(teaches.astype(np.float64), 28)))
    compared = teaches & ~np.isnan(mean)
    share = np.where(compared, values, 0.0).sum(0) / positive(np.where(compared, mean, 0.0).sum(0))
    same = np.stack([earlier(share, WEEK * week) for week in range(1, rules.WEEKS + 1)])
    count = (~np.isnan(same)).sum(0)
    known = np.nan_to_num(share, nan=0.0)
    of_weekday = np.nan_to_num(same).sum(0) / np.maximum(count, 1)
    days = rules.WEEKS * WEEK
    of_days = _before(summed(known, days)) / positive(
        _before(summed((~np.isnan(share)).astype(np.float64), days))
    )
    with np.errstate(invalid="ignore"):
        factor = np.where((count > 0) & (of_days > 0), of_weekday / of_days, 1.0)
    return np.asarray(np.nan_to_num(factor, nan=1.0), np.float64)


def _level(values: Numbers, weekday: Numbers, teaches: Flags) -> Numbers:
    """Return the weighted mean of the days before each day, freed from weekdays."""
    decay = 0.5 ** (1 / rules.HALF_LIFE)
    total, weight, count = (np.zeros(len(values)) for _ in range(3))
    level = np.full(values.shape, np.nan)
    for day in range(values.shape[1]):
        enough = count >= rules.FEWEST_DAYS
        level[enough, day] = total[enough] / np.maximum(weight[enough], 1e-12)
        taught = teaches[:, day]
        total = total * decay + np.where(taught, values[:, day], 0.0)
        weight = weight * decay + np.where(taught, weekday[day], 0.0)
        count += taught
    return level


def _own_weekday(values: Numbers, expected: Numbers, teaches: Flags, prior: float) -> Numbers:
    """Return by what factor a unit's weekday differs from that of all, pulled towards 1."""
    compared = teaches & ~np.isnan(expected)
    pairs = (np.where(compared, each, 0.0) for each in (values, expected))
    had, should = (
        sum(np.nan_to_num(earlier(each, WEEK * week)) for week in range(1, rules.WEEKS + 1))
        for each in pairs
    )
    return np.asarray((had + prior) / (should + prior), np.float64)


def _before(values: Numbers) -> Numbers:
    return np.nan_to_num(earlier(values, 1))


def score(actual: Numbers, expected: Numbers, dispersion: Numbers) -> Numbers:
    """Return how improbable counts are, in standard deviations; negative below the expected ones.

    It is the signed root of the deviance of a negative binomial count with the variance
    expected + dispersion × expected², moved by half a piece towards the expected count. Its tails
    are nearly those of a normal distribution also for small counts.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.clip(expected - actual, -0.5, 0.5)
        x = np.maximum(actual + half, 1e-9)
        size = 1 / np.maximum(dispersion, 1e-9)
        deviance = x * np.log(x / expected) - (x + size) * np.log((x + size) / (expected + size))
        return np.asarray(np.sign(x - expected) * np.sqrt(2 * np.maximum(deviance, 0.0)))


def of_others(
    had: Numbers, should: Numbers, variance: Numbers, states: list[Flags]
) -> tuple[Numbers, Numbers]:
    """Return by what factor the other units sold more or less, and the variance of this factor.

    It is a weighted mean of the other units of the state, pulled towards that of all others, and
    that one towards 1. Units that differ much from it do not count.

    Args:
        had: figures by unit and day; 0 where not compared.
        should: expected figures; 0 likewise.
        variance: variance of had ÷ should.
        states: units of each state.
    """
    share = np.clip(np.nan_to_num(had / positive(should), nan=1.0), *rules.OTHERS_CLIPPED)
    weight = np.where(should > 0, 1 / np.maximum(variance, 1e-6), 0.0)
    factor, left = np.ones_like(had), np.zeros_like(had)
    for _ in range(2):
        apart = (share / factor - 1) / np.sqrt(np.where(weight > 0, 1 / positive(weight), 1.0))
        weight = np.where(np.abs(apart) < rules.OTHERS_SCORE, weight, 0.0)
        of_all, knowledge = _pooled(share, weight, 1.0, rules.CHAIN_SPREAD)
        factor, left = of_all, 1 / knowledge
        for units in states:
            own, known = _pooled(share[units], weight[units], of_all[units], rules.STATE_SPREAD)
            factor[units], left[units] = own, 1 / known
    return np.clip(factor, rules.WORST_WEATHER, 1 / rules.WORST_WEATHER), left


def _pooled(
    share: Numbers, weight: Numbers, prior: Numbers | float, spread: float
) -> tuple[Numbers, Numbers]:
    """Return the mean of the others of each row with a prior mean, and the sum of the weights."""
    strength = 1 / spread**2
    weights = weight.sum(axis=0) - weight + strength
    sums = (weight * share).sum(axis=0) - weight * share
    return (sums + prior * strength) / weights, weights

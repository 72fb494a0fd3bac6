"""Expected counts as a product: level × trend × weekday × day of the month × special day × share.

Everything but the share belongs to a place and is estimated from the sum of its series, so that a
product with few sales profits from all products of the place. Factors of a place are pulled towards
those of all places, the share of a product in a place towards its share in all places, as far as
chance explains the difference (`pooling`). So a new place or product begins with the common values.
Sums of the forecasts of a place are the forecast of the place.
"""

from dataclasses import dataclass

import numpy as np

from lakehouse.platform.forecasting.panel.panel import ONE_DAY, Flags, Indices, Numbers, Panel
from lakehouse.platform.forecasting.panel.pooling import (
    WEEK,
    dispersion,
    pooled_ratio,
    shrunk_ratio,
)

SMOOTHING = 14
"""Days before and after a day over which its level is averaged to learn factors."""
MONTH_DAYS = 34
"""Days 1 to 31 of a month, and its last three days."""
TREND_DAYS = 182
"""Days from which the trend is learned."""
TREND_FEWEST = 56
"""Fewest known days for a trend of a place."""
DAMPING = 0.99
"""Share of the trend that remains after each day ahead."""
STEEPEST = 0.01
"""Greatest trend, as a share of the level per day."""
SPECIAL_SPREAD = 0.2
"""Usual size of the effect of a special day, as a share; fewer days are pulled towards none."""
CLOSED_BELOW = 5.0
"""Level from which a day without a sale means that the place was closed."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What distinguishes two variants of the model.

    Args:
        level_days: days after which a day counts half for the level.
        share_days: the same for the shares of products.
        trend: whether the level follows a trend.
    """

    level_days: float
    share_days: float
    trend: bool


@dataclass(frozen=True, kw_only=True)
class _Calendar:
    """Factors of dates: numbers of weekday and day of month, and special days by place."""

    weekday: Indices
    month_day: Numbers
    special: Numbers


def decomposition(panel: Panel, horizon: int, variant: Variant) -> Numbers:
    """Return expected counts, shape (series, horizon)."""
    series, days = panel.values.shape
    if not series or not days:
        return np.zeros((series, horizon))
    places = int(panel.place.max()) + 1
    dates = _dates(panel, places, days + horizon)
    total = _sums(panel.values, panel.place, places)
    noise = dispersion(total)
    smooth = _smoothed(total, dates, days)
    is_open = ~((total == 0) & (smooth >= CLOSED_BELOW))
    known = np.where(is_open, total, np.nan)
    factors = _factors(known, smooth, dates, days, noise)
    level, fitted = _levels(known, factors[:, :days], variant)
    chance = _open_share(total, is_open, dates, days)
    ahead = level * factors[:, days:] * chance
    if variant.trend:
        ahead *= _growth(known, factors[:, :days], horizon, noise, variant.level_days)
    share = _shares(panel, fitted * factors[:, :days] * is_open, variant)
    return np.maximum(ahead[panel.place] * share[:, None], 0.0)


def _dates(panel: Panel, places: int, count: int) -> _Calendar:
    """Return the factors' indices of all days and the horizon."""
    days = [panel.first + ONE_DAY * n for n in range(count)]
    month = np.zeros((MONTH_DAYS, count))
    for n, day in enumerate(days):
        month[day.day - 1, n] = 1.0
        for left in range(3):
            if (day + ONE_DAY * (left + 1)).day == 1:
                month[31 + left, n] = 1.0
    kinds = len(panel.calendar)
    special = np.zeros((kinds, places, count))
    if kinds:
        special = panel.calendar[:, panel.region[:places], :count]
    weekday = (panel.weekday + np.arange(count)) % WEEK
    return _Calendar(weekday=weekday, month_day=month, special=special)


def _sums(values: Numbers, group: Indices, groups: int) -> Numbers:
    """Return the sums of series by group; NaN on a day on which no series is known."""
    known = ~np.isnan(values)
    total, count = np.zeros((groups, values.shape[1])), np.zeros((groups, values.shape[1]))
    np.add.at(total, group, np.where(known, values, 0.0))
    np.add.at(count, group, known)
    return np.where(count > 0, total, np.nan)


def _is_usual(dates: _Calendar, days: int) -> Flags:
    return np.asarray(~(dates.special[:, :, :days] > 0).any(axis=0))


def _smoothed(total: Numbers, dates: _Calendar, days: int) -> Numbers:
    """Return the mean of the known usual days around each day; whole weeks, so weekdays cancel."""
    used = ~np.isnan(total) & _is_usual(dates, days)
    amount = _windowed(np.where(used, total, 0.0))
    count = _windowed(used.astype(np.float64))
    overall = np.where(used, total, 0.0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    return np.where(count > 0, amount / np.maximum(count, 1), overall[:, None])


def _windowed(values: Numbers) -> Numbers:
    """Return the sums over the days around each day, fewer at both ends."""
    summed = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    days = values.shape[1]
    last = np.minimum(np.arange(days) + SMOOTHING, days)
    first = np.maximum(np.arange(days) - SMOOTHING, 0)
    return summed[:, last] - summed[:, first]


def _factors(known: Numbers, smooth: Numbers, dates: _Calendar, days: int, noise: float) -> Numbers:
    """Return weekday × day of month × special day by place, over all days and the horizon."""
    usual = _is_usual(dates, days)
    by_weekday = np.stack([dates.weekday == n for n in range(WEEK)]).astype(np.float64)
    factor = np.ones((len(known), by_weekday.shape[1]))
    for _ in range(2):  # weekday and day of the month are learned from each other's remainder
        seen = _seen(known, smooth * factor[:, :days], usual)
        factor = factor * (_ratios(*seen, by_weekday[:, :days], noise) @ by_weekday)
        seen = _seen(known, smooth * factor[:, :days], usual)
        factor = factor * _month_factor(*seen, dates.month_day, days, noise)
    every = np.ones_like(usual)
    amount, base = _seen(known, smooth * factor[:, :days], every)
    for kind in dates.special:
        there = kind[:, :days]
        common_amount, common_base = (amount * there).sum(axis=1), (base * there).sum(axis=1)
        prior = noise / SPECIAL_SPREAD**2
        common = (common_amount.sum() + prior) / (common_base.sum() + prior)
        own = shrunk_ratio(common_amount, common_base, np.asarray(common), 2.0 * noise)
        applied = np.where(kind > 0, np.clip(own, 0.05, 5.0)[:, None], 1.0)
        factor = factor * applied
        base = base * applied[:, :days]
    return factor


def _seen(known: Numbers, base: Numbers, used: Flags) -> tuple[Numbers, Numbers]:
    """Return counts and what was expected on the days that are used, 0 on the others."""
    chosen = used & ~np.isnan(known)
    return np.where(chosen, known, 0.0), np.where(chosen, base, 0.0)


def _ratios(amount: Numbers, base: Numbers, groups: Numbers, noise: float) -> Numbers:
    """Return the ratio of each place and group of days, shape (places, groups)."""
    amounts, bases = amount @ groups.T, base @ groups.T
    common = pooled_ratio(amounts, bases)
    return np.clip(shrunk_ratio(amounts, bases, common[None, :], noise), 0.02, 10.0)


def _month_factor(
    amount: Numbers, base: Numbers, month_day: Numbers, days: int, noise: float
) -> Numbers:
    """Return the factor of the day of the month, common to all places, over all days.

    A factor is pulled towards 1; that of the last days of a month comes after that of its number.
    """
    found = np.ones(month_day.shape[1])
    amounts, bases = amount.sum(axis=0), base.sum(axis=0)
    for part in (slice(31, MONTH_DAYS), slice(0, 31)):
        group = month_day[part]
        of_group = shrunk_ratio(
            group[:, :days] @ amounts, group[:, :days] @ (bases * found[:days]), np.ones(1), noise
        )
        there = group.any(axis=0)
        found = np.where(there, found * (of_group @ group), found)
    return np.clip(found, 0.5, 2.0)[None, :]


def _levels(known: Numbers, factor: Numbers, variant: Variant) -> tuple[Numbers, Numbers]:
    """Return the newest level of each place, shape (places, 1), and the level of each day.

    The level is a ratio of sums in which a day counts half after some days. Before anything is
    known of a place it is that of all places.
    """
    decay = 0.5 ** (1.0 / variant.level_days)
    chosen = ~np.isnan(known)
    amount, base = np.where(chosen, known, 0.0), np.where(chosen, factor, 0.0)
    common = amount.sum() / max(base.sum(), 1e-9)
    levels = np.empty_like(amount)
    total = np.full(len(known), common * 0.25)
    weight = np.full(len(known), 0.25)
    for day in range(amount.shape[1]):
        total = total * decay + amount[:, day]
        weight = weight * decay + base[:, day]
        levels[:, day] = total / np.maximum(weight, 1e-9)
    return levels[:, -1:], levels


def _growth(
    known: Numbers, factor: Numbers, horizon: int, noise: float, level_days: float
) -> Numbers:
    """Return by what the level of each place grows until each day ahead, shape (places, horizon).

    The slope is that of the logarithm of weekly levels, pulled towards the slope of all places.
    The level lags behind the newest day by its mean age; that is made up for, too.
    """
    recent = slice(max(known.shape[1] - TREND_DAYS, 0), None)
    chosen = ~np.isnan(known[:, recent])
    amount = np.where(chosen, known[:, recent], 0.0)
    base = np.where(chosen, factor[:, recent], 0.0)
    weeks = amount.shape[1] // WEEK
    if weeks * WEEK < TREND_FEWEST:
        return np.ones((len(known), horizon))
    cut = amount.shape[1] - weeks * WEEK
    sums = amount[:, cut:].reshape(len(known), weeks, WEEK).sum(axis=2)
    bases = base[:, cut:].reshape(len(known), weeks, WEEK).sum(axis=2)
    weight = np.where(sums > 0, sums, 0.0)
    level = np.log(np.maximum(sums, 0.5) / np.maximum(bases, 1e-9))
    level = np.where(weight > 0, level, 0.0)
    time = np.broadcast_to(np.arange(weeks) * float(WEEK), weight.shape)
    whole = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    centered = time - (weight * time).sum(axis=1, keepdims=True) / whole
    leverage = (weight * centered**2).sum(axis=1)
    rise = (weight * centered * level).sum(axis=1)
    slope = rise / np.maximum(leverage, 1e-9)
    common = rise.sum() / max(leverage.sum(), 1e-9)
    chance = noise / np.maximum(leverage, 1e-9)  # variance of a slope by chance alone
    spread = max(float(np.median((slope - common) ** 2 - chance)), 0.0)
    slope = common + (slope - common) * spread / (spread + chance)
    ahead = (1.0 - DAMPING ** np.arange(1, horizon + 1)) / (1.0 - DAMPING)
    age = min(level_days / np.log(2.0), known.shape[1] / 2.0)
    return np.exp(np.clip(slope, -STEEPEST, STEEPEST)[:, None] * (age + ahead)[None, :])


def _open_share(total: Numbers, is_open: Flags, dates: _Calendar, days: int) -> Numbers:
    """Return with what probability a place is open on each day ahead, shape (places, horizon)."""
    came = ~np.isnan(total)
    shut = came & ~is_open
    usual = _is_usual(dates, days)
    recent = np.arange(days) >= days - 8 * WEEK
    share = np.ones((len(total), dates.weekday.shape[0] - days))
    for number in range(WEEK):
        there = usual & recent & (dates.weekday[:days] == number)
        closed, seen = (shut & there).sum(axis=1), (came & there).sum(axis=1)
        ahead = dates.weekday[days:] == number
        share[:, ahead] = ((seen - closed + 1.0) / (seen + 1.0))[:, None]
    for kind in dates.special:
        there = kind[:, :days] > 0
        closed, seen = (shut & there).sum(axis=1), (came & there).sum(axis=1)
        common = closed.sum() / max(seen.sum(), 1)
        remains = 1.0 - (closed + common) / (seen + 1.0)
        share = np.where(kind[:, days:] > 0, remains[:, None], share)
    return share


def _shares(panel: Panel, expected: Numbers, variant: Variant) -> Numbers:
    """Return the share of each series in its place.

    Args:
        panel: the series.
        expected: expected sum of the place on each known day, shape (places, days).
        variant: how fast older days lose weight.
    """
    series, days = panel.values.shape
    products = int(panel.product.max()) + 1
    if products == 1:
        return np.ones(series)
    weight = 0.5 ** ((days - 1 - np.arange(days)) / variant.share_days)
    known = ~np.isnan(panel.values)
    amount = (np.where(known, panel.values, 0.0) * weight).sum(axis=1)
    base = (known * weight * expected[panel.place]).sum(axis=1)
    of_product = np.zeros(products)
    base_of_product = np.zeros(products)
    np.add.at(of_product, panel.product, amount)
    np.add.at(base_of_product, panel.product, base)
    mean = amount.sum() / max(base.sum(), 1e-9)
    common = (of_product + mean) / (base_of_product + 1.0)
    return shrunk_ratio(amount, base, common[panel.product], dispersion(panel.values))

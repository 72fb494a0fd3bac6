"""From a forecast, the stock and the supplier's terms to an order, for many products at once.

All functions take and return arrays with one value per unit and product. Terms are whole
hundredths and halves are rounded up, so that the order can be computed again from the published
columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]

SPREAD = 3.2897
"""Standard deviations between the quantiles of 5 % and 95 % of a normal distribution."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The distribution of daily pieces, each of shape (products, days)."""

    expected: Numbers
    q05: Numbers
    q95: Numbers


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Stock and terms, each of shape (products,); see `terms.Terms`.

    Args:
        on_hand: pieces in stock; 0 where unknown.
        on_order: pieces ordered and not received.
        lead_days: mean days from order to receipt.
        lead_days_variance: its variance.
        lot: pieces of a lot.
        shelf_days: days on which a received piece can be sold.
    """

    on_hand: Whole
    on_order: Whole
    lead_days: Numbers
    lead_days_variance: Numbers
    lot: Whole
    shelf_days: Whole


def orders_of(
    forecast: Forecast, supply: Supply, service: Numbers, review_days: int
) -> dict[str, Numbers | Whole]:
    """Return the recommended order of each product with every term that leads to it.

    The order covers the days until the next order could arrive. Its target is the expected demand
    of these days, plus the safety stock that covers it with the wanted probability, plus an
    allowance because whole lots miss the target up to half a lot; it is limited to what can be sold
    before it expires. What the stock and open orders lack is ordered in the nearest number of lots.

    Args:
        forecast: of the days after the order, at least as many as are to be covered.
        supply: stock and terms.
        service: wanted probability that the stock suffices, 0 to 1.
        review_days: days from one order to the next one.
    """
    covered = np.round(np.maximum(supply.lead_days, 1.0) + review_days - 1, 2)
    mean, variance = covered_demand(forecast, covered)
    variance = variance + (mean / covered) ** 2 * supply.lead_days_variance
    demand, deviation = hundredths(mean), hundredths(np.sqrt(variance))
    factor = np.round(normal_quantiles(service) * 10_000).astype(np.int64)
    safety = (factor * deviation + 5_000) // 10_000
    allowance = lot_allowance(factor, deviation, supply.lot)
    target = np.maximum(demand + safety + allowance, 0)
    shelf_mean, shelf_variance = covered_demand(forecast, supply.lead_days + supply.shelf_days)
    limit = hundredths(shelf_mean)
    position = supply.on_hand + supply.on_order
    lots = lots_of(target, limit, position, supply.lot)
    order = lots * supply.lot
    after = (position + order).astype(np.float64)
    expired = expected_excess(after, shelf_mean, np.sqrt(shelf_variance))
    return {
        "covered_days": covered,
        "demand": demand / 100,
        "demand_deviation": deviation / 100,
        "safety_factor": factor / 10_000,
        "safety_stock": safety / 100,
        "reorder_point": (demand + safety) / 100,
        "lot_allowance": allowance / 100,
        "target": target / 100,
        "shelf_limit": limit / 100,
        "order_lots": lots,
        "order_pieces": order,
        "expected_lost": np.round(expected_shortage(after, mean, np.sqrt(variance)), 2),
        "expected_expired": np.round(np.minimum(expired, order), 2),
    }


def hundredths(values: Numbers) -> Whole:
    """Return the nearest whole number of hundredths."""
    return np.round(values * 100).astype(np.int64)


def covered_demand(forecast: Forecast, days: Numbers) -> tuple[Numbers, Numbers]:
    """Return mean and variance of the pieces of the next days; a part of a day counts in part.

    Days of which the forecast has none are like its last week. Errors of different days are taken
    as independent, and the variance of a day is at least that of a Poisson count.
    """
    horizon = forecast.expected.shape[1]
    if not horizon:
        return np.zeros(len(days)), np.zeros(len(days))
    weight = np.clip(days[:, None] - np.arange(horizon)[None, :], 0.0, 1.0)
    week = min(7, horizon)
    beyond = np.maximum(days - horizon, 0.0)
    variance = daily_variance(forecast)
    mean = (weight * forecast.expected).sum(axis=1)
    spread = (weight * variance).sum(axis=1)
    mean += beyond * forecast.expected[:, -week:].mean(axis=1)
    return mean, spread + beyond * variance[:, -week:].mean(axis=1)


def daily_variance(forecast: Forecast) -> Numbers:
    """Return the variance of the pieces of each day, from the quantiles of 5 % and 95 %."""
    deviation = (forecast.q95 - forecast.q05) / SPREAD
    return np.maximum(deviation**2, forecast.expected)


def lot_allowance(factor: Whole, deviation: Whole, lot: Whole) -> Whole:
    """Return the hundredths of pieces that make up for rounding to the nearest lot.

    Positions after an order are spread evenly over one lot around the target; the service loses
    more below it than it gains above it. At most half a lot: then no order is rounded down.

    Args:
        factor: ten-thousandths of standard deviations.
        deviation: hundredths of pieces.
        lot: pieces of a lot.
    """
    needed = (2 * np.maximum(factor, 0) * lot**2 + 24 * deviation) // np.maximum(48 * deviation, 1)
    return np.where(deviation > 0, np.minimum(needed, lot * 50), 0)


def lots_of(target: Whole, limit: Whole, position: Whole, lot: Whole) -> Whole:
    """Return the lots that bring the position nearest to the target; halves are rounded up.

    A target above the limit, which is what can be sold before it expires, is replaced by it, and
    then lots are rounded down. Target and limit are hundredths of pieces.
    """
    missing = np.maximum(np.minimum(target, limit) - position * 100, 0)
    nearest = (2 * missing + lot * 100) // (lot * 200)
    return np.where(limit < target, missing // (lot * 100), nearest)


def expected_shortage(position: Numbers, mean: Numbers, deviation: Numbers) -> Numbers:
    """Return the expected pieces of the demand that exceed the position (normal loss function)."""
    k, spread = _standardized(position, mean, deviation)
    loss = spread * (_density(k) - k * (1 - _cumulative(k)))
    return np.maximum(np.where(deviation > 0, loss, mean - position), 0.0)


def expected_excess(position: Numbers, mean: Numbers, deviation: Numbers) -> Numbers:
    """Return the expected pieces of the position that exceed the demand."""
    return np.maximum(position - mean + expected_shortage(position, mean, deviation), 0.0)


def classes_of(revenue: Numbers, limits: Mapping[str, float]) -> NDArray[np.str_]:
    """Return the ABC class of each product of one unit; products without revenue are C."""
    order = np.argsort(-revenue, kind="stable")
    before = np.cumsum(revenue[order]) - revenue[order]
    share = before / max(float(revenue.sum()), 1e-9)
    found = np.full(len(revenue), "C")
    for name, limit in reversed(list(limits.items())):
        found[order[share < limit]] = name
    found[revenue <= 0] = "C"
    return found


def normal_quantiles(service: Numbers) -> Numbers:
    """Return the quantile of the standard normal distribution for each probability."""
    levels = {level: NormalDist().inv_cdf(float(level)) for level in np.unique(service)}
    return np.array([levels[level] for level in service], np.float64)


def _standardized(position: Numbers, mean: Numbers, deviation: Numbers) -> tuple[Numbers, Numbers]:
    spread = np.where(deviation > 0, deviation, 1.0)
    return (position - mean) / spread, spread


def _density(k: Numbers) -> Numbers:
    return np.exp(-(k**2) / 2) / np.sqrt(2 * np.pi)


def _cumulative(k: Numbers) -> Numbers:
    """Return the normal distribution function (Abramowitz and Stegun 26.2.17, error < 1e-7)."""
    t = 1 / (1 + 0.2316419 * np.abs(k))
    series = t * (
        0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))
    )
    upper = _density(k) * series
    return np.where(k >= 0, 1 - upper, upper)

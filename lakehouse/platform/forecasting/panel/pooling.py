"""Ratios of many groups, each pulled towards the common ratio as far as chance explains it."""

import numpy as np

from lakehouse.platform.forecasting.panel.panel import Numbers

WEEK = 7


def dispersion(values: Numbers) -> float:
    """Return variance ÷ mean of counts, from their changes within a week; at least 1.

    Args:
        values: counts, shape (series, days); NaN where unknown.
    """
    if values.shape[1] <= WEEK:
        return 1.0
    change = values[:, WEEK:] - values[:, :-WEEK]
    both = ~np.isnan(change)
    total = np.where(both, values[:, WEEK:] + values[:, :-WEEK], 0.0).sum()
    return max(1.0, float((np.where(both, change, 0.0) ** 2).sum() / max(total, 1.0)))


def pooled_ratio(amount: Numbers, base: Numbers) -> Numbers:
    """Return the ratio of the sums over the first axis; 1 where there is no base."""
    total = base.sum(axis=0)
    return np.where(total > 0, amount.sum(axis=0) / np.maximum(total, 1e-9), 1.0)


def shrunk_ratio(amount: Numbers, base: Numbers, common: Numbers, noise: float) -> Numbers:
    """Return the ratio of each group, pulled towards the common one (empirical Bayes).

    What chance does not explain of the differences between groups is taken for real. A group
    without a base gets the common ratio.

    Args:
        amount: counts of each group, any shape.
        base: what would be counted with a ratio of 1, the same shape.
        common: the ratio of all groups, a shape that fits.
        noise: variance ÷ mean of the counts.
    """
    expected = base * common
    total = expected.sum()
    groups = int((expected > 0).sum())
    if groups < 2 or total <= 0:
        return np.broadcast_to(common, amount.shape)
    apart = np.where(expected > 0, (amount - expected) ** 2 / np.maximum(expected, 1e-9), 0.0).sum()
    spread = (apart - (groups - 1) * noise) / (total - (expected**2).sum() / total)
    if not np.isfinite(spread) or spread <= 0:
        return np.broadcast_to(common, amount.shape)
    prior = noise / spread
    return common * (amount + prior) / (expected + prior)

"""Measures of probabilities: errors, order, reliability, comparison and drift."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.domains.cards.risk.scorecard import Numbers, Reference

ONE_SIDED_95 = 1.645
BINS = 10
SMALLEST_SHARE = 1e-4
"""Share that an empty interval counts as in a drift, so that it stays finite."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Quality of probabilities on examples with known outcomes.

    Attributes:
        examples: number of examples.
        brier: mean squared difference between probability and outcome; 0 is best.
        log_loss: mean negative log-likelihood; 0 is best.
        auc: share of pairs of a defaulted and a paying client whose order is right; 0.5 without
            information. None when all outcomes are equal.
        calibration_error: mean absolute difference of predicted and observed shares, by decile.
    """

    examples: int
    brier: float
    log_loss: float
    auc: float | None
    calibration_error: float


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Examples with similar probabilities: predicted and observed share of defaults, 0 to 1."""

    examples: int
    predicted: float
    observed: float


def quality_of(outcome: Numbers, probability: Numbers) -> Quality:
    """Return the quality of probabilities.

    >>> quality_of(np.array([0.0, 1.0]), np.array([0.5, 0.5])).brier
    0.25
    """
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    loss = -(outcome * np.log(inside) + (1 - outcome) * np.log(1 - inside))
    bins = list(reliability(outcome, probability))
    weighted = sum(each.examples * abs(each.predicted - each.observed) for each in bins)
    return Quality(
        examples=len(outcome),
        brier=float(((probability - outcome) ** 2).mean()),
        log_loss=float(loss.mean()),
        auc=_auc(outcome, probability),
        calibration_error=weighted / max(len(outcome), 1),
    )


def reliability(
    outcome: Numbers, probability: Numbers, bins: int = BINS
) -> Iterator[ReliabilityBin]:
    """Yield bins with about the same number of examples, by ascending probability.

    Equal probabilities are in one bin.
    """
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    places = np.searchsorted(edges, probability, side="left")
    for place in range(len(edges) + 1):
        chosen = places == place
        if chosen.any():
            yield ReliabilityBin(
                examples=int(chosen.sum()),
                predicted=float(probability[chosen].mean()),
                observed=float(outcome[chosen].mean()),
            )


def is_better(
    outcome: Numbers, new: Numbers, old: Numbers, clients: NDArray[np.int64]
) -> tuple[bool, float, float]:
    """Return whether probabilities have a lower Brier score than others, beyond chance.

    The examples of one client depend on each other, so the standard error of the difference is
    that of sums by client.

    Returns:
        Whether the difference is below 0 with a one-sided confidence of 95 %, the difference, and
        its standard error.
    """
    difference = (new - outcome) ** 2 - (old - outcome) ** 2
    mean = float(difference.mean())
    _, group = np.unique(clients, return_inverse=True)
    sums = np.bincount(group, weights=difference - mean)
    error = float(np.sqrt((sums**2).sum())) / len(difference)
    return mean + ONE_SIDED_95 * error < 0, mean, error


def reference_of(variable: str, values: Numbers) -> Reference:
    """Return the distribution of a variable by its deciles."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))) if len(known) else np.array([])
    cuts = tuple(float(edge) for edge in edges)
    return Reference(variable=variable, cuts=cuts, shares=shares_of(cuts, values))


def shares_of(cuts: tuple[float, ...], values: Numbers) -> tuple[float, ...]:
    """Return the share of values in each interval, and last the share of nulls; from 0 to 1."""
    missing = np.isnan(values)
    places = np.searchsorted(np.array(cuts), values[~missing], side="right")
    counts = np.bincount(places, minlength=len(cuts) + 1)
    return tuple(float(n) / max(len(values), 1) for n in (*counts, missing.sum()))


def stability_index(reference: Reference, values: Numbers) -> float:
    """Return the population stability index: 0 without drift; above 0.25 counts as a large drift.

    >>> stability_index(Reference(variable="x", cuts=(1.0,), shares=(1.0, 0.0, 0.0)), np.zeros(4))
    0.0
    """
    before = np.maximum(reference.shares, SMALLEST_SHARE)
    now = np.maximum(shares_of(reference.cuts, values), SMALLEST_SHARE)
    return float(((now - before) * np.log(now / before)).sum())


def _auc(outcome: Numbers, probability: Numbers) -> float | None:
    positive = outcome > 0
    count, others = int(positive.sum()), int((~positive).sum())
    if not count or not others:
        return None
    values, places, counts = np.unique(probability, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    total = float(ranks[places][positive].sum())
    return (total - count * (count + 1) / 2) / (count * others) if len(values) else None

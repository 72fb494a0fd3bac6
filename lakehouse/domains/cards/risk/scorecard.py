"""An additive model of a probability: its log-odds are a sum of one score for each variable.

The share of each variable in a prediction is exactly its score, so nothing is approximated when a
prediction is explained. A model is kept as JSON and needs numpy alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

DIGITS = 9
"""Decimals of scores in the text of a model."""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A score for each interval of a variable.

    Attributes:
        variable: name of the variable.
        cuts: ends of the intervals, ascending; a value that equals a cut is in the interval after.
        scores: one more than cuts.
        missing: score where the variable is null.
    """

    variable: str
    cuts: tuple[float, ...]
    scores: tuple[float, ...]
    missing: float

    def of(self, values: Numbers) -> Numbers:
        """Return the score of each value."""
        places = np.searchsorted(np.array(self.cuts), values, side="right")
        found = np.array(self.scores)[np.minimum(places, len(self.cuts))]
        return np.where(np.isnan(values), self.missing, found)


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A score that is proportional to a variable.

    Attributes:
        variable: name of the variable.
        slope: score for one unit of the variable.
        center: value whose score is 0.
        missing: score where the variable is null.
    """

    variable: str
    slope: float
    center: float
    missing: float

    def of(self, values: Numbers) -> Numbers:
        """Return the score of each value."""
        return np.where(np.isnan(values), self.missing, (values - self.center) * self.slope)


Term = Steps | Linear


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Distribution of a variable in the training examples, to measure its drift.

    Attributes:
        variable: name of the variable.
        cuts: ends of the intervals, ascending.
        shares: share of the examples in each interval, and last the share of nulls; from 0 to 1.
    """

    variable: str
    cuts: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """A model of a probability.

    Attributes:
        kind: how it was learned: base_rate, rule, logistic or boosted.
        intercept: log-odds of a client whose scores are all 0.
        terms: one for each variable that is used.
        references: distributions of variables in the training examples.
    """

    kind: str
    intercept: float
    terms: tuple[Term, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables in use."""
        return tuple(term.variable for term in self.terms)

    def contributions(self, variables: Sequence[str], values: Numbers) -> Numbers:
        """Return the scores, one row per client and one column per term.

        Args:
            variables: names of the columns of `values`.
            values: one row per client; NaN where a variable is null.
        """
        places = {name: place for place, name in enumerate(variables)}
        found = [term.of(values[:, places[term.variable]]) for term in self.terms]
        return np.column_stack(found) if found else np.zeros((len(values), 0))

    def probability(self, variables: Sequence[str], values: Numbers) -> Numbers:
        """Return the probability of each client, from 0 to 1."""
        return sigmoid(self.intercept + self.contributions(variables, values).sum(axis=1))

    def calibrated(self, slope: float, offset: float) -> "Scorecard":
        """Return the model whose log-odds are those of this one × `slope` + `offset`."""
        terms: list[Term] = []
        for term in self.terms:
            missing = term.missing * slope
            if isinstance(term, Steps):
                scores = tuple(score * slope for score in term.scores)
                terms.append(
                    Steps(variable=term.variable, cuts=term.cuts, scores=scores, missing=missing)
                )
            else:
                terms.append(
                    Linear(
                        variable=term.variable,
                        slope=term.slope * slope,
                        center=term.center,
                        missing=missing,
                    )
                )
        return Scorecard(
            kind=self.kind,
            intercept=self.intercept * slope + offset,
            terms=tuple(terms),
            references=self.references,
        )

    def to_json(self) -> bytes:
        """Return the model as JSON; equal models have equal bytes."""
        content = {
            "kind": self.kind,
            "intercept": round(self.intercept, DIGITS),
            "terms": [_plain(term) for term in self.terms],
            "references": [_plain(each) for each in self.references],
        }
        return json.dumps(content, sort_keys=True, allow_nan=False, indent=1).encode()

    @staticmethod
    def from_json(content: bytes) -> "Scorecard":
        """Read a model.

        Raises:
            ValueError: the content is not a model of this kind.
        """
        try:
            read = json.loads(content)
            terms: list[Term] = []
            for each in read["terms"]:
                given = {name: _tuples(value) for name, value in each.items()}
                terms.append(Steps(**given) if "cuts" in given else Linear(**given))
            references = [
                Reference(**{name: _tuples(value) for name, value in each.items()})
                for each in read["references"]
            ]
            return Scorecard(
                kind=read["kind"],
                intercept=read["intercept"],
                terms=tuple(terms),
                references=tuple(references),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"the content is not a scorecard ({error}). hint: train the model again"
            ) from error


def sigmoid(log_odds: Numbers) -> Numbers:
    """Return probabilities; log-odds beyond ±30 count as ±30.

    >>> sigmoid(np.array([0.0]))
    array([0.5])
    """
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30))), np.float64)


def log_odds(share: float) -> float:
    """Return the log-odds of a share; shares of 0 and 1 count as one in a million."""
    inside = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(inside / (1 - inside)))


def _plain(value: Term | Reference) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, each in vars(value).items():
        if isinstance(each, tuple):
            found[name] = [round(float(one), DIGITS) for one in each]
        else:
            found[name] = round(each, DIGITS) if isinstance(each, float) else each
    return found


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

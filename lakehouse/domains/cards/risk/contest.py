"""Which model is published: a more complex one only when it is better beyond chance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lakehouse.domains.cards.risk import learning, measures
from lakehouse.domains.cards.risk.examples import CALIBRATE, LEARN, TEST, Examples
from lakehouse.domains.cards.risk.measures import Quality, ReliabilityBin
from lakehouse.domains.cards.risk.scorecard import Numbers, Scorecard

ORDER = (learning.BASE_RATE, learning.RULE, learning.LOGISTIC, learning.BOOSTED)
"""Models from the simplest to the most complex one."""
GROUPS = 3
"""Groups of clients by the mean value of their invoices, and by reference date."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The comparison of one model with the best simpler one, on the test examples.

    Attributes:
        model: name of the model.
        against: best simpler model; None for the simplest.
        quality: quality of the model.
        difference: Brier score of the model less that of the other; None for the simplest.
        error: standard error of the difference, by client; None for the simplest.
        is_adopted: whether the difference is below 0 with a one-sided confidence of 95 %.
    """

    model: str
    against: str | None
    quality: Quality
    difference: float | None
    error: float | None
    is_adopted: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """Test examples of similar clients: predicted and observed share of the outcome, 0 to 1."""

    name: str
    examples: int
    predicted: float
    observed: float


@dataclass(frozen=True, kw_only=True)
class Contest:
    """All models, their comparison, and the quality of the one that is published."""

    steps: tuple[Step, ...]
    published: Scorecard
    reliability: tuple[ReliabilityBin, ...]
    groups: tuple[Group, ...]

    @property
    def quality(self) -> Quality:
        """Return the quality of the published model on the test examples."""
        return next(s.quality for s in self.steps if s.model == self.published.kind)


def hold(parts: Mapping[str, Examples]) -> Contest:
    """Train all models on the examples to learn, calibrate them, and compare them on the test."""
    learn, held_out, test = (parts[name] for name in (LEARN, CALIBRATE, TEST))
    models = {
        learning.BASE_RATE: learning.base_rate(learn),
        learning.RULE: learning.rule(learn),
        learning.LOGISTIC: learning.calibrated(learning.logistic(learn), held_out),
        learning.BOOSTED: learning.calibrated(learning.boosted(learn, held_out), held_out),
    }
    target = learn.target
    predicted = {
        name: model.probability(target.variables, test.values) for name, model in models.items()
    }
    steps: list[Step] = []
    best: str | None = None
    for name in ORDER:
        quality = measures.quality_of(test.outcome, predicted[name])
        step = Step(
            model=name, against=best, quality=quality, difference=None, error=None, is_adopted=True
        )
        if best is not None:
            is_better, difference, error = measures.is_better(
                test.outcome, predicted[name], predicted[best], test.client
            )
            step = replace(step, difference=difference, error=error, is_adopted=is_better)
        best = name if step.is_adopted else best
        steps.append(step)
    chosen = models[best or learning.BASE_RATE]
    used = [*target.ten, *(name for name in chosen.variables if name not in target.ten)]
    references = tuple(
        measures.reference_of(name, learn.values[:, target.place(name)]) for name in used
    )
    return Contest(
        steps=tuple(steps),
        published=replace(chosen, references=references),
        reliability=tuple(measures.reliability(test.outcome, predicted[chosen.kind])),
        groups=tuple(_groups(test, predicted[chosen.kind])),
    )


def _groups(test: Examples, predicted: Numbers) -> Iterator[Group]:
    edges = np.quantile(test.mean_value, np.linspace(0, 1, GROUPS + 1)[1:-1])
    places = np.searchsorted(edges, test.mean_value)
    names = ("lower invoices", "medium invoices", "higher invoices")
    for place, name in enumerate(names):
        yield from _group(name, places == place, test, predicted)
    for day in np.unique(test.day):
        date = np.datetime64(int(day), "D")
        yield from _group(f"reference date {date}", test.day == day, test, predicted)


def _group(name: str, chosen: Numbers, test: Examples, predicted: Numbers) -> Iterator[Group]:
    if chosen.any():
        yield Group(
            name=name,
            examples=int(chosen.sum()),
            predicted=float(predicted[chosen].mean()),
            observed=float(test.outcome[chosen].mean()),
        )

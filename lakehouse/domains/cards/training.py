"""Models of cards that `lakehouse models train` trains."""

import functools
from collections.abc import Mapping
from dataclasses import asdict

from lakehouse.domains.cards.risk import (
    contest,
    examples,
    learning,
    measures,
    scorecard,
    targets,
    variables,
)
from lakehouse.domains.cards.risk.contest import Contest
from lakehouse.domains.cards.risk.examples import (
    CALIBRATE,
    LEARN,
    TEST,
    Examples,
    TrainingData,
)
from lakehouse.domains.cards.risk.targets import TARGETS
from lakehouse.platform.models.artefact import Form, TrainedModel
from lakehouse.platform.models.inputs import code_version
from lakehouse.platform.models.training import Figures, Train, Training
from lakehouse.platform.storage.lake import Lake

CODE = (contest, examples, learning, measures, scorecard, targets, variables)


def train(lake: Lake, name: str) -> Training:
    """Train the models of a label, compare them, and return the one to publish.

    Raises:
        ModelError: the library is missing, or there are too few examples; the message says why.
    """
    learning.require_libraries()
    data = examples.read_examples(lake, TARGETS[name])
    parts = examples.parts_of(data.examples)
    held = contest.hold(parts)
    return Training(
        model=_artefact(name, data, parts, held),
        figures=(_errors(held), _reliability(held), _groups(held)),
        conclusion=_conclusion(held),
    )


def _artefact(
    name: str, data: TrainingData, parts: Mapping[str, Examples], held: Contest
) -> TrainedModel:
    metrics: dict[str, float] = {
        f"{part}_examples": len(parts[part]) for part in (LEARN, CALIBRATE, TEST)
    }
    metrics["test_share"] = float(parts[TEST].outcome.mean())
    metrics |= {
        f"test_{measure}": value
        for measure, value in asdict(held.quality).items()
        if value is not None and measure != "examples"
    }
    metrics |= {f"test_brier_{step.model}": step.quality.brier for step in held.steps}
    return TrainedModel(
        name=name,
        form=Form.JSON,
        content=held.published.to_json(),
        seed=learning.SEED,
        code=code_version(CODE, [_package()]),
        parameters={
            "kind": held.published.kind,
            "label": TARGETS[name].label,
            "trees": learning.PARAMETERS,
            "shares_of_clients": examples.CLIENT_SHARES,
            "share_of_test_dates": examples.TEST_DATES,
        },
        metrics={measure: round(float(value), 6) for measure, value in metrics.items()},
        data=data.tables,
    )


def _package() -> str:
    """Return the name of the installed package that has xgboost."""
    from importlib.metadata import packages_distributions

    return min(packages_distributions()["xgboost"])


def _errors(held: Contest) -> Figures:
    return Figures(
        title="Models on the test examples (later dates, other clients)",
        columns=("model", "brier", "log_loss", "auc", "against", "difference", "std_error", "use"),
        rows=[
            (
                step.model,
                _short(step.quality.brier),
                _short(step.quality.log_loss),
                _short(step.quality.auc),
                step.against,
                _short(step.difference),
                _short(step.error),
                "published" if step.model == held.published.kind else "",
            )
            for step in held.steps
        ],
    )


def _reliability(held: Contest) -> Figures:
    rows = [(b.examples, _short(b.predicted), _short(b.observed)) for b in held.reliability]
    columns = ("examples", "predicted", "observed")
    return Figures(title="Reliability of the published model", columns=columns, rows=rows)


def _groups(held: Contest) -> Figures:
    rows = [(g.name, g.examples, _short(g.predicted), _short(g.observed)) for g in held.groups]
    columns = ("group", "examples", "predicted", "observed")
    return Figures(title="Groups of clients", columns=columns, rows=rows)


def _conclusion(held: Contest) -> str:
    kind, quality = held.published.kind, held.quality
    text = f"{kind} is published: Brier score {quality.brier:.4f}"
    if kind == learning.BASE_RATE:
        return (
            f"{text}. No model predicts later dates of other clients better than the share of all"
            " clients, beyond chance: the variables carry no usable information."
        )
    base = held.steps[0].quality.brier
    return f"{text}, {1 - quality.brier / base:.1%} below that of the share of all clients."


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


MODELS: Mapping[str, Train] = {name: functools.partial(train, name=name) for name in TARGETS}
"""Name of a model → function that trains it from the published tables of a lake."""

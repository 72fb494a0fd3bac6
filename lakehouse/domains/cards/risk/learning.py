"""The competing models. Each is an additive `Scorecard`; the same examples give the same model."""

from importlib.util import find_spec

import numpy as np

from lakehouse.domains.cards.risk.examples import Examples
from lakehouse.domains.cards.risk.scorecard import (
    Linear,
    Numbers,
    Scorecard,
    Steps,
    Term,
    log_odds,
    sigmoid,
)
from lakehouse.platform.models.artefact import ModelError

BASE_RATE, RULE, LOGISTIC, BOOSTED = "base_rate", "rule", "logistic", "boosted"
SEED = 7
MOST_ROUNDS, PATIENCE = 400, 30
PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 1,  # one variable in each tree: the sum of all trees is additive
    "eta": 0.1,
    "min_child_weight": 20,
    "lambda": 1.0,
    "max_bin": 64,
    "tree_method": "hist",
    "seed": SEED,
    "nthread": 1,  # sums of several threads differ in their last digit
}
RIDGE = 1.0
"""Penalty of the logistic regression on standardized variables."""


def require_libraries() -> None:
    """Check that the library of the boosted model is installed.

    Raises:
        ModelError: it is missing; the message has the command to install it.
    """
    if find_spec("xgboost") is None:
        raise ModelError(
            "training needs xgboost, which is not installed. hint: pip install"
            " 'lakehouse[forecast]'; scoring with a model that is in use needs no library"
        )


def base_rate(examples: Examples) -> Scorecard:
    """Return the share of positive outcomes as the probability of every client."""
    return Scorecard(kind=BASE_RATE, intercept=log_odds(float(examples.outcome.mean())))


def rule(examples: Examples) -> Scorecard:
    """Return the share of positive outcomes among clients at risk by the rule, and among others."""
    target = examples.target
    column = examples.values[:, target.place(target.rule)]
    base = base_rate(examples).intercept
    scores = []
    for chosen in (column < target.rule_cut, column >= target.rule_cut):
        of_group = examples.outcome[chosen]
        scores.append(log_odds(float(of_group.mean())) - base if len(of_group) else 0.0)
    term = Steps(variable=target.rule, cuts=(target.rule_cut,), scores=tuple(scores), missing=0.0)
    return Scorecard(kind=RULE, intercept=base, terms=(term,))


def logistic(examples: Examples) -> Scorecard:
    """Return the logistic regression on ten variables; a null counts as the mean."""
    ten = examples.target.ten
    places = [examples.target.place(name) for name in ten]
    x = examples.values[:, places]
    present = [column[~np.isnan(column)] for column in x.T]
    center = np.array([column.mean() if len(column) else 0.0 for column in present])
    spread = np.array([column.std() if len(column) else 0.0 for column in present])
    scale = np.where(spread > 0, spread, 1.0)
    standardized = np.where(np.isnan(x), 0.0, (x - center) / scale)
    weights = _newton(standardized, examples.outcome, RIDGE)
    terms = tuple(
        Linear(
            variable=name,
            slope=float(weights[place + 1] / scale[place]),
            center=float(center[place]),
            missing=0.0,
        )
        for place, name in enumerate(ten)
    )
    return Scorecard(kind=LOGISTIC, intercept=float(weights[0]), terms=terms)


def boosted(examples: Examples, held_out: Examples) -> Scorecard:
    """Return boosted trees of one split each, as a score for each interval of each variable.

    Trees are added until the held-out examples are predicted no better.
    """
    from xgboost import DMatrix, train

    trees = train(
        PARAMETERS,
        DMatrix(examples.values, label=examples.outcome),
        num_boost_round=MOST_ROUNDS,
        evals=[(DMatrix(held_out.values, label=held_out.outcome), "held_out")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    names = examples.target.variables
    used = trees[: trees.best_iteration + 1]
    dump = used.trees_to_dataframe()
    splits: dict[str, list[tuple[float, float, float, float]]] = {}
    constant = 0.0
    for _, tree in dump.groupby("Tree", sort=True):
        nodes = {row["ID"]: row for row in tree.to_dict("records")}
        root = next(row for row in nodes.values() if row["Node"] == 0)
        if root["Feature"] == "Leaf":
            constant += float(root["Gain"])
            continue
        below, above, missing = (
            float(nodes[root[branch]]["Gain"]) for branch in ("Yes", "No", "Missing")
        )
        cut = float(np.float32(root["Split"]))
        name = names[int(root["Feature"][1:])]
        splits.setdefault(name, []).append((cut, below, above, missing))
    terms = tuple(_steps(name, splits[name]) for name in names if name in splits)
    made = Scorecard(kind=BOOSTED, intercept=constant, terms=terms)
    margin = used.predict(DMatrix(examples.values[:1]), output_margin=True)[0]
    own = made.intercept + made.contributions(names, examples.values[:1]).sum()
    return Scorecard(kind=BOOSTED, intercept=constant + float(margin - own), terms=terms)


def _steps(variable: str, splits: list[tuple[float, float, float, float]]) -> Term:
    cuts = sorted({cut for cut, *_ in splits})
    middles = [cuts[0] - 1, *cuts]  # one value of each interval: its lower end belongs to it
    scores = tuple(
        sum(below if value < cut else above for cut, below, above, _ in splits) for value in middles
    )
    return Steps(
        variable=variable,
        cuts=tuple(cuts),
        scores=scores,
        missing=sum(missing for *_, missing in splits),
    )


def calibrated(model: Scorecard, examples: Examples) -> Scorecard:
    """Return the model whose log-odds are scaled and shifted to fit other examples (Platt)."""
    shares = model.probability(examples.target.variables, examples.values)
    margin = np.log(shares / (1 - shares))
    if np.ptp(margin) < 1e-9:
        return model.calibrated(1.0, log_odds(float(examples.outcome.mean())) - float(margin[0]))
    offset, slope = _newton(margin[:, None], examples.outcome, 1e-6)
    return model.calibrated(max(float(slope), 0.0), float(offset))


def _newton(x: Numbers, outcome: Numbers, ridge: float) -> Numbers:
    """Return the intercept and the weights of a logistic regression; the intercept is free."""
    full = np.column_stack([np.ones(len(x)), x])
    penalty = np.diag([1e-9, *[ridge] * x.shape[1]])
    weights = np.zeros(full.shape[1])
    weights[0] = log_odds(float(outcome.mean()))
    for _ in range(50):
        share = sigmoid(full @ weights)
        gradient = full.T @ (share - outcome) + penalty @ weights
        curvature = (full * (share * (1 - share))[:, None]).T @ full + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights, np.float64)

"""Rows of the gold tables for the version of the model that is in use."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.measures import shares_of, stability_index
from lakehouse.domains.cards.risk.scorecard import Numbers, Scorecard, sigmoid
from lakehouse.domains.cards.risk.targets import DEFAULT, Target

MODULES = tuple(
    f"lakehouse.domains.cards.risk.{name}"
    for name in ("rows", "variables", "scorecard", "measures", "targets")
)
EVALUATED, NO_HISTORY, NO_MODEL, LEFT = "avaliado", "sem_historico", "sem_modelo", "evadido"
SITUATIONS = (EVALUATED, NO_HISTORY, NO_MODEL)
SHOWN = 8
"""Largest contributions that are named; the others are one sum."""
BASE, OTHERS = "base", "outras"
STABLE, LARGE = 0.1, 0.25
"""Limits of the stability index: a small and a large drift."""


def risk_rows(_: dt.date, inputs: Mapping[str, pa.Table], target: Target = DEFAULT) -> pa.Table:
    """Return the probability of each client with its rank and contributions.

    Clients with equal probabilities have equal ranks. Where the target is about activity, clients
    who have left already have no probability.
    """
    rows = inputs["clients"].join(inputs["history"], known.CLIENT)
    if target.is_about_activity:
        rows = rows.join(inputs["activity"], known.CLIENT)
    rows = known.with_shares(rows.join(inputs["book"], known.CLIENT).sort_by(known.CLIENT))
    count = rows.num_rows
    has_history = np.array(
        pc.fill_null(pc.greater_equal(rows[known.KNOWN], known.FEWEST_KNOWN), False), bool
    ) & np.array(pc.is_valid(rows["dt_referencia"]), bool)
    has_left = np.zeros(count, bool)
    if target.is_about_activity:
        late = pc.greater(rows[known.RECENCY], known.ACTIVE_DAYS)
        has_left = has_history & np.array(pc.fill_null(late, False), bool)
    is_scored = has_history & ~has_left
    model, version = _model_in_use(inputs, target)
    probability: list[Decimal | None] = [None] * count
    rank: list[int | None] = [None] * count
    texts: list[str | None] = [None] * count
    if model is not None and is_scored.any():
        chosen = rows.filter(pa.array(is_scored))
        values = known.matrix(chosen, target.variables)
        scores = model.contributions(target.variables, values)
        rounded = np.round(_probability(model, scores), 6)
        ranks = 1 + np.searchsorted(np.sort(-rounded), -rounded, side="left")
        for place, n in enumerate(np.flatnonzero(is_scored)):
            probability[n] = Decimal(repr(float(rounded[place]))).quantize(Decimal("0.000001"))
            rank[n] = int(ranks[place])
            texts[n] = explained(model, scores[place])
    situations = [
        LEFT if left else _situation(bool(known_), model)
        for left, known_ in zip(has_left, has_history, strict=True)
    ]
    is_evaluated = [each == EVALUATED for each in situations]
    kind = None if model is None else model.kind
    return pa.table(
        {
            known.CLIENT: rows[known.CLIENT],
            "dt_referencia": pc.if_else(pa.array(has_history), rows["dt_referencia"], None),
            "situacao": pa.array(situations, pa.string()),
            "probability": pa.array(probability, pa.decimal128(9, 6)),
            "rank": pa.array(rank, pa.int64()),
            "contributions": pa.array(texts, pa.string()),
            "model": pa.array([kind if ok else None for ok in is_evaluated], pa.string()),
            "model_version": pa.array(
                [version if ok else None for ok in is_evaluated], pa.string()
            ),
        }
    )


def drift_rows(_: dt.date, inputs: Mapping[str, pa.Table], target: Target = DEFAULT) -> pa.Table:
    """Return the drift of each variable of the model since its training; none without a model.

    Clients are those who would be examples: with history and, where the target is about activity,
    with a recent invoice.
    """
    rows = inputs["book"].join(inputs["history"], known.CLIENT)
    if target.is_about_activity:
        rows = rows.join(inputs["activity"], known.CLIENT)
    rows = known.with_shares(rows.sort_by(known.CLIENT))
    rows = rows.filter(pc.fill_null(pc.greater_equal(rows[known.KNOWN], known.FEWEST_KNOWN), False))
    if target.is_about_activity:
        rows = rows.filter(
            pc.fill_null(pc.less_equal(rows[known.RECENCY], known.ACTIVE_DAYS), False)
        )
    model, version = _model_in_use(inputs, target)
    references = () if model is None or not rows.num_rows else model.references
    used = () if model is None else model.variables
    found = []
    for each in references:
        values = known.matrix(rows, (each.variable,))[:, 0]
        index = round(stability_index(each, values), 6)
        found.append(
            {
                "dt_referencia": rows["dt_referencia"][0].as_py(),
                "variable": each.variable,
                "is_used": each.variable in used,
                "clients": rows.num_rows,
                "missing_before_share": Decimal(f"{each.shares[-1]:.6f}"),
                "missing_share": Decimal(f"{shares_of(each.cuts, values)[-1]:.6f}"),
                "stability_index": index,
                "drift": "large" if index > LARGE else "small" if index > STABLE else "none",
                "model_version": version,
            }
        )
    schema = {
        "dt_referencia": pa.date32(),
        "variable": pa.string(),
        "is_used": pa.bool_(),
        "clients": pa.int64(),
        "missing_before_share": pa.decimal128(9, 6),
        "missing_share": pa.decimal128(9, 6),
        "stability_index": pa.float64(),
        "drift": pa.string(),
        "model_version": pa.string(),
    }
    return pa.Table.from_pylist(found, schema=pa.schema(list(schema.items())))


def explained(model: Scorecard, scores: Numbers) -> str:
    """Return the contributions to the log-odds of a client as JSON, the largest first.

    Their sum, with ``base`` and ``outras`` (the sum of the smaller ones), is the log-odds of the
    probability.
    """
    order = np.argsort(-np.abs(scores), kind="stable")
    shown = [n for n in order[:SHOWN] if round(float(scores[n]), 6)]
    found = {BASE: round(model.intercept, 6)}
    found |= {model.terms[n].variable: round(float(scores[n]), 6) for n in shown}
    total = model.intercept + float(scores.sum())
    rest = round(total - sum(found.values()), 6)
    if len(shown) < len(scores) and rest:
        found[OTHERS] = rest
    return json.dumps(found)


def _situation(has_history: bool, model: Scorecard | None) -> str:
    if not has_history:
        return NO_HISTORY
    return NO_MODEL if model is None else EVALUATED


def _probability(model: Scorecard, scores: Numbers) -> Numbers:
    return sigmoid(model.intercept + scores.sum(axis=1))


def _model_in_use(
    inputs: Mapping[str, pa.Table], target: Target
) -> tuple[Scorecard | None, str | None]:
    used = inputs[target.model]
    if not used.num_rows:
        return None, None
    return Scorecard.from_json(used["content"][0].as_py()), used["version"][0].as_py()

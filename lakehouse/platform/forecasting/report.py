"""What people are told of a forecast, in Portuguese."""

from collections.abc import Iterator
from decimal import Decimal

from lakehouse.platform.forecasting.contest import Score
from lakehouse.platform.forecasting.declaration import PARTS, TEST, VALIDATION
from lakehouse.platform.forecasting.examples import TRAIN
from lakehouse.platform.forecasting.forecasting import Outcome, hundredths

MODELS = {"linear_regression": "regressão linear", "xgboost": "XGBoost"}
PART_NAMES = {TRAIN: "treino", VALIDATION: "validação", TEST: "teste"}
SCORE_COLUMNS = ("modelo", "dias", "MAE", "RMSE", "MAPE %", "papel")
VALUE_COLUMNS = ("dia", "previsto")


def named(model: str) -> str:
    """A model as people call it.

    >>> named("ma_7")
    'média de 7 dias'
    """
    return MODELS.get(model) or f"média de {model.removeprefix('ma_')} dias"


def scored(outcome: Outcome) -> Iterator[tuple[str, str, Decimal, Decimal, Decimal | None, str]]:
    """A row of `SCORE_COLUMNS` for each model and part of the days."""
    marks = {
        (VALIDATION, outcome.verdict.chosen): "modelo escolhido",
        (TEST, outcome.verdict.published): "publicado",
    }
    for part in PARTS:
        for model, scores in outcome.scores.items():
            score = scores[part]
            yield (
                named(model),
                PART_NAMES[part],
                hundredths(score.mae),
                hundredths(score.rmse),
                None if score.mape is None else hundredths(score.mape),
                marks.get((part, model), ""),
            )


def days_used(outcome: Outcome) -> str:
    """Which days were learned from, chosen on and judged on."""
    return "; ".join(
        f"{PART_NAMES[name]} {part.first} a {part.last}" for name, part in outcome.parts.items()
    )


def verdict(outcome: Outcome) -> str:
    """Who won, with the numbers that say so."""
    said = outcome.verdict
    chosen = outcome.scores[said.chosen][TEST]
    averages = [
        f"a {named(name)} ({_errors(outcome.scores[name][TEST])})"
        for name in said.undefeated or outcome.target.averages
    ]
    if not said.undefeated:
        return (
            f"Vencedor: {named(said.chosen)}. No teste ({_errors(chosen)}) erra menos que"
            f" {' e '.join(averages)}; é a previsão publicada."
        )
    return (
        f"Vencedor: {named(said.average)}. Nenhum modelo é publicado: o melhor na validação,"
        f" {named(said.chosen)}, no teste ({_errors(chosen)}) não supera {' nem '.join(averages)}."
        f" A previsão publicada é a {named(said.average)}, a melhor média na validação."
    )


def _errors(score: Score) -> str:
    return f"RMSE {hundredths(score.rmse)}, MAE {hundredths(score.mae)}"

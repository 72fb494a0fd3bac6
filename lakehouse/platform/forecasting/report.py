"""A forecast as text for people, in the words that its domain declares."""

from collections.abc import Iterator
from decimal import Decimal

from lakehouse.platform.forecasting.declaration import PARTS, TEST, VALIDATION, ReportWords
from lakehouse.platform.forecasting.forecast import TargetForecast, hundredths
from lakehouse.platform.forecasting.selection import Errors


def model_name(model: str, words: ReportWords) -> str:
    """Return the name of a model or of a moving average (``ma_7``) for people."""
    return words.models.get(model) or words.average.format(days=model.removeprefix("ma_"))


def error_rows(
    made: TargetForecast, words: ReportWords
) -> Iterator[tuple[str, str, Decimal, Decimal, Decimal | None, str]]:
    """Yield a row of ``words.error_columns`` for each model and part of the days."""
    marks = {
        (VALIDATION, made.selection.model): words.chosen,
        (TEST, made.selection.published): words.published,
    }
    for part in PARTS:
        for model, by_part in made.errors.items():
            errors = by_part[part]
            yield (
                model_name(model, words),
                words.parts[part],
                hundredths(errors.mae),
                hundredths(errors.rmse),
                None if errors.mape is None else hundredths(errors.mape),
                marks.get((part, model), ""),
            )


def periods(made: TargetForecast, words: ReportWords) -> str:
    """Return the days of training, validation and test."""
    return "; ".join(
        words.period.format(part=words.parts[name], first=part.first, last=part.last)
        for name, part in made.parts.items()
    )


def conclusion(made: TargetForecast, words: ReportWords) -> str:
    """Return which model or average is published, with the errors that decided it."""
    selection = made.selection
    averages = [
        words.compared.format(
            model=model_name(name, words), errors=_errors(made.errors[name][TEST])
        )
        for name in selection.better_averages or made.target.averages
    ]
    published = not selection.better_averages
    sentence = words.model_published if published else words.average_published
    return sentence.format(
        model=model_name(selection.model, words),
        errors=_errors(made.errors[selection.model][TEST]),
        average=model_name(selection.average, words),
        averages=(words.conjunction if published else words.disjunction).join(averages),
    )


def _errors(errors: Errors) -> str:
    return f"RMSE {hundredths(errors.rmse)}, MAE {hundredths(errors.mae)}"

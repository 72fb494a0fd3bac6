"""Compute a forecast from the features in the lake, and store it."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.engines.duckdb import DuckDBSession
from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.forecasting import HORIZON, models
from lakehouse.platform.forecasting.declaration import (
    PARTS,
    TRAIN,
    Forecast,
    ForecastError,
    Target,
)
from lakehouse.platform.forecasting.examples import (
    Examples,
    History,
    Numbers,
    Part,
    all_examples,
    future_examples,
    parts,
)
from lakehouse.platform.forecasting.selection import (
    Errors,
    ErrorsByPart,
    Selection,
    errors_of,
    select,
)
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of
from lakehouse.platform.transform.validate import failed_days_of
from lakehouse.settings import Settings

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class TargetForecast:
    """The forecast of one target: published values, errors of all models, and the selection."""

    target: Target
    last_known: dt.date
    horizon: int
    parts: Mapping[str, Part]
    errors: ErrorsByPart
    selection: Selection
    values: tuple[tuple[dt.date, Decimal], ...]
    """Published forecast by future day."""


def compute_forecasts(
    forecast: Forecast,
    lake: Lake,
    settings: Settings,
    *,
    days: int = HORIZON,
    until: dt.date | None = None,
) -> Iterator[TargetForecast]:
    """Forecast each target for the days after the last known day; nothing is stored.

    Args:
        forecast: declaration of the forecast.
        lake: lake with the features.
        settings: settings of the engine.
        days: number of future days.
        until: last day used as known; by default the last day with data.

    Raises:
        ForecastError: the libraries of the models are missing, or there are too few days.
    """
    models.require_libraries()
    features = _features(forecast, lake, settings, until)
    dates = _calendar(forecast, features, days, settings)
    for target in forecast.targets:
        yield _target_forecast(forecast, target, _history(forecast, target, features, dates), days)


def store_forecasts(
    forecast: Forecast, made: Sequence[TargetForecast], lake: Lake, settings: Settings
) -> dict[str, int]:
    """Store forecasts; they replace an earlier forecast from the same day.

    Returns:
        Name of each table → number of rows stored.

    Raises:
        ForecastError: rows break the contract; nothing was stored.
    """
    tables = forecast_rows(forecast, made, settings)
    for table, rows in tables.items():
        kept = rows.drop(["day"])
        days, definition = {made[0].last_known: kept}, definition_of(table)
        lake.table(table.id).write(days, schema=kept.schema, definition=definition)
    return {table.id.name: rows.num_rows for table, rows in tables.items()}


def forecast_rows(
    forecast: Forecast, made: Sequence[TargetForecast], settings: Settings
) -> dict[Table, pa.Table]:
    """Return the rows of each table of a forecast; their day is the last known day.

    Raises:
        ForecastError: rows break the contract.
    """
    written = {
        forecast.values: [row for each in made for row in _value_rows(each)],
        forecast.models: [row for each in made for row in _error_rows(each)],
    }
    day = made[0].last_known
    return {table: _validated(table, rows, day, settings) for table, rows in written.items()}


def _features(
    forecast: Forecast, lake: Lake, settings: Settings, until: dt.date | None
) -> pa.Table:
    """Return the features in day order; the first unknown day is the last row."""
    name = forecast.features.id.name
    with catalog.connect(lake, settings, names={name}) as connection:
        result = catalog.query(connection, f"SELECT * FROM {name} ORDER BY date")  # noqa: S608  ours
        rows = result.to_arrow_reader().read_all()
    if until is not None:
        first_unknown = pa.scalar(until + ONE_DAY, pa.date32())
        rows = rows.filter(pc.less_equal(rows["date"], first_unknown))
    if rows.num_rows < 2:
        upto = f" up to {until}" if until else ""
        raise ForecastError(
            f"{name} has no day{upto}; hint: lakehouse ingest --domain {forecast.domain}"
        )
    return rows


def _calendar(
    forecast: Forecast, features: pa.Table, horizon: int, settings: Settings
) -> dict[str, Numbers]:
    """Return the columns that follow from the date, for every known and future day."""
    first: dt.date = features["date"][0].as_py()
    count = features.num_rows - 1 + horizon
    days = pa.array([first + ONE_DAY * n for n in range(count)], pa.date32())
    with closing(DuckDBSession(settings, s3=False)) as session:
        session.arrow("days", pa.table({"day": days}))
        named = ibis.table({"day": "date"}, name="days")
        rows = session.table(named.select("day", **forecast.calendar(named.day)).order_by("day"))
    return {name: _numbers(rows[name]) for name in rows.column_names if name != "day"}


def _history(
    forecast: Forecast, target: Target, features: pa.Table, dates: Mapping[str, Numbers]
) -> History:
    return History(
        first=features["date"][0].as_py(),
        known={name: _numbers(features[name]) for name in forecast.known},
        calendar=dates,
        actual=_numbers(features[target.column])[:-1],
        averages={name: _numbers(features[column]) for name, column in target.averages.items()},
    )


def _numbers(column: pa.ChunkedArray) -> Numbers:
    """Return a column as floats; null becomes NaN."""
    return np.array(
        [np.nan if value is None else float(value) for value in column.to_pylist()], np.float64
    )


def _target_forecast(
    forecast: Forecast, target: Target, history: History, horizon: int
) -> TargetForecast:
    from threadpoolctl import threadpool_limits

    found = parts(history, horizon)
    with threadpool_limits(limits=1):  # sums of several threads differ in their last digit
        trained = {
            name: learn(found[TRAIN].examples, forecast.categories)
            for name, learn in models.CANDIDATES.items()
        }
        measured = {name: found[name].examples for name in PARTS}
        of_models = {
            name: {part: _errors(each, predict(each.x)) for part, each in measured.items()}
            for name, predict in trained.items()
        }
        of_averages = {
            name: {part: _errors(each, each.averages[name]) for part, each in measured.items()}
            for name in target.averages
        }
        selection = select(of_models, of_averages)
        future = future_examples(history, horizon)
        values = (
            models.CANDIDATES[selection.published](all_examples(found), forecast.categories)(
                future.x
            )
            if selection.published in of_models
            else future.averages[selection.published]
        )
    end = len(history.actual)
    return TargetForecast(
        target=target,
        last_known=history.day(end - 1),
        horizon=horizon,
        parts=found,
        errors={**of_models, **of_averages},
        selection=selection,
        values=tuple(
            (history.day(end + n), hundredths(value))
            for n, value in enumerate(_not_below_zero(values))
        ),
    )


def _errors(examples: Examples, values: Numbers) -> Errors:
    return errors_of(examples.y, _not_below_zero(values))


def _not_below_zero(values: Numbers) -> Numbers:
    return np.maximum(values, 0.0)


def hundredths(value: float) -> Decimal:
    """Return a number with two decimals, as it is stored and shown."""
    return Decimal(repr(float(value))).quantize(Decimal("0.01"))


def _value_rows(made: TargetForecast) -> Iterator[dict[str, object]]:
    for step, (day, value) in enumerate(made.values, start=1):
        yield {
            "day": made.last_known,
            "target": made.target.column,
            "forecast_day": day,
            "step": step,
            "value": value,
            "model": made.selection.published,
        }


def _error_rows(made: TargetForecast) -> Iterator[dict[str, object]]:
    for model, by_part in made.errors.items():
        for part in PARTS:
            errors = by_part[part]
            yield {
                "day": made.last_known,
                "target": made.target.column,
                "model": model,
                "part": part,
                "first_day": made.parts[part].first,
                "last_day": made.parts[part].last,
                "horizon": made.horizon,
                "learned_days": made.parts[TRAIN].days,
                "forecasts": errors.forecasts,
                "mae": hundredths(errors.mae),
                "rmse": hundredths(errors.rmse),
                "mape_pct": None if errors.mape is None else hundredths(errors.mape),
                "is_chosen": model == made.selection.model,
                "is_published": model == made.selection.published,
            }


def _validated(
    table: Table, rows: Sequence[Mapping[str, object]], day: dt.date, settings: Settings
) -> pa.Table:
    """Return the rows in the types of the contract, after validating them."""
    typed = pa.Table.from_pylist(list(rows), schema=arrow_schema(table.contract.schema))
    failed = failed_days_of(table, typed, [day], settings)
    if failed:
        raise ForecastError(
            f"{table.id.name} breaks its contract and nothing was stored: {failed[day]}"
        )
    return typed

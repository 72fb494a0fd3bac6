"""A forecast from the lake and back into it: read, tried, judged, stored."""

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
from lakehouse.platform.forecasting.contest import Score, Scores, Verdict, score, verdict
from lakehouse.platform.forecasting.declaration import PARTS, Forecast, ForecastError, Target
from lakehouse.platform.forecasting.examples import (
    TRAIN,
    Examples,
    History,
    Numbers,
    Part,
    every,
    parts,
    to_come,
)
from lakehouse.platform.serving import sql_catalog as catalog
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.validate import failed_days_of
from lakehouse.settings import Settings

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was forecast of one target, by what, and how good that is."""

    target: Target
    last_known: dt.date
    horizon: int
    parts: Mapping[str, Part]
    scores: Scores
    verdict: Verdict
    values: tuple[tuple[dt.date, Decimal], ...]
    """What is published, by day."""


def forecasts(
    forecast: Forecast,
    lake: Lake,
    settings: Settings,
    *,
    days: int = HORIZON,
    until: dt.date | None = None,
) -> Iterator[Outcome]:
    """Forecast each target for the days after the last one known; nothing is stored.

    Args:
        forecast: what is forecast, of what.
        lake: where the features are.
        settings: of the engine.
        days: how many days to come.
        until: the last day that counts as known; the last one of the lake when earlier, or None.

    Raises:
        ForecastError: the models' libraries are missing, or there are too few days.
    """
    models.require_libraries()
    features = _features(forecast, lake, settings, until)
    dates = _calendar(forecast, features, days, settings)
    for target in forecast.targets:
        yield _outcome(forecast, target, _history(forecast, target, features, dates), days)


def store(
    forecast: Forecast, outcomes: Sequence[Outcome], lake: Lake, settings: Settings
) -> dict[str, int]:
    """Put what was forecast in place of an earlier forecast from the same day; gives the rows.

    Raises:
        ForecastError: rows break their contract, and nothing was stored.
    """
    day = outcomes[0].last_known
    made = {
        forecast.values: [row for each in outcomes for row in _value_rows(each)],
        forecast.models: [row for each in outcomes for row in _model_rows(each)],
    }
    tables = {table: _judged(table, rows, day, settings) for table, rows in made.items()}
    for table, rows in tables.items():
        kept = rows.drop(["day"])
        lake.table(table.id).write({day: kept}, schema=kept.schema)
    return {table.id.name: rows.num_rows for table, rows in tables.items()}


def _features(
    forecast: Forecast, lake: Lake, settings: Settings, until: dt.date | None
) -> pa.Table:
    """Days in order, without gaps, the first unknown one last; none after it."""
    name = forecast.features.id.name
    with catalog.connect(lake, settings, names={name}) as connection:
        asked = catalog.query(connection, f"SELECT * FROM {name} ORDER BY day")  # noqa: S608  ours
        rows = asked.to_arrow_reader().read_all()
    if until is not None:
        first_unknown = pa.scalar(until + ONE_DAY, pa.date32())
        rows = rows.filter(pc.less_equal(rows["day"], first_unknown))
    if rows.num_rows < 2:
        upto = f" up to {until}" if until else ""
        raise ForecastError(f"{name} has no day{upto}: lakehouse ingest --domain {forecast.domain}")
    return rows


def _calendar(
    forecast: Forecast, features: pa.Table, horizon: int, settings: Settings
) -> dict[str, Numbers]:
    """What follows from the date, of every day known and to come."""
    first: dt.date = features["day"][0].as_py()
    count = features.num_rows - 1 + horizon
    days = pa.array([first + ONE_DAY * n for n in range(count)], pa.date32())
    with closing(DuckDBSession(settings, s3=False)) as session:
        session.arrow("days", pa.table({"day": days}))
        named = ibis.table({"day": "date"}, name="days")
        made = session.table(named.select("day", **forecast.calendar(named.day)).order_by("day"))
    return {name: _numbers(made[name]) for name in made.column_names if name != "day"}


def _history(
    forecast: Forecast, target: Target, features: pa.Table, dates: Mapping[str, Numbers]
) -> History:
    return History(
        first=features["day"][0].as_py(),
        known={name: _numbers(features[name]) for name in forecast.known},
        calendar=dates,
        happened=_numbers(features[target.column])[:-1],
        averages={name: _numbers(features[column]) for name, column in target.averages.items()},
    )


def _numbers(column: pa.ChunkedArray) -> Numbers:
    """A column as floats; null is not a number."""
    return np.array(
        [np.nan if value is None else float(value) for value in column.to_pylist()], np.float64
    )


def _outcome(forecast: Forecast, target: Target, history: History, horizon: int) -> Outcome:
    from threadpoolctl import threadpool_limits

    found = parts(history, horizon)
    with threadpool_limits(limits=1):  # sums of several threads differ in their last digit
        learned = {
            name: learn(found[TRAIN].examples, forecast.categories)
            for name, learn in models.CANDIDATES.items()
        }
        judged = {name: found[name].examples for name in PARTS}
        candidates = {
            name: {part: _score(due, predict(due.x)) for part, due in judged.items()}
            for name, predict in learned.items()
        }
        averages = {
            name: {part: _score(due, due.averages[name]) for part, due in judged.items()}
            for name in target.averages
        }
        said = verdict(candidates, averages)
        due = to_come(history, horizon)
        values = (
            models.CANDIDATES[said.published](every(found), forecast.categories)(due.x)
            if said.published in candidates
            else due.averages[said.published]
        )
    end = len(history.happened)
    return Outcome(
        target=target,
        last_known=history.day(end - 1),
        horizon=horizon,
        parts=found,
        scores={**candidates, **averages},
        verdict=said,
        values=tuple(
            (history.day(end + n), hundredths(value))
            for n, value in enumerate(_not_below_zero(values))
        ),
    )


def _score(due: Examples, values: Numbers) -> Score:
    return score(due.y, _not_below_zero(values))


def _not_below_zero(values: Numbers) -> Numbers:
    return np.maximum(values, 0.0)


def hundredths(value: float) -> Decimal:
    """A number to two places, as it is stored and shown."""
    return Decimal(repr(float(value))).quantize(Decimal("0.01"))


def _value_rows(outcome: Outcome) -> Iterator[dict[str, object]]:
    for step, (day, value) in enumerate(outcome.values, start=1):
        yield {
            "day": outcome.last_known,
            "target": outcome.target.column,
            "forecast_day": day,
            "step": step,
            "value": value,
            "model": outcome.verdict.published,
        }


def _model_rows(outcome: Outcome) -> Iterator[dict[str, object]]:
    for model, scores in outcome.scores.items():
        for part in PARTS:
            scored = scores[part]
            yield {
                "day": outcome.last_known,
                "target": outcome.target.column,
                "model": model,
                "part": part,
                "first_day": outcome.parts[part].first,
                "last_day": outcome.parts[part].last,
                "horizon": outcome.horizon,
                "learned_days": outcome.parts[TRAIN].days,
                "forecasts": scored.forecasts,
                "mae": hundredths(scored.mae),
                "rmse": hundredths(scored.rmse),
                "mape_pct": None if scored.mape is None else hundredths(scored.mape),
                "is_chosen": model == outcome.verdict.chosen,
                "is_published": model == outcome.verdict.published,
            }


def _judged(
    table: Table, rows: Sequence[Mapping[str, object]], day: dt.date, settings: Settings
) -> pa.Table:
    """Rows in the contract's types, which they keep."""
    made = pa.Table.from_pylist(list(rows), schema=arrow_schema(table.contract.schema))
    broken = failed_days_of(table, made, [day], settings)
    if broken:
        raise ForecastError(
            f"{table.id.name} breaks its contract and nothing was stored: {broken[day]}"
        )
    return made

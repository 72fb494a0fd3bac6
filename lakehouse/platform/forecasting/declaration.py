"""What a forecast is, as a domain declares it, and the tables it is stored in."""

import datetime as dt
import functools
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.platform.tables.table import Read, ReadScope, Table

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (VALIDATION, TEST)
"""Parts of the days on which errors are measured."""


class ForecastError(Exception):
    """Raised when a forecast cannot be computed; the message has the cause and a hint."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One number per day that is forecast.

    Args:
        column: column of the features; null on days that are not known yet.
        title: title for people, in their language.
        averages: moving averages to compare with: name of the average → column of the features.
    """

    column: str
    title: str
    averages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ReportWords:
    """Words of the report, in the language of the domain's people.

    Args:
        models: name of a model → its name for people.
        average: name of a moving average, with ``{days}``.
        parts: ``train``, ``validation`` and ``test`` for people.
        chosen: mark of the model that was selected on the validation days.
        published: mark of the model or average that is published.
        error_columns: headings of the table of errors.
        value_columns: headings of the table of forecast values.
        period: days of a part, with ``{part}``, ``{first}`` and ``{last}``.
        compared: one average in a sentence, with ``{model}`` and ``{errors}``.
        conjunction: joins averages that have higher errors.
        disjunction: joins averages that do not have higher errors.
        model_published: sentence with ``{model}``, ``{errors}`` and ``{averages}``.
        average_published: sentence with the same and ``{average}``.
    """

    models: Mapping[str, str]
    average: str
    parts: Mapping[str, str]
    chosen: str
    published: str
    error_columns: tuple[str, ...]
    value_columns: tuple[str, str]
    period: str
    compared: str
    conjunction: str
    disjunction: str
    model_published: str
    average_published: str


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A forecast of one or more numbers per day.

    Args:
        domain: name of the domain.
        title: title for people, in their language.
        features: table with one row per calendar day in the column ``date``, and one for the day
            after the last day whose targets are known.
        known: its columns that are computed from earlier days only.
        calendar: columns that follow from the date alone, so they are known for future days.
        categories: the columns of `calendar` whose numbers are names, such as 1 to 7 for weekdays.
        targets: the numbers to forecast.
        words: words of the report.
    """

    domain: str
    title: str
    features: Table
    known: tuple[str, ...]
    calendar: Callable[[ir.DateValue], Mapping[str, ir.Value]]
    categories: tuple[str, ...]
    targets: tuple[Target, ...]
    words: ReportWords

    @property
    def tables(self) -> tuple[Table, Table]:
        """Return the tables in which the forecast is stored."""
        return self.values, self.models

    @functools.cached_property
    def values(self) -> Table:
        """Return the table of published forecasts."""
        return Table(
            id=TableId("gold", self.domain, "forecast"),
            model=ForecastValues,
            reads=(Read(table=self.features, scope=ReadScope.ALL_DAYS),),
            description="Published forecast of each future day, by the last known day."
            " Written by `lakehouse forecast`, not by the runs of the other tables.",
        )

    @functools.cached_property
    def models(self) -> Table:
        """Return the table with the errors of every model."""
        return Table(
            id=TableId("gold", self.domain, "forecast_models"),
            model=ForecastModels,
            reads=(Read(table=self.features, scope=ReadScope.ALL_DAYS),),
            description="Errors of every model and moving average, by the last known day."
            " The models were trained on the days before those on which errors are measured.",
        )


class ForecastValues(TableModel, key=("day", "target", "forecast_day")):
    """One target on one future day."""

    day: dt.date = pa.Field(description="Last day with known targets when it was computed")
    target: str = pa.Field(description="Number that is forecast, a column of the features")
    forecast_day: dt.date = pa.Field(description="Future day that the forecast is for")
    step: int = pa.Field(gt=0, description="Number of days after the last known day, from 1")
    value: Decimal(18, 2) = pa.Field(ge=0, description="Forecast value, in the unit of the target")
    model: str = pa.Field(description="Model or moving average that was published")


class ForecastModels(TableModel, key=("day", "target", "model", "part")):
    """One model on one part of the days, for one target."""

    day: dt.date = pa.Field(description="Last day with known targets when it was computed")
    target: str = pa.Field(description="Number that is forecast, a column of the features")
    model: str = pa.Field(description="linear_regression, xgboost, or a moving average")
    part: str = pa.Field(
        isin=PARTS, description="validation (selects a model) or test (compares it with averages)"
    )
    first_day: dt.date = pa.Field(description="First day of the part")
    last_day: dt.date = pa.Field(description="Last day of the part")
    horizon: int = pa.Field(gt=0, description="Number of days forecast at once")
    learned_days: int = pa.Field(gt=0, description="Number of days the models were trained on")
    forecasts: int = pa.Field(
        gt=0, description="Number of compared forecasts: each day, from 1 to horizon days ahead"
    )
    mae: Decimal(18, 2) = pa.Field(ge=0, description="Mean absolute error, in the target's unit")
    rmse: Decimal(18, 2) = pa.Field(
        ge=0, description="Root of the mean squared error, in the unit of the target"
    )
    mape_pct: Decimal(18, 2) = pa.Field(
        nullable=True, ge=0, description="Mean error in % of the value; null if all values are 0"
    )
    is_chosen: bool = pa.Field(description="Whether its RMSE on the validation days is lowest")
    is_published: bool = pa.Field(description="Whether the published forecast is its forecast")


def forecast_of(domain: str) -> Forecast | None:
    """Return ``FORECAST`` of the domain's module ``forecast``; None if it has no such module."""
    name = f"{DOMAINS}.{domain}.forecast"
    if importlib.util.find_spec(name) is None:
        return None
    found: Forecast = importlib.import_module(name).FORECAST
    return found

"""What a domain says of its forecast, and the tables that come of it."""

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
from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.platform.tables.table import Read, ReadScope, Table

VALIDATION, TEST = "validation", "test"
PARTS = (VALIDATION, TEST)


class ForecastError(Exception):
    """A forecast cannot be made; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One number of a day that is forecast.

    Args:
        column: of the features; null on days not yet known.
        title: for people, in their language.
        averages: the moving averages to beat, name of the model → column of the features.
    """

    column: str
    title: str
    averages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A forecast of one number a day, or several.

    Args:
        system: whose.
        title: for people, in their language.
        features: a table or view with one row for each calendar day, and one for the day after the
            last whose targets are known.
        known: its columns that are made of earlier days alone.
        calendar: columns that follow from the date alone, for days to come as well.
        categories: those of them whose numbers are names; 1 to 7 of the weekday.
        targets: what is forecast.
    """

    domain: str
    title: str
    features: Table
    known: tuple[str, ...]
    calendar: Callable[[ir.DateValue], Mapping[str, ir.Value]]
    categories: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def tables(self) -> tuple[Table, Table]:
        """What is kept of it."""
        return self.values, self.models

    @functools.cached_property
    def values(self) -> Table:
        """Where the published forecasts are kept."""
        return Table(
            id=TableId("gold", self.domain, "forecast"),
            model=ForecastValues,
            reads=(Read(table=self.features, scope=ReadScope.ALL_DAYS),),
            description="What was published for each of the days to come, by the last known day."
            " Made by `lakehouse forecast` and not with the other tables.",
        )

    @functools.cached_property
    def models(self) -> Table:
        """Where it is kept how far off each model was."""
        return Table(
            id=TableId("gold", self.domain, "forecast_models"),
            model=ForecastModels,
            reads=(Read(table=self.features, scope=ReadScope.ALL_DAYS),),
            description="How far off every model and moving average was, by the last known day;"
            " the models learned from the days before those they are judged on.",
        )


class ForecastValues(pa.DataFrameModel):
    """One target on one day to come."""

    day: dt.date = pa.Field(description="Last day whose sales were known")
    target: str = pa.Field(description="What is forecast, a column of the features")
    forecast_day: dt.date = pa.Field(description="Day that is forecast")
    step: int = pa.Field(gt=0, description="How many days after the last known day it is")
    value: Decimal(18, 2) = pa.Field(ge=0, description="Forecast, in the target's unit")
    model: str = pa.Field(description="Model or moving average that was published")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "target", "forecast_day"]


class ForecastModels(pa.DataFrameModel):
    """One model on one part of the days, for one target."""

    day: dt.date = pa.Field(description="Last day whose sales were known")
    target: str = pa.Field(description="What is forecast, a column of the features")
    model: str = pa.Field(description="linear_regression, xgboost, or a moving average")
    part: str = pa.Field(
        isin=PARTS, description="validation, on which is chosen, or test, on which is judged"
    )
    first_day: dt.date = pa.Field(description="First day of the part")
    last_day: dt.date = pa.Field(description="Last day of the part")
    horizon: int = pa.Field(gt=0, description="Days that are forecast at once")
    learned_days: int = pa.Field(gt=0, description="Days that the models learned from")
    forecasts: int = pa.Field(
        gt=0, description="Forecasts that were compared: each day, from 1 to horizon days before it"
    )
    mae: Decimal(18, 2) = pa.Field(ge=0, description="Mean absolute error, in the target's unit")
    rmse: Decimal(18, 2) = pa.Field(
        ge=0, description="Root of the mean squared error, in the target's unit; it decides"
    )
    mape_pct: Decimal(18, 2) = pa.Field(
        nullable=True, ge=0, description="Mean error in % of the day; days of 0 are left out"
    )
    is_chosen: bool = pa.Field(description="The model that was best on the validation days")
    is_published: bool = pa.Field(description="What was published is made by it")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "target", "model", "part"]


def forecast_of(domain: str) -> Forecast | None:
    """``FORECAST`` of the system's module ``forecast``; a domain without one has none."""
    name = f"{DOMAINS}.{domain}.forecast"
    if importlib.util.find_spec(name) is None:
        return None
    found: Forecast = importlib.import_module(name).FORECAST
    return found

"""Columns of forecast values, shared by the contracts of forecast tables."""

from copy import copy
from typing import Any

import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.platform.tables.contract import TableModel

NOUN = "{noun}"
"""Place in a description for what is forecast."""
VALUES = ("expected", "q05", "q25", "q50", "q75", "q95")


class ForecastValues(TableModel):
    """Expected value and quantiles of one series on one future day.

    Args:
        noun: what is forecast, such as "number of pieces"; it completes the descriptions. A class
            derived from one with a noun keeps that.
    """

    expected: Decimal(18, 2) = pa.Field(
        ge=0,
        description=f"Expected {NOUN}; only these may be added up over days and series",
    )
    q05: Decimal(18, 2) = pa.Field(
        ge=0, description=f"{NOUN} that is exceeded with a probability of 95 %"
    )
    q25: Decimal(18, 2) = pa.Field(
        ge=0, description=f"{NOUN} that is exceeded with a probability of 75 %"
    )
    q50: Decimal(18, 2) = pa.Field(
        ge=0, description=f"{NOUN} that is exceeded with a probability of 50 %"
    )
    q75: Decimal(18, 2) = pa.Field(
        ge=0, description=f"{NOUN} that is exceeded with a probability of 25 %"
    )
    q95: Decimal(18, 2) = pa.Field(
        ge=0, description=f"{NOUN} that is exceeded with a probability of 5 %"
    )
    model: str = pa.Field(
        description="Method that the back-test selected for series of this kind, see"
        " docs/forecast.md"
    )

    def __init_subclass__(cls, *, noun: str = "", **options: Any) -> None:
        for name in VALUES if noun else ():
            field = copy(vars(ForecastValues)[name])
            text = field.description.replace(NOUN, noun)
            field.description = text[0].upper() + text[1:]
            setattr(cls, name, field)
        super().__init_subclass__(**options)

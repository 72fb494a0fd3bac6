"""What is known of a day, from the calendar alone."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import SPEC
from lakehouse.platform.tables.declare import gold

MONTHS = (
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
WEEKDAYS = (
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
)
YEARS = 100
"""Years from the first of the system on that the calendar knows."""


class DimDate(pa.DataFrameModel):
    day: dt.date = pa.Field(description="The day")
    date_key: int = pa.Field(description="The day as a number, yyyymmdd")
    year: int = pa.Field(description="Year")
    quarter: int = pa.Field(
        in_range={"min_value": 1, "max_value": 4}, description="Quarter, 1 to 4"
    )
    month: int = pa.Field(in_range={"min_value": 1, "max_value": 12}, description="Month, 1 to 12")
    month_name_pt: str = pa.Field(description="Month, Portuguese")
    week: int = pa.Field(
        in_range={"min_value": 1, "max_value": 53}, description="ISO week of the year"
    )
    day_of_week: int = pa.Field(
        in_range={"min_value": 1, "max_value": 7}, description="ISO weekday, 1 is Monday"
    )
    weekday_name_pt: str = pa.Field(description="Weekday, Portuguese")
    is_weekend: bool = pa.Field(description="Saturday or Sunday")

    class Config:
        """One row per key."""

        strict = True
        unique = ["day"]


def calendar() -> ir.Table:
    """Every day from the first year of the system on, for a hundred years."""
    first = SPEC.since.replace(month=1, day=1)
    length = (first.replace(year=first.year + YEARS) - first).days
    numbers = ibis.range(0, length).unnest().name("n").as_table()
    day = (ibis.literal(first) + numbers.n.as_interval("D")).cast("date")
    days = numbers.select(day=day)
    weekday = days.day.day_of_week.index() + 1
    month = days.day.month()
    return days.select(
        "day",
        date_key=days.day.year() * 10_000 + month * 100 + days.day.day(),
        year=days.day.year(),
        quarter=days.day.quarter(),
        month=month,
        month_name_pt=month.cases(*enumerate(MONTHS, start=1)),
        week=days.day.week_of_year(),
        day_of_week=weekday,
        weekday_name_pt=weekday.cases(*enumerate(WEEKDAYS, start=1)),
        is_weekend=weekday >= 6,
    )


@gold(contract=DimDate, reads=[])
def dim_date() -> ir.Table:
    """Each processed day with its place in the year; a day on which nothing landed is there too."""
    return calendar()

"""Calendar attributes of each day."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth import SPEC
from lakehouse.platform.tables.contract import TableModel
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
"""Length of the calendar in years, from the first year of the domain on."""


class CalendarColumns(TableModel):
    """Attributes of one day."""

    date_key: int = pa.Field(description="Date as a number, yyyymmdd")
    year: int = pa.Field(description="Calendar year")
    quarter: int = pa.Field(
        in_range={"min_value": 1, "max_value": 4}, description="Quarter of the year, 1 to 4"
    )
    month: int = pa.Field(
        in_range={"min_value": 1, "max_value": 12}, description="Month of the year, 1 to 12"
    )
    month_name_pt: str = pa.Field(description="Name of the month in Portuguese")
    week: int = pa.Field(
        in_range={"min_value": 1, "max_value": 53}, description="ISO week of the year, 1 to 53"
    )
    day_of_week: int = pa.Field(
        in_range={"min_value": 1, "max_value": 7},
        description="ISO weekday, 1 (Monday) to 7 (Sunday)",
    )
    weekday_name_pt: str = pa.Field(description="Name of the weekday in Portuguese")
    is_weekend: bool = pa.Field(description="True on Saturday and Sunday")


class DimDate(CalendarColumns, key=("day",)):
    day: dt.date = pa.Field(description="Date of the day")


def calendar() -> ir.Table:
    """Return a hundred years of days, from the first year of the domain on."""
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
    """Calendar attributes of each processed day, also of days without deliveries."""
    return calendar()

"""Days of the years with orders."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.bikes import SPEC
from lakehouse.domains.bikes.gold.fact_orders import fact_orders
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of

DAYS = 36_525
"""Length of the calendar in days, from the first day of the domain on: a hundred years."""


class DimDate(TableModel, key=("date",)):
    date: dt.date = pa.Field(description="Day of the calendar")
    date_key: int = pa.Field(description="Date as a number, yyyymmdd")
    year: int = pa.Field(description="Calendar year")
    quarter: int = pa.Field(description="Quarter of the year, 1 to 4")
    month: int = pa.Field(description="Month of the year, 1 to 12")
    day_of_month: int = pa.Field(description="Day of the month, 1 to 31")
    day_of_week: int = pa.Field(description="ISO weekday, 1 (Monday) to 7 (Sunday)")
    is_month_end: bool = pa.Field(description="True on the last day of a month, when stores order")


@gold_as_of(contract=DimDate, reads=[fact_orders])
def dim_date(orders: ir.Table) -> ir.Table:
    """Every day from the first to the last year with orders."""
    numbers = ibis.range(0, DAYS).unnest().name("n").as_table()
    first = ibis.literal(SPEC.since)
    days = numbers.select(date=(first + numbers.n.as_interval("D")).cast("date"))
    ordered = orders.agg(first=orders.day.year().min(), last=orders.day.year().max())
    days = days.cross_join(ordered)  # many days to one row
    days = days.filter(days.date.year().between(days["first"], days["last"]))
    year, month, day = days.date.year(), days.date.month(), days.date.day()
    return days.select(
        "date",
        date_key=year * 10_000 + month * 100 + day,
        year=year,
        quarter=days.date.quarter(),
        month=month,
        day_of_month=day,
        day_of_week=days.date.day_of_week.index() + 1,
        is_month_end=(days.date + ibis.interval(days=1)).cast("date").day() == 1,
    ).order_by("date")

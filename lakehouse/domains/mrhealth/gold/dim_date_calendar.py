"""Calendar for joins with forecasts and days without orders."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.mrhealth.gold.dim_date import CalendarColumns, calendar
from lakehouse.domains.mrhealth.gold.unit_channel_day import unit_channel_day as sales_by_day
from lakehouse.platform.tables.declare import gold_as_of

FIRST_YEAR, LAST_YEAR = 2025, 2027


class DimDateCalendar(CalendarColumns, key=("date",)):
    date: dt.date = pa.Field(description="Day of the calendar")


@gold_as_of(contract=DimDateCalendar, reads=[sales_by_day])
def dim_date_calendar(sales: ir.Table) -> ir.Table:
    """Every day of 2025 to 2027 and of each other year with orders, processed or not."""
    days = calendar()
    sold = sales.select(year=sales.day.year()).distinct()
    planned = days.year.between(FIRST_YEAR, LAST_YEAR)
    kept = days.filter(planned | days.year.isin(sold.year))
    return kept.rename(date="day").order_by("date")

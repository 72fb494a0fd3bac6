"""Dates with sales."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import rules
from lakehouse.domains.sales.gold.daily_sales import daily_sales as sales_by_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class DimDate(TableModel, key=("day",)):
    """One date."""

    day: dt.date = pa.Field(description="Date of the sales")
    date_key: int = pa.Field(description="Date as a number, yyyymmdd")
    sale_date: dt.date = pa.Field(description="Date of the sales")
    year: int = pa.Field(description="Calendar year")
    month: int = pa.Field(
        in_range={"min_value": 1, "max_value": 12}, description="Month of the year, 1 to 12"
    )
    day_of_month: int = pa.Field(
        in_range={"min_value": 1, "max_value": 31}, description="Day of the month, 1 to 31"
    )


@gold(contract=DimDate, reads=[sales_by_day])
def dim_date(days: ir.Table) -> ir.Table:
    """Dates with sales, one row each."""
    return days.select(
        day=days.day,
        date_key=rules.date_key(days.sale_date),
        sale_date=days.sale_date,
        year=days.sale_date.year(),
        month=days.sale_date.month(),
        day_of_month=days.sale_date.day(),
    )

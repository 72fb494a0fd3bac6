"""Calendar for joins with forecasts and days without orders."""

import ibis.expr.types as ir

from lakehouse.domains.mrhealth.gold.dim_date import DimDate, calendar
from lakehouse.domains.mrhealth.gold.fact_orders import fact_orders as orders_fact
from lakehouse.platform.tables.declare import view

FIRST_YEAR, LAST_YEAR = 2025, 2027


@view(contract=DimDate, reads=[orders_fact])
def dim_date_calendar(orders: ir.Table) -> ir.Table:
    """Every day of 2025 to 2027 and of each other year with orders, processed or not."""
    days = calendar()
    sold = orders.select(year=orders.day.year()).distinct()
    planned = days.year.between(FIRST_YEAR, LAST_YEAR)
    return days.filter(planned | days.year.isin(sold.year)).order_by("day")

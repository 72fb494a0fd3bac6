"""Value and pieces sold by month."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.sales.gold.daily_sales import daily_sales as sales_by_day
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class MonthlySales(TableModel, key=("year", "month")):
    """One month with sales."""

    year: int = pa.Field(description="Year of the sales")
    month: int = pa.Field(
        in_range={"min_value": 1, "max_value": 12}, description="Month of the sales, 1 to 12"
    )
    total_sales: Decimal(18, 2) = pa.Field(gt=0, description="Value sold in BRL")
    total_quantity: int = pa.Field(gt=0, description="Number of pieces sold")


@gold_as_of(contract=MonthlySales, reads=[sales_by_day])
def monthly_sales(days: ir.Table) -> ir.Table:
    """Value and pieces sold by month, oldest first."""
    return (
        days.group_by(days.day.year().name("year"), days.day.month().name("month"))
        .agg(
            total_sales=days.total_sales.sum().cast("decimal(18, 2)"),
            total_quantity=days.total_quantity.sum(),
        )
        .order_by("year", "month")
    )

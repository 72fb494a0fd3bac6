"""Value and pieces sold by day."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold


class DailySales(TableModel, key=("day",)):
    """One day with sales."""

    day: dt.date = pa.Field(description="Date of the sales, equal to sale_date")
    sale_date: dt.date = pa.Field(description="Date of the sales")
    total_sales: Decimal(18, 2) = pa.Field(gt=0, description="Value sold in BRL")
    total_quantity: int = pa.Field(gt=0, description="Number of pieces sold")


@gold(contract=DailySales, reads=[sales_fact])
def daily_sales(sales: ir.Table) -> ir.Table:
    """Value and pieces sold by day; a day without sales has no row."""
    return sales.group_by("day", "sale_date").agg(
        total_sales=sales.total_value.sum().cast("decimal(18, 2)"),
        total_quantity=sales.quantity.sum(),
    )

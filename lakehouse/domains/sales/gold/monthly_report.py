"""Monthly report as text."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import report
from lakehouse.domains.sales.gold.monthly_sales import monthly_sales as sales_by_month
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class MonthlyReport(TableModel, key=("language", "line")):
    """One line of the report in one language."""

    language: str = pa.Field(
        isin=("pt", "en"), description="Language of the line: pt (Portuguese) or en (English)"
    )
    line: int = pa.Field(description="Order of the lines: 1 title, 2 column names, yyyymm a month")
    text: str = pa.Field(description="Text of the line")


@gold_as_of(contract=MonthlyReport, reads=[sales_by_month])
def monthly_report(months: ir.Table) -> ir.Table:
    """Report of monthly totals in Portuguese and in English, as the previous system wrote it."""
    both = (report.lines(months, words) for words in (report.PORTUGUESE, report.ENGLISH))
    return ibis.union(*both).order_by("language", "line")

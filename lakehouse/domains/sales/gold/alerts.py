"""Alerts about sales: one row for each cause, with the figures that led to it."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.sales import alert_rules as rules
from lakehouse.domains.sales.detection import MODULES, inputs_of, rows_of
from lakehouse.domains.sales.gold.fact_sales import fact_sales as sales_fact
from lakehouse.platform.alerts.columns import AlertColumns
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class Alerts(AlertColumns, key=("alert_id",)):
    """One incident: which sales are missing, where, since when, and what to do."""

    kind: str = pa.Field(isin=tuple(rules.KINDS), description="What is wrong, see docs/alerts.md")
    scope: str = pa.Field(isin=rules.SCOPES, description="region or company")
    subject: str = pa.Field(description="Name of the region; Todas as regiões for the company")
    measure: str = pa.Field(isin=rules.MEASURES, description="What actual and expected count: BRL")
    region: str = pa.Field(nullable=True, description="Region; null for the company")


@gold_as_of(
    contract=Alerts,
    reads=[sales_fact],
    options=TableOptions(python=MODULES, embedded=True),
)
def alerts(sales: ir.Table) -> PythonRows:
    """Incidents of the last 90 days: regions whose sales fall, and days without sales.

    A region is compared with its own earlier weeks and with the other regions on the same days.
    """
    return PythonRows(inputs=inputs_of(sales), compute=rows_of)

"""Alerts about the register of people: one row for each cause."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.people import alert_rules as rules
from lakehouse.domains.people.detection import MODULES, inputs_of, rows_of
from lakehouse.domains.people.silver.people_all import people_all as every_row
from lakehouse.platform.alerts.columns import AlertColumns
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class Alerts(AlertColumns, key=("alert_id",)):
    """One incident: which rows repeat persons, since when, and what to do."""

    kind: str = pa.Field(isin=tuple(rules.KINDS), description="What is wrong, see docs/alerts.md")
    scope: str = pa.Field(isin=[rules.SCOPE], description="Always register")
    measure: str = pa.Field(
        isin=rules.MEASURES, description="What actual and expected count: rows or persons"
    )


@gold_as_of(
    contract=Alerts,
    reads=[every_row],
    options=TableOptions(python=MODULES, embedded=True),
)
def alerts(people: ir.Table) -> PythonRows:
    """Incidents of the last 90 days: deliveries that name the same persons more often than usual.

    Shares of a day are compared with those of the 20 delivery days before it. No personal data
    enters: only numbers of rows and persons by day.
    """
    return PythonRows(inputs=inputs_of(people), compute=rows_of)

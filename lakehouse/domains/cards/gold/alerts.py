"""Alerts about invoices and payments: one row for each cause."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.cards import alert_rules as rules
from lakehouse.domains.cards.detection import MODULES, inputs_of, rows_of
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.alerts.columns import AlertColumns
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class Alerts(AlertColumns, key=("alert_id",)):
    """One incident: what is paid, open or billed unlike before, since when, and what to do."""

    kind: str = pa.Field(isin=tuple(rules.KINDS), description="What is wrong, see docs/alerts.md")
    scope: str = pa.Field(isin=[rules.SCOPE], description="Always portfolio")
    measure: str = pa.Field(
        isin=rules.MEASURES, description="What actual and expected count: brl (BRL) or invoices"
    )


@gold_as_of(
    contract=Alerts,
    reads=[tb_faturas, tb_pagamentos],
    options=TableOptions(python=MODULES, embedded=True),
)
def alerts(faturas: ir.Table, pagamentos: ir.Table) -> PythonRows:
    """Incidents of the last 90 days: payments that stop, and open amounts that grow.

    Payments are compared by working days since the due date with those of six earlier months.
    """
    return PythonRows(inputs=inputs_of(faturas, pagamentos), compute=rows_of)

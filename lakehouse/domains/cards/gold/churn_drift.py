"""Drift of the variables of the churn model since its training."""

import functools

import ibis.expr.types as ir

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import rows
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.columns import VariableDrift
from lakehouse.domains.cards.risk.targets import CHURN
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class ChurnDrift(VariableDrift, key=("variable",)):
    """One variable of the model in use."""


@gold_as_of(
    contract=ChurnDrift,
    reads=[book_fatura, stage_fatura],
    options=TableOptions(python=rows.MODULES, models=(CHURN.model,), embedded=True),
)
def churn_drift(book: ir.Table, stage: ir.Table) -> PythonRows:
    """Drift of each variable between the training examples and the newest book.

    Only clients with an invoice in the last 90 days count, as in the training. Without a model in
    use there are no rows.
    """
    return PythonRows(
        inputs={
            "book": known.newest_book(book),
            "history": known.newest_history(stage),
            "activity": known.newest_activity(stage),
        },
        compute=functools.partial(rows.drift_rows, target=CHURN),
    )

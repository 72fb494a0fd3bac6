"""Drift of the variables of the default model since its training."""

import ibis.expr.types as ir

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import rows
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.columns import VariableDrift
from lakehouse.domains.cards.risk.targets import DEFAULT
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class DefaultDrift(VariableDrift, key=("variable",)):
    """One variable of the model in use."""


@gold_as_of(
    contract=DefaultDrift,
    reads=[book_fatura, stage_fatura],
    options=TableOptions(python=rows.MODULES, models=(DEFAULT.model,), embedded=True),
)
def default_drift(book: ir.Table, stage: ir.Table) -> PythonRows:
    """Drift of each variable between the training examples and the newest book.

    Without a model in use there are no rows. A large drift is a reason to train again.
    """
    return PythonRows(
        inputs={"book": known.newest_book(book), "history": known.newest_history(stage)},
        compute=rows.drift_rows,
    )

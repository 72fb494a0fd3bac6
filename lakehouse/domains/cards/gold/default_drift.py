"""Drift of the variables of the default model since its training."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import rows
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.targets import DEFAULT
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class DefaultDrift(TableModel, key=("variable",)):
    """One variable of the model in use."""

    dt_referencia: dt.date = pa.Field(description="Reference date of the newest book")
    variable: str = pa.Field(description="Descriptive name of the variable, as in the book")
    is_used: bool = pa.Field(
        description="Whether the model in use has a score for the variable; others are observed"
    )
    clients: int = pa.Field(gt=0, description="Number of clients with history in the newest book")
    missing_before_share: Decimal(9, 6) = pa.Field(
        ge=0, le=1, description="Share of the training examples without a value, 0 to 1"
    )
    missing_share: Decimal(9, 6) = pa.Field(
        ge=0, le=1, description="Share of these clients without a value, 0 to 1"
    )
    stability_index: float = pa.Field(
        ge=0,
        description="Population stability index over the deciles of the training examples and the"
        " nulls; 0 without drift",
    )
    drift: str = pa.Field(
        isin=("none", "small", "large"),
        description="none up to an index of 0.1, small up to 0.25, else large",
    )
    model_version: str = pa.Field(description="Version of the model, as in ops.models")


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

"""Probability that each client defaults in the next 90 days."""

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import rows
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.columns import ClientRisk
from lakehouse.domains.cards.risk.targets import DEFAULT
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class DefaultRisk(ClientRisk, key=("id_cliente",)):
    """One client with at least one invoice."""

    probability: Decimal(9, 6) = pa.Field(
        nullable=True,
        ge=0,
        le=1,
        description="Probability, 0 to 1, that an invoice due in the 60 days after the reference"
        " date has no payment 30 days after it came due; null unless situacao is avaliado",
    )


@gold_as_of(
    contract=DefaultRisk,
    reads=[book_fatura, stage_fatura, all_clients],
    options=TableOptions(python=rows.MODULES, models=(DEFAULT.model,), embedded=True),
)
def default_risk(book: ir.Table, stage: ir.Table, clients: ir.Table) -> PythonRows:
    """Probability of default of each client, by the model in use on the variables of its book.

    The variables are those of the newest reference date, known on that date. See
    docs/default-risk.md for the quality of the model.
    """
    return PythonRows(
        inputs={
            "book": known.newest_book(book),
            "history": known.newest_history(stage),
            "clients": clients.select(known.CLIENT),
        },
        compute=rows.risk_rows,
    )

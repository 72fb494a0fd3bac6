"""Probability that each client leaves: that it has no invoice in the next 90 days."""

import functools

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import rows
from lakehouse.domains.cards.risk import variables as known
from lakehouse.domains.cards.risk.columns import ClientRisk
from lakehouse.domains.cards.risk.targets import CHURN
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class ChurnRisk(ClientRisk, key=("id_cliente",)):
    """One client with at least one invoice."""

    situacao: str = pa.Field(
        isin=(*rows.SITUATIONS, rows.LEFT),
        description="avaliado; sem_historico: fewer than three invoices that are paid or have come"
        " due; evadido: no invoice in the 90 days before the reference date; sem_modelo: no model"
        " is in use yet",
    )
    probability: Decimal(9, 6) = pa.Field(
        nullable=True,
        ge=0,
        le=1,
        description="Probability, 0 to 1, that no invoice is issued in the 90 days after the"
        " reference date; null unless situacao is avaliado",
    )


@gold_as_of(
    contract=ChurnRisk,
    reads=[book_fatura, stage_fatura, all_clients],
    options=TableOptions(python=rows.MODULES, models=(CHURN.model,), embedded=True),
)
def churn_risk(book: ir.Table, stage: ir.Table, clients: ir.Table) -> PythonRows:
    """Probability of churn of each client, by the model in use on the variables of its book.

    The variables are those of the newest reference date, known on that date. See
    docs/default-risk.md for the definition of churn and the quality of the model.
    """
    return PythonRows(
        inputs={
            "book": known.newest_book(book),
            "history": known.newest_history(stage),
            "activity": known.newest_activity(stage),
            "clients": clients.select(known.CLIENT),
        },
        compute=functools.partial(rows.risk_rows, target=CHURN),
    )

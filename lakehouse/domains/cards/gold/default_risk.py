"""Probability that each client defaults in the next 90 days."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.book_fatura import book_fatura
from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.risk import rows
from lakehouse.domains.cards.risk import variables as known
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PythonRows, TableOptions


class DefaultRisk(TableModel, key=("id_cliente",)):
    """One client with at least one invoice."""

    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    dt_referencia: dt.date = pa.Field(
        nullable=True,
        description="Reference date of the book with the variables; null without history",
    )
    situacao: str = pa.Field(
        isin=rows.SITUATIONS,
        description="avaliado; sem_historico: fewer than three invoices that are paid or have come"
        " due; sem_modelo: no model is in use yet",
    )
    probability: Decimal(9, 6) = pa.Field(
        nullable=True,
        ge=0,
        le=1,
        description="Probability, 0 to 1, that an invoice due in the 60 days after the reference"
        " date has no payment 30 days after it came due; null unless situacao is avaliado",
    )
    rank: int = pa.Field(
        nullable=True,
        ge=1,
        description="1 is the highest probability, equal ones have the same rank; null unless"
        " situacao is avaliado",
    )
    contributions: str = pa.Field(
        nullable=True,
        description="Share of each variable in the log-odds of the probability, as JSON: base, the"
        " largest ones, and outras (the sum of the others); they add up exactly; null unless"
        " situacao is avaliado",
    )
    model: str = pa.Field(
        nullable=True,
        description="Kind of the model in use: base_rate, rule, logistic or boosted; null unless"
        " situacao is avaliado",
    )
    model_version: str = pa.Field(
        nullable=True,
        description="Version of the model, as in ops.models; null unless situacao is avaliado",
    )


@gold_as_of(
    contract=DefaultRisk,
    reads=[book_fatura, stage_fatura, all_clients],
    options=TableOptions(python=rows.MODULES, models=(rows.MODEL,), embedded=True),
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

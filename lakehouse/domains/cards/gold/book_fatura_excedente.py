"""The overpayment book: 66 variables of invoices that were paid above their value."""

import ibis.expr.types as ir

from lakehouse.domains.cards.book.aggregate import book
from lakehouse.domains.cards.book.contract import contract
from lakehouse.domains.cards.book.declaration import EXCEDENTES
from lakehouse.domains.cards.book.stage import REACH
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions


@gold_as_of(
    contract=contract("BookFaturaExcedente", EXCEDENTES),
    reads=[stage_fatura],
    options=TableOptions(reference_dates=REACH, sliced_by="id_cliente"),
)
def book_fatura_excedente(stage: ir.Table) -> ir.Table:
    """The 66 variables of each client's overpayments, as known on the reference date."""
    return book(stage, EXCEDENTES)

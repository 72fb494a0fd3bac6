"""The book: 462 variables of each client as known on each reference date."""

import ibis.expr.types as ir

from lakehouse.domains.cards.book.aggregate import book
from lakehouse.domains.cards.book.contract import contract
from lakehouse.domains.cards.book.declaration import FATURA
from lakehouse.domains.cards.book.stage import REACH
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions


@gold_as_of(
    contract=contract("BookFatura", FATURA),
    reads=[stage_fatura],
    options=TableOptions(reference_dates=REACH, sliced_by="id_cliente"),
)
def book_fatura(stage: ir.Table) -> ir.Table:
    """The 462 variables of each client, from data known on the reference date only."""
    return book(stage, FATURA)

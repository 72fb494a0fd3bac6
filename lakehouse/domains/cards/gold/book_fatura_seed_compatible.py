"""The book as the previous system computed it, with its selection by calendar months."""

import ibis.expr.types as ir

from lakehouse.domains.cards.book.aggregate import book
from lakehouse.domains.cards.book.contract import contract
from lakehouse.domains.cards.book.declaration import FATURA
from lakehouse.domains.cards.book.stage import REACH
from lakehouse.domains.cards.gold.stage_fatura_seed_compatible import stage_fatura_seed_compatible
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions


@gold_as_of(
    contract=contract("BookFaturaSeedCompatible", FATURA),
    reads=[stage_fatura_seed_compatible],
    options=TableOptions(reference_dates=REACH, sliced_by="id_cliente"),
)
def book_fatura_seed_compatible(stage: ir.Table) -> ir.Table:
    """The 462 variables of each client with the previous system's selection by calendar months."""
    return book(stage, FATURA)

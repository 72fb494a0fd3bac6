"""The wider book: classes by minimum payment, and the amounts paid."""

import ibis.expr.types as ir

from lakehouse.domains.cards.book.aggregate import book
from lakehouse.domains.cards.book.contract import contract
from lakehouse.domains.cards.book.declaration import AMPLIADO
from lakehouse.domains.cards.book.stage import REACH
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import TableOptions


@gold_as_of(
    contract=contract("BookFaturaAmpliado", AMPLIADO),
    reads=[stage_fatura],
    options=TableOptions(reference_dates=REACH, sliced_by="id_cliente"),
)
def book_fatura_ampliado(stage: ir.Table) -> ir.Table:
    """Payments of each client compared with the minimum payment, as known on the reference date."""
    return book(stage, AMPLIADO)

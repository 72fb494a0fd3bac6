"""The wider book: classes by the least payment, over what was paid."""

import ibis.expr.types as ir

from lakehouse.domains.cards.book.aggregate import book
from lakehouse.domains.cards.book.contract import contract
from lakehouse.domains.cards.book.declaration import AMPLIADO
from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import Monthly, TableOptions


@gold(
    contract=contract("BookFaturaAmpliado", AMPLIADO),
    reads=[stage_fatura],
    options=TableOptions(monthly=Monthly(), sliced_by="id_cliente"),
)
def book_fatura_ampliado(stage: ir.Table) -> ir.Table:
    """What each client paid beside the least payment, as known on the reference date."""
    return book(stage, AMPLIADO)

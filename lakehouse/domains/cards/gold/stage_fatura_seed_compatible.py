"""Invoices that the seed-compatible book reads, one row per reference date and payment."""

import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.cards import control
from lakehouse.domains.cards.book.stage import REACH, Mode, stage
from lakehouse.domains.cards.gold.stage_fatura import Staged
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PARTITIONS, TableOptions


class StageFaturaSeedCompatible(Staged, key=("day", "id_cliente", "id_fatura", "id_pagamento")):
    id_pagamento: int = pa.Field(
        nullable=True, description="Number of the payment; null without one"
    )


@gold_as_of(
    contract=StageFaturaSeedCompatible,
    reads=[PARTITIONS, tb_faturas, tb_pagamentos],
    options=TableOptions(
        reference_dates=REACH,
        sliced_by="id_cliente",
        before_compute=control.both_registered,
    ),
)
def stage_fatura_seed_compatible(
    dates: ir.Table, invoices: ir.Table, payments: ir.Table
) -> ir.Table:
    """Invoices and payments of the calendar months that the previous system selected.

    They include the entire month of the reference date, so the book uses data from its future.
    """
    return stage(dates, invoices, payments, Mode.SEED_COMPATIBLE)

"""Invoices that the book reads, one row per reference date and invoice."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import control
from lakehouse.domains.cards.book.stage import REACH, Mode, stage
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.table import PARTITIONS, TableOptions


class Staged(TableModel):
    """One invoice as known on a reference date."""

    day: dt.date = pa.Field(description="Reference date")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    id_fatura: int = pa.Field(description="Number of the invoice, a sequence within the client")
    ref: str = pa.Field(description="Month of the reference date, yyyyMM")
    dt_proc: str = pa.Field(
        description=(
            "Time at which the newest file of the invoice or its payments was"
            " generated, yyyyMMddHHmmss"
        )
    )
    fbc_classif_pagto: str = pa.Field(description="Class by the date of the last payment")
    fbc_classif_vlr_pagto: str = pa.Field(
        description="Class by the amount paid, compared with the value of the invoice"
    )
    fbc_classif_pagto_min: str = pa.Field(
        description="Class by the amount paid, compared with the minimum payment"
    )
    dt_emissao: dt.date = pa.Field(description="Date of issue")
    fvl_vlr_fatura: Decimal(14, 2) = pa.Field(description="Value of the invoice in BRL")
    fvl_vlr_pagto: Decimal(18, 2) = pa.Field(
        nullable=True, description="Amount paid in BRL; null without a payment"
    )
    fvl_vlr_pagto_min: Decimal(14, 2) = pa.Field(
        nullable=True, description="Minimum payment in BRL; null when unknown"
    )
    fvl_perc_vlr_fatura: int = pa.Field(
        description="Amount paid as an integer percentage of the invoice's value"
    )
    fvl_numero_dias_atraso: int = pa.Field(
        description=(
            "Days paid late; for an unpaid invoice days since the due date"
            " (negative before); −1 if paid early"
        )
    )
    fvl_qtd_transacao: int = pa.Field(eq=1, description="Number of invoices in this row, always 1")
    dias_antecipados: int = pa.Field(
        nullable=True, description="Number of days paid early; null when not paid early"
    )
    qtd_pagamentos: int = pa.Field(ge=0, description="Number of payments in this row")
    flg_u1m: int = pa.Field(description="1 when issued in the last month, else 0")
    flg_u3m: int = pa.Field(description="1 when issued in the last 3 months, else 0")
    flg_u6m: int = pa.Field(description="1 when issued in the last 6 months, else 0")
    flg_u9m: int = pa.Field(description="1 when issued in the last 9 months, else 0")
    flg_u12m: int = pa.Field(description="1 when issued in the last 12 months, else 0")


class StageFatura(Staged, key=("day", "id_cliente", "id_fatura")):
    """One invoice on one reference date."""


@gold_as_of(
    contract=StageFatura,
    reads=[PARTITIONS, tb_faturas, tb_pagamentos],
    options=TableOptions(
        reference_dates=REACH,
        sliced_by="id_cliente",
        before_compute=control.both_registered,
    ),
)
def stage_fatura(dates: ir.Table, invoices: ir.Table, payments: ir.Table) -> ir.Table:
    """Invoices of the year before each reference date, with the payments known on that day.

    Payments of one invoice are summed. Invoices and payments after the reference date do not count.
    """
    return stage(dates, invoices, payments, Mode.NATIVE)

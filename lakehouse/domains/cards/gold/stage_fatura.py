"""Invoices as the native book sees them, one row per reference date and invoice."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import control
from lakehouse.domains.cards.book.stage import Mode, stage
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.declare import gold
from lakehouse.platform.tables.table import PARTITIONS, Monthly, TableOptions, all_days


class Staged(pa.DataFrameModel):
    """How one invoice stood on a reference date."""

    day: dt.date = pa.Field(description="Reference date, the first day of a month")
    id_cliente: int = pa.Field(metadata={"personal": "identifier"}, description="Client")
    id_fatura: int = pa.Field(description="Invoice, a sequence within the client")
    ref: str = pa.Field(description="Month of the reference date, yyyyMM")
    dt_proc: str = pa.Field(description="Latest generation of invoice and payments")
    fbc_classif_pagto: str = pa.Field(description="Paid when: by the last payment's day")
    fbc_classif_vlr_pagto: str = pa.Field(description="Paid how much: beside the invoice's value")
    fbc_classif_pagto_min: str = pa.Field(description="Paid how much: beside the least payment")
    dt_emissao: dt.date = pa.Field(description="Day of issue")
    fvl_vlr_fatura: Decimal(14, 2) = pa.Field(description="Value in R$")
    fvl_vlr_pagto: Decimal(18, 2) = pa.Field(
        nullable=True, description="Paid in R$; null without a payment"
    )
    fvl_vlr_pagto_min: Decimal(14, 2) = pa.Field(
        nullable=True, description="Least payment in R$; null when not known"
    )
    fvl_perc_vlr_fatura: int = pa.Field(description="Paid, in whole percents of the value")
    fvl_numero_dias_atraso: int = pa.Field(
        description="Days paid late; unpaid: days since due, negative before; −1: paid early"
    )
    fvl_qtd_transacao: int = pa.Field(eq=1, description="Always 1")
    dias_antecipados: int = pa.Field(
        nullable=True, description="Days paid early; null when it was not paid early"
    )
    qtd_pagamentos: int = pa.Field(ge=0, description="Payments in this row")
    flg_u1m: int = pa.Field(description="1 when issued in the last month, else 0")
    flg_u3m: int = pa.Field(description="1 when issued in the last 3 months, else 0")
    flg_u6m: int = pa.Field(description="1 when issued in the last 6 months, else 0")
    flg_u9m: int = pa.Field(description="1 when issued in the last 9 months, else 0")
    flg_u12m: int = pa.Field(description="1 when issued in the last 12 months, else 0")


class StageFatura(Staged):
    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "id_cliente", "id_fatura"]


@gold(
    contract=StageFatura,
    reads=[PARTITIONS, all_days(tb_faturas), all_days(tb_pagamentos)],
    options=TableOptions(
        monthly=Monthly(before=13, after=1),
        sliced_by="id_cliente",
        before_compute=control.both_registered,
    ),
)
def stage_fatura(months: ir.Table, invoices: ir.Table, payments: ir.Table) -> ir.Table:
    """Invoices of the year up to each reference date, with the payments known on that day.

    Payments of one invoice are put together; what was issued or paid later does not count.
    """
    return stage(months, invoices, payments, Mode.NATIVE)

"""Valid invoices, one row per client and invoice."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import control, rules
from lakehouse.domains.cards.sources import INVOICES
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of
from lakehouse.platform.tables.table import TableOptions


class Faturas(TableModel, key=("id_cliente", "id_fatura")):
    """One invoice of one client."""

    day: dt.date = pa.Field(description="Date of issue, equal to dt_emissao")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    id_fatura: int = pa.Field(description="Number of the invoice, a sequence within the client")
    dt_proc: str = pa.Field(description="Time at which the file was generated, yyyyMMddHHmmss")
    ref: str = pa.Field(description="Month of issue, yyyyMM")
    dt_emissao: dt.date = pa.Field(description="Date of issue")
    dt_vencimento: dt.date = pa.Field(description="Due date of the invoice")
    vlr_fatura: Decimal(14, 2) = pa.Field(
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Value of the invoice in BRL, 0 or more",
    )
    vlr_pagto_min: Decimal(14, 2) = pa.Field(
        nullable=True,
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Minimum payment in BRL; null when the file has none",
    )


@silver(
    contract=Faturas,
    reads=[INVOICES.bronze],
    options=TableOptions(
        before_compute=control.required(control.FATURAS),
        after_commit=control.registering(control.FATURAS),
    ),
)
def tb_faturas(rows: ir.Table) -> ir.Table:
    """Valid invoices; of two rows with the same key the one of the newest generated file wins."""
    read = rules.invoices(rows)
    return read.select(
        **provenance_of(read, day=read.day),
        _reasons=read.reasons,
        _detail=read.detail,
        _version=rules.generated(read),
        day=read["_business_day"].fill_null(read.day),
        id_cliente=read.client,
        id_fatura=read.invoice,
        dt_proc=rules.generated(read),
        ref=rules.ref(read.dt_emissao),
        dt_emissao=read.dt_emissao,
        dt_vencimento=read.dt_vencimento,
        vlr_fatura=read.vlr_fatura,
        vlr_pagto_min=read.vlr_pagto_min,
    )

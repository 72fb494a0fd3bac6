"""Every invoice with what was paid of it."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import positions
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.declare import view


class Invoices(pa.DataFrameModel):
    """One invoice of one client on the last day known."""

    dt_referencia: dt.date = pa.Field(description="Last day that anything is known of")
    id_cliente: int = pa.Field(metadata={"personal": "identifier"}, description="Client")
    id_fatura: int = pa.Field(description="Invoice, a sequence within the client")
    ref: str = pa.Field(description="Month of issue, yyyyMM")
    dt_emissao: dt.date = pa.Field(description="Day of issue")
    dt_vencimento: dt.date = pa.Field(description="Day the invoice is due")
    vlr_fatura: Decimal(14, 2) = pa.Field(description="Value in R$")
    vlr_pagto_min: Decimal(14, 2) = pa.Field(nullable=True, description="Least payment in R$")
    qtd_pagamentos: int = pa.Field(ge=0, description="Payments of the invoice")
    vlr_pago: Decimal(18, 2) = pa.Field(ge=0, description="What they add up to, in R$")
    dt_ultimo_pagamento: dt.date = pa.Field(nullable=True, description="Day of the last of them")
    vlr_aberto: Decimal(18, 2) = pa.Field(ge=0, description="What is left to pay, in R$")
    situacao: str = pa.Field(
        isin=positions.SITUATIONS, description="SEM_PAGAMENTO, PARCIAL, TOTAL or EXCEDENTE"
    )
    dias_vencidos: int = pa.Field(
        nullable=True,
        description="Days since it was due while something is open, negative before; else null",
    )
    faixa: str = pa.Field(
        nullable=True, isin=positions.BUCKETS, description="Ageing bucket while something is open"
    )

    class Config:
        """One row per key."""

        strict = True
        unique = ["id_cliente", "id_fatura"]


@view(contract=Invoices, reads=[tb_faturas, tb_pagamentos])
def invoices(faturas: ir.Table, pagamentos: ir.Table) -> ir.Table:
    """Every invoice with its payments, what is open and for how long it has been due."""
    newest = positions.newest(faturas, pagamentos)
    found = positions.owed(newest, faturas, pagamentos)
    return found.order_by("id_cliente", "id_fatura")

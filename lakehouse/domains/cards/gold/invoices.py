"""Invoices with the sum of their payments."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import positions
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of


class Invoices(TableModel, key=("id_cliente", "id_fatura")):
    """One invoice of one client on the last known day."""

    dt_referencia: dt.date = pa.Field(description="Last known day of invoices and payments")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    id_fatura: int = pa.Field(description="Number of the invoice, a sequence within the client")
    ref: str = pa.Field(description="Month of issue, yyyyMM")
    dt_emissao: dt.date = pa.Field(description="Date of issue")
    dt_vencimento: dt.date = pa.Field(description="Due date of the invoice")
    vlr_fatura: Decimal(14, 2) = pa.Field(description="Value of the invoice in BRL")
    vlr_pagto_min: Decimal(14, 2) = pa.Field(
        nullable=True, description="Minimum payment in BRL; null when the file has none"
    )
    qtd_pagamentos: int = pa.Field(ge=0, description="Number of payments of the invoice")
    vlr_pago: Decimal(18, 2) = pa.Field(ge=0, description="Sum of the payments in BRL")
    dt_ultimo_pagamento: dt.date = pa.Field(
        nullable=True, description="Date of the last payment; null without payments"
    )
    vlr_aberto: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount that is still to be paid in BRL"
    )
    situacao: str = pa.Field(
        isin=positions.SITUATIONS,
        description="Payment status: SEM_PAGAMENTO, PARCIAL, TOTAL or EXCEDENTE",
    )
    dias_vencidos: int = pa.Field(
        nullable=True,
        description=(
            "Number of days since the due date while an amount is open, negative before; else null"
        ),
    )
    faixa: str = pa.Field(
        nullable=True,
        isin=positions.BUCKETS,
        description="Ageing bucket while an amount is open; else null",
    )


@gold_as_of(contract=Invoices, reads=[tb_faturas, tb_pagamentos])
def invoices(faturas: ir.Table, pagamentos: ir.Table) -> ir.Table:
    """Invoices with their payments, the open amount and the days since the due date."""
    newest = positions.newest(faturas, pagamentos)
    found = positions.owed(newest, faturas, pagamentos)
    return found.order_by("id_cliente", "id_fatura")

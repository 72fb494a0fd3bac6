"""Open invoices by number of days overdue."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import positions
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import sum_where


class Ageing(TableModel, key=("dt_referencia", "faixa", "situacao")):
    """Open invoices of one bucket and payment status on one reference day."""

    dt_referencia: dt.date = pa.Field(description="Reference day")
    ordem: int = pa.Field(
        ge=1, le=4, description="Number of the bucket, from 1 for the least overdue"
    )
    faixa: str = pa.Field(
        isin=positions.BUCKETS,
        description="Bucket of days overdue; an invoice is not overdue on its due date",
    )
    situacao: str = pa.Field(
        isin=(positions.UNPAID, positions.PARTLY),
        description=(
            "Payment status: SEM_PAGAMENTO, or PARCIAL when a part was paid by the reference day"
        ),
    )
    qtd_faturas: int = pa.Field(gt=0, description="Number of invoices that are not fully paid")
    qtd_clientes: int = pa.Field(
        gt=0, description="Number of clients with invoices that are not fully paid"
    )
    vlr_fatura: Decimal(18, 2) = pa.Field(ge=0, description="Value of the invoices in BRL")
    vlr_pago: Decimal(18, 2) = pa.Field(ge=0, description="Amount paid by the reference day in BRL")
    vlr_aberto: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount that is still to be paid in BRL"
    )


@gold_as_of(contract=Ageing, reads=[tb_faturas, tb_pagamentos])
def ageing(faturas: ir.Table, pagamentos: ir.Table) -> ir.Table:
    """Open invoices by days overdue, on the first day of each month and on the last known day.

    Only invoices and payments up to the reference day count.
    """
    days = positions.months(faturas, pagamentos)
    found = positions.owed(days, faturas, pagamentos)
    still = found.filter(found.faixa.notnull())
    everything = still.faixa.notnull()
    counted = still.group_by("dt_referencia", "faixa", "situacao").agg(
        qtd_faturas=still.count(),
        qtd_clientes=still.id_cliente.nunique(),
        vlr_fatura=sum_where(still.vlr_fatura, everything),
        vlr_pago=sum_where(still.vlr_pago, everything),
        vlr_aberto=sum_where(still.vlr_aberto, everything),
    )
    return counted.select(
        "dt_referencia",
        ordem=positions.place_of_bucket(counted.faixa),
        faixa=counted.faixa,
        situacao=counted.situacao,
        qtd_faturas=counted.qtd_faturas,
        qtd_clientes=counted.qtd_clientes,
        vlr_fatura=counted.vlr_fatura,
        vlr_pago=counted.vlr_pago,
        vlr_aberto=counted.vlr_aberto,
    ).order_by("dt_referencia", "ordem", "situacao")

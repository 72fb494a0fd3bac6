"""Clients with their invoiced, paid and open amounts."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import positions
from lakehouse.domains.cards.gold.invoices import invoices as all_invoices
from lakehouse.domains.cards.rules import percent
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import sum_where


class Clients(TableModel, key=("id_cliente",)):
    """One client on the last known day."""

    dt_referencia: dt.date = pa.Field(description="Last known day of invoices and payments")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    qtd_faturas: int = pa.Field(gt=0, description="Number of invoices")
    vlr_faturado: Decimal(18, 2) = pa.Field(ge=0, description="Value of the invoices in BRL")
    qtd_pagamentos: int = pa.Field(ge=0, description="Number of payments")
    vlr_pago: Decimal(18, 2) = pa.Field(ge=0, description="Sum of the payments in BRL")
    perc_pago: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Payments in percent of the invoiced value, over 100 if overpaid; null for 0",
    )
    dt_ultimo_pagamento: dt.date = pa.Field(
        nullable=True, description="Date of the last payment; null without payments"
    )
    qtd_sem_pagamento: int = pa.Field(ge=0, description="Number of invoices without any payment")
    qtd_sem_pagamento_recente: int = pa.Field(
        ge=0, description="Number of invoices without payment that came due in the last 180 days"
    )
    vlr_aberto: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount that is still to be paid in BRL"
    )
    vlr_vencido: Decimal(18, 2) = pa.Field(ge=0, description="Amount overdue in BRL")
    vlr_vencido_90: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount more than 90 days overdue, in BRL"
    )
    dias_vencidos_max: int = pa.Field(
        nullable=True,
        description="Number of days that the oldest open invoice is overdue; null when none is",
    )
    em_risco: bool = pa.Field(
        description=(
            "True when at least three invoices that came due in the last 180 days have no payment"
        )
    )


@gold_as_of(contract=Clients, reads=[all_invoices])
def clients(invoices: ir.Table) -> ir.Table:
    """Invoices, payments and overdue amounts of every client on the last known day."""
    late = invoices.dias_vencidos > 0
    unpaid = invoices.situacao == positions.UNPAID
    recently = late & (invoices.dias_vencidos <= positions.RISK_DAYS)
    everything = invoices.id_cliente.notnull()
    summed = invoices.group_by("dt_referencia", "id_cliente").agg(
        qtd_faturas=invoices.count(),
        vlr_faturado=sum_where(invoices.vlr_fatura, everything),
        qtd_pagamentos=invoices.qtd_pagamentos.sum().cast("int64"),
        vlr_pago=sum_where(invoices.vlr_pago, everything),
        dt_ultimo_pagamento=invoices.dt_ultimo_pagamento.max(),
        qtd_sem_pagamento=invoices.count(where=unpaid),
        qtd_sem_pagamento_recente=invoices.count(where=unpaid & recently),
        vlr_aberto=sum_where(invoices.vlr_aberto, everything),
        vlr_vencido=sum_where(invoices.vlr_aberto, late),
        vlr_vencido_90=sum_where(invoices.vlr_aberto, invoices.faixa == positions.OVER_90),
        dias_vencidos_max=invoices.dias_vencidos.max(where=late),
    )
    return summed.select(
        "dt_referencia",
        "id_cliente",
        "qtd_faturas",
        "vlr_faturado",
        "qtd_pagamentos",
        "vlr_pago",
        perc_pago=percent(summed.vlr_pago, summed.vlr_faturado),
        dt_ultimo_pagamento=summed.dt_ultimo_pagamento,
        qtd_sem_pagamento=summed.qtd_sem_pagamento,
        qtd_sem_pagamento_recente=summed.qtd_sem_pagamento_recente,
        vlr_aberto=summed.vlr_aberto,
        vlr_vencido=summed.vlr_vencido,
        vlr_vencido_90=summed.vlr_vencido_90,
        dias_vencidos_max=summed.dias_vencidos_max,
        em_risco=summed.qtd_sem_pagamento_recente >= positions.RISK_INVOICES,
    ).order_by("id_cliente")

"""Key figures of the dashboard."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.domains.cards.rules import percent
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import sum_where


class Kpis(TableModel, key=("dt_referencia",)):
    """All clients on the last known day."""

    dt_referencia: dt.date = pa.Field(description="Last known day of invoices and payments")
    qtd_clientes: int = pa.Field(gt=0, description="Number of clients with invoices")
    qtd_faturas: int = pa.Field(gt=0, description="Number of invoices")
    vlr_faturado: Decimal(18, 2) = pa.Field(ge=0, description="Value of the invoices in BRL")
    qtd_pagamentos: int = pa.Field(ge=0, description="Number of payments")
    vlr_pago: Decimal(18, 2) = pa.Field(ge=0, description="Sum of the payments in BRL")
    perc_pago: Decimal(18, 2) = pa.Field(
        nullable=True, description="Payments in percent of the invoiced value; null for value 0"
    )
    qtd_sem_pagamento: int = pa.Field(ge=0, description="Number of invoices without any payment")
    perc_sem_pagamento: Decimal(18, 2) = pa.Field(
        nullable=True,
        description="Share of invoices without payment, in percent; null without invoices",
    )
    vlr_aberto: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount that is still to be paid in BRL"
    )
    vlr_vencido: Decimal(18, 2) = pa.Field(ge=0, description="Amount overdue in BRL")
    vlr_vencido_90: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount more than 90 days overdue, in BRL"
    )
    qtd_clientes_em_risco: int = pa.Field(ge=0, description="Number of clients at risk")


@gold_as_of(contract=Kpis, reads=[all_clients])
def kpis(clients: ir.Table) -> ir.Table:
    """Total amounts invoiced, paid, open and at risk; without data there is no row."""
    everyone = clients.id_cliente.notnull()
    total = clients.group_by("dt_referencia").agg(
        qtd_clientes=clients.count(),
        qtd_faturas=clients.qtd_faturas.sum().cast("int64"),
        vlr_faturado=sum_where(clients.vlr_faturado, everyone),
        qtd_pagamentos=clients.qtd_pagamentos.sum().cast("int64"),
        vlr_pago=sum_where(clients.vlr_pago, everyone),
        qtd_sem_pagamento=clients.qtd_sem_pagamento.sum().cast("int64"),
        vlr_aberto=sum_where(clients.vlr_aberto, everyone),
        vlr_vencido=sum_where(clients.vlr_vencido, everyone),
        vlr_vencido_90=sum_where(clients.vlr_vencido_90, everyone),
        qtd_clientes_em_risco=clients.count(where=clients.em_risco),
    )
    return total.select(
        "dt_referencia",
        "qtd_clientes",
        "qtd_faturas",
        "vlr_faturado",
        "qtd_pagamentos",
        "vlr_pago",
        perc_pago=percent(total.vlr_pago, total.vlr_faturado),
        qtd_sem_pagamento=total.qtd_sem_pagamento,
        perc_sem_pagamento=percent(total.qtd_sem_pagamento, total.qtd_faturas),
        vlr_aberto=total.vlr_aberto,
        vlr_vencido=total.vlr_vencido,
        vlr_vencido_90=total.vlr_vencido_90,
        qtd_clientes_em_risco=total.qtd_clientes_em_risco,
    )

"""The figures at the top of the dashboard."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.domains.cards.rules import percent
from lakehouse.platform.tables.declare import view
from lakehouse.platform.tables.expressions import sum_where


class Kpis(pa.DataFrameModel):
    """All clients on the last day known."""

    dt_referencia: dt.date = pa.Field(description="Last day that anything is known of")
    qtd_clientes: int = pa.Field(gt=0, description="Clients with invoices")
    qtd_faturas: int = pa.Field(gt=0, description="Invoices")
    vlr_faturado: Decimal(18, 2) = pa.Field(ge=0, description="Their value in R$")
    qtd_pagamentos: int = pa.Field(ge=0, description="Payments")
    vlr_pago: Decimal(18, 2) = pa.Field(ge=0, description="What they add up to, in R$")
    perc_pago: Decimal(18, 2) = pa.Field(
        nullable=True, description="Paid of what was invoiced, in percent"
    )
    qtd_sem_pagamento: int = pa.Field(ge=0, description="Invoices without any payment")
    perc_sem_pagamento: Decimal(18, 2) = pa.Field(
        nullable=True, description="Their share of all invoices, in percent"
    )
    vlr_aberto: Decimal(18, 2) = pa.Field(ge=0, description="What is left to pay, in R$")
    vlr_vencido: Decimal(18, 2) = pa.Field(ge=0, description="Of that what is overdue, in R$")
    vlr_vencido_90: Decimal(18, 2) = pa.Field(
        ge=0, description="Of that what has been overdue for more than 90 days, in R$"
    )
    qtd_clientes_em_risco: int = pa.Field(ge=0, description="Clients at risk")

    class Config:
        """At most one row."""

        strict = True
        unique = ["dt_referencia"]


@view(contract=Kpis, reads=[all_clients])
def kpis(clients: ir.Table) -> ir.Table:
    """What is invoiced, paid, open and at risk in all; no row before anything is known."""
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

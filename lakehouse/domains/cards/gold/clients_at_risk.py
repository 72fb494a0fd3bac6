"""Clients at risk, highest risk first."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.cards.gold.clients import Clients
from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import rank_by


class ClientsAtRisk(Clients):
    """One client at risk."""

    posicao: int = pa.Field(
        ge=1, description="Rank among the clients at risk, 1 is the highest risk"
    )


@gold_as_of(contract=ClientsAtRisk, reads=[all_clients])
def clients_at_risk(clients: ir.Table) -> ir.Table:
    """Clients with at least three recent unpaid invoices, by their number and overdue amount."""
    risky = clients.filter(clients.em_risco)
    worst_first = (
        ibis.desc("qtd_sem_pagamento_recente"),
        ibis.desc("vlr_vencido"),
        "id_cliente",
    )
    return risky.mutate(posicao=rank_by(*worst_first)).order_by("posicao")

"""Invoices as they were delivered, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.cards.sources import INVOICES
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Faturas(Landed):
    """Invoices as they were delivered, one row per record."""

    id_fatura: str = pa.Field(nullable=True, description="<client>-<sequence>, or a plain number")
    id_cliente: str = pa.Field(
        nullable=True, metadata={"personal": "identifier"}, description="Client"
    )
    data_emissao: str = pa.Field(nullable=True, description="Day of issue")
    data_vencimento: str = pa.Field(nullable=True, description="Day the invoice is due")
    valor_fatura: str = pa.Field(nullable=True, description="Value in R$")
    valor_pagamento_minimo: str = pa.Field(
        nullable=True, description="Least payment in R$; the second layout has none"
    )


tb_faturas = landed(module=__name__, source=INVOICES, contract=Faturas)

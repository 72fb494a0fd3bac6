"""Payments as they were delivered, every value as text."""

import pandera.ibis as pa

from lakehouse.domains.cards.sources import PAYMENTS
from lakehouse.platform.tables.declare import landed
from lakehouse.platform.tables.provenance import Landed


class Pagamentos(Landed):
    """Payments as they were delivered, one row per record."""

    id_pagamento: str = pa.Field(
        nullable=True, description="PG-<client>-<sequence>, or a plain number"
    )
    id_fatura: str = pa.Field(nullable=True, description="Invoice it pays, written as there")
    id_cliente: str = pa.Field(
        nullable=True, metadata={"personal": "identifier"}, description="Client"
    )
    data_pagamento: str = pa.Field(nullable=True, description="Day of payment")
    valor_pagamento: str = pa.Field(nullable=True, description="Amount in R$")


tb_pagamentos = landed(module=__name__, source=PAYMENTS, contract=Pagamentos)

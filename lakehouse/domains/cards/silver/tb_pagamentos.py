"""Payments that can be trusted, one row per client and payment."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import rules
from lakehouse.domains.cards.bronze.tb_pagamentos import tb_pagamentos as landed_payments
from lakehouse.platform.frames import refused, traced
from lakehouse.platform.table import silver


class Pagamentos(pa.DataFrameModel):
    """One payment of one invoice; an invoice may have several."""

    day: dt.date = pa.Field(description="Day of payment, the same as dt_pagamento")
    id_pagamento: int = pa.Field(description="Payment, a sequence within the client")
    id_fatura: int = pa.Field(description="Invoice of the client that it pays")
    id_cliente: int = pa.Field(description="Client")
    dt_proc: str = pa.Field(description="When the file was generated, yyyyMMddHHmmss")
    ref: str = pa.Field(description="Month of payment, yyyyMM")
    dt_pagamento: dt.date = pa.Field(description="Day of payment")
    vlr_pagamento: Decimal(14, 2) = pa.Field(
        ge=0, metadata={"reason": "bad_amount"}, description="Amount in R$, 0 or more"
    )

    class Config:
        """One row per key, over all days."""

        strict = True
        unique = ["id_cliente", "id_pagamento"]


@silver(contract=Pagamentos, reads=[landed_payments])
def tb_pagamentos(landed: ir.Table) -> ir.Table:
    """Payments that can be trusted; of a payment the newest generated file wins."""
    read = landed.mutate(
        client=rules.number(landed.id_cliente, rules.PLAIN),
        payment=rules.number(landed.id_pagamento, rules.PAYMENT_ID),
        invoice=rules.number(landed.id_fatura, rules.INVOICE_ID),
        dt_pagamento=rules.known_date(landed.data_pagamento, landed),
        vlr_pagamento=rules.amount(landed.valor_pagamento),
    )
    return read.select(
        **traced(read, day=read.day),
        _reasons=refused(
            bad_id=read.client.isnull()
            | read.payment.isnull()
            | read.invoice.isnull()
            | (rules.owner(read.id_pagamento) != read.client).fill_null(False)
            | (rules.owner(read.id_fatura) != read.client).fill_null(False),
            bad_date=read.dt_pagamento.isnull(),
            bad_amount=read.vlr_pagamento.isnull(),
        ),
        day=read["_business_day"].fill_null(read.day),
        id_pagamento=read.payment,
        id_fatura=read.invoice,
        id_cliente=read.client,
        dt_proc=rules.generated(read),
        ref=rules.ref(read.dt_pagamento),
        dt_pagamento=read.dt_pagamento,
        vlr_pagamento=read.vlr_pagamento,
    )

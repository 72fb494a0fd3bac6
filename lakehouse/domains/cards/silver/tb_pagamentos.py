"""Payments that can be trusted, one row per client and payment."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import control, rules
from lakehouse.domains.cards.sources import INVOICES, PAYMENTS
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import provenance_of, rejected
from lakehouse.platform.tables.table import TableOptions, all_days


class Pagamentos(pa.DataFrameModel):
    """One payment of one invoice; an invoice may have several."""

    day: dt.date = pa.Field(description="Day of payment, the same as dt_pagamento")
    id_pagamento: int = pa.Field(description="Payment, a sequence within the client")
    id_fatura: int = pa.Field(description="Invoice of the client that it pays")
    id_cliente: int = pa.Field(metadata={"personal": "identifier"}, description="Client")
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


@silver(
    contract=Pagamentos,
    reads=[PAYMENTS.bronze, all_days(INVOICES.bronze)],
    options=TableOptions(
        before_compute=control.required(control.PAGAMENTOS),
        after_commit=control.registering(control.PAGAMENTOS),
    ),
)
def tb_pagamentos(landed: ir.Table, invoices: ir.Table) -> ir.Table:
    """Payments that can be trusted; of a payment the newest generated file wins.

    The invoice is looked for among all that landed and can be trusted, so a payment that comes
    before its invoice waits in quarantine and leaves it by itself.
    """
    read = landed.mutate(
        client=rules.number(landed.id_cliente, rules.PLAIN),
        payment=rules.number(landed.id_pagamento, rules.PAYMENT_ID),
        invoice=rules.number(landed.id_fatura, rules.INVOICE_ID),
        dt_pagamento=rules.known_date(landed.data_pagamento, landed),
        vlr_pagamento=rules.amount(landed.valor_pagamento),
    )
    read_invoices = rules.invoices(invoices)
    known = (
        read_invoices.filter(read_invoices.reasons == "")
        .select(client="client", invoice="invoice", known=True)
        .distinct()
    )
    checked = read.left_join(known, ["client", "invoice"])  # many payments to one invoice
    named = checked.client.notnull() & checked.invoice.notnull()
    unknown = named & checked.known.isnull()
    return checked.select(
        **provenance_of(checked, day=checked.day),
        _reasons=rejected(
            bad_id=checked.client.isnull()
            | checked.payment.isnull()
            | checked.invoice.isnull()
            | (rules.owner(checked.id_pagamento) != checked.client).fill_null(False)
            | (rules.owner(checked.id_fatura) != checked.client).fill_null(False),
            bad_date=checked.dt_pagamento.isnull(),
            bad_amount=checked.vlr_pagamento.isnull(),
            payment_without_invoice=unknown,
        ),
        _version=rules.generated(checked),
        day=checked["_business_day"].fill_null(checked.day),
        id_pagamento=checked.payment,
        id_fatura=checked.invoice,
        id_cliente=checked.client,
        dt_proc=rules.generated(checked),
        ref=rules.ref(checked.dt_pagamento),
        dt_pagamento=checked.dt_pagamento,
        vlr_pagamento=checked.vlr_pagamento,
    )

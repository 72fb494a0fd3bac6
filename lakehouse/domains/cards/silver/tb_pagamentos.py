"""Valid payments, one row per client and payment."""

import datetime as dt

import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards import control, rules
from lakehouse.domains.cards.sources import INVOICES, PAYMENTS
from lakehouse.platform.tables import identifiers
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import silver
from lakehouse.platform.tables.expressions import explained, found, provenance_of, rejected
from lakehouse.platform.tables.table import TableOptions, all_days


class Pagamentos(TableModel, key=("id_cliente", "id_pagamento")):
    """One payment of one invoice; an invoice may have several."""

    day: dt.date = pa.Field(description="Date of payment, equal to dt_pagamento")
    id_pagamento: int = pa.Field(description="Number of the payment, a sequence within the client")
    id_fatura: int = pa.Field(description="Number of the client's invoice that is paid")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    dt_proc: str = pa.Field(description="Time at which the file was generated, yyyyMMddHHmmss")
    ref: str = pa.Field(description="Month of payment, yyyyMM")
    dt_pagamento: dt.date = pa.Field(description="Date of payment")
    vlr_pagamento: Decimal(14, 2) = pa.Field(
        ge=0,
        le=rules.MAX_AMOUNT,
        metadata={"reason": "bad_amount"},
        description="Amount paid in BRL, 0 or more",
    )


@silver(
    contract=Pagamentos,
    reads=[PAYMENTS.bronze, all_days(INVOICES.bronze)],
    options=TableOptions(
        before_compute=control.required(control.PAGAMENTOS),
        after_commit=control.registering(control.PAGAMENTOS),
    ),
)
def tb_pagamentos(rows: ir.Table, invoices: ir.Table) -> ir.Table:
    """Valid payments; of two rows with the same key the one of the newest generated file wins.

    The invoice may be in any received file. A payment that arrives before its invoice stays in
    quarantine and becomes valid when the invoice arrives.
    """
    read = rows.mutate(
        client=rules.number(rows.id_cliente, rules.PLAIN),
        payment=rules.number(rows.id_pagamento, rules.PAYMENT_ID),
        invoice=rules.number(rows.id_fatura, rules.INVOICE_ID),
        dt_pagamento=rules.known_date(rows.data_pagamento, rows),
        vlr_pagamento=rules.amount(rows.valor_pagamento),
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
    ids = ("id_cliente", "id_pagamento", "id_fatura")
    damaged = {name: identifiers.is_damaged(checked[name]) for name in ids}
    bad_client = checked.client.isnull() & ~damaged["id_cliente"]
    bad_payment = (
        checked.payment.isnull()
        | (rules.owner(checked.id_pagamento) != checked.client).fill_null(False)
    ) & ~damaged["id_pagamento"]
    bad_invoice = (
        checked.invoice.isnull()
        | (rules.owner(checked.id_fatura) != checked.client).fill_null(False)
    ) & ~damaged["id_fatura"]
    bad_date, bad_amount = checked.dt_pagamento.isnull(), checked.vlr_pagamento.isnull()
    return checked.select(
        **provenance_of(checked, day=checked.day),
        _reasons=rejected(
            damaged_id=damaged["id_cliente"] | damaged["id_pagamento"] | damaged["id_fatura"],
            bad_id=bad_client | bad_payment | bad_invoice,
            bad_date=bad_date,
            bad_amount=bad_amount,
            payment_without_invoice=unknown,
        ),
        _detail=explained(
            *((damaged[n], found(n, checked[n]), identifiers.EXPECTED) for n in ids),
            (bad_client, found("id_cliente", checked.id_cliente), rules.CLIENT_ID),
            (bad_payment, found("id_pagamento", checked.id_pagamento), rules.PAYMENT_NUMBER),
            (bad_invoice, found("id_fatura", checked.id_fatura), rules.INVOICE_NUMBER),
            (bad_date, found("data_pagamento", checked.data_pagamento), rules.DATE),
            (bad_amount, found("valor_pagamento", checked.valor_pagamento), rules.AMOUNT),
            (unknown, found("id_fatura", checked.id_fatura), rules.KNOWN_INVOICE),
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

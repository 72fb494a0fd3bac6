"""Outcome of each client after a reference date, to train models on the book."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa

from lakehouse.domains.cards.gold.stage_fatura import stage_fatura
from lakehouse.domains.cards.silver.tb_faturas import tb_faturas
from lakehouse.domains.cards.silver.tb_pagamentos import tb_pagamentos
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of

DUE_DAYS, GRACE_DAYS = 60, 30
HORIZON_DAYS = DUE_DAYS + GRACE_DAYS


class DefaultLabels(TableModel, key=("dt_referencia", "id_cliente")):
    """One client of the book on one reference date; the book has the features."""

    dt_referencia: dt.date = pa.Field(description="Reference date, equal to `day` of the book")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    dt_observado: dt.date = pa.Field(description="Last day whose data the labels use")
    faturas_vencidas: int = pa.Field(
        nullable=True,
        ge=0,
        description=(
            "Number of invoices due in the 60 days after the reference date; null until data of"
            " later days is known"
        ),
    )
    faturas_inadimplentes: int = pa.Field(
        nullable=True,
        ge=0,
        description=(
            "Number of invoices due in the 60 days after the reference date that have no payment"
            " 30 days after their due date; null until data of later days is known"
        ),
    )
    inadimplente: bool = pa.Field(
        nullable=True,
        description=(
            "True when faturas_inadimplentes is at least 1; null until data of later days is known"
        ),
    )
    evadido: bool = pa.Field(
        nullable=True,
        description=(
            "True without an invoice in the 90 days after the reference date; null"
            " until data of later days is known"
        ),
    )


@gold_as_of(contract=DefaultLabels, reads=[stage_fatura, tb_faturas, tb_pagamentos])
def default_labels(stage: ir.Table, invoices: ir.Table, payments: ir.Table) -> ir.Table:
    """Default and churn in the 90 days after each reference date; earlier data does not count.

    Labels are null until data after these days is known, because a client without data is not a
    good client. Join features from the book by reference date and client.
    """
    days = ibis.union(invoices.select("day"), payments.select("day"))
    known = days.agg(newest=days.day.max())
    clients = stage.select("id_cliente", dt_referencia="day").distinct()
    issued = invoices.select("id_cliente", "id_fatura", "dt_emissao", "dt_vencimento")
    paid = issued.inner_join(payments, ["id_cliente", "id_fatura"])  # one invoice to its payments
    in_time = paid.filter(paid.dt_pagamento <= paid.dt_vencimento + ibis.interval(days=GRACE_DAYS))
    settled = in_time.select("id_cliente", "id_fatura", settled=True).distinct()
    outcomes = issued.left_join(settled, ["id_cliente", "id_fatura"])  # one to at most one
    after = clients.left_join(  # one client to all of its invoices
        outcomes.drop("id_cliente_right", "id_fatura_right"), "id_cliente"
    )
    until_due = after.dt_vencimento.delta(after.dt_referencia, unit="day")
    until_issue = after.dt_emissao.delta(after.dt_referencia, unit="day")
    due = until_due.between(1, DUE_DAYS)
    counted = after.group_by("dt_referencia", "id_cliente").agg(
        due=after.count(where=due),
        unpaid=after.count(where=due & after.settled.isnull()),
        issued=after.count(where=until_issue.between(1, HORIZON_DAYS)),
    )
    seen = counted.cross_join(known)
    last = (seen.dt_referencia + ibis.interval(days=HORIZON_DAYS)).cast("date")
    over = seen.newest > last
    return seen.select(
        "dt_referencia",
        "id_cliente",
        dt_observado=last,
        faturas_vencidas=over.ifelse(seen.due, ibis.null("int64")),
        faturas_inadimplentes=over.ifelse(seen.unpaid, ibis.null("int64")),
        inadimplente=over.ifelse(seen.unpaid > 0, ibis.null("boolean")),
        evadido=over.ifelse(seen.issued == 0, ibis.null("boolean")),
    ).order_by("dt_referencia", "id_cliente")

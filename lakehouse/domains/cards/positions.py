"""Amounts owed on a day: invoices issued by then, less what was paid by then."""

import ibis
import ibis.expr.types as ir

from lakehouse.platform.tables.expressions import sum_where

UNPAID, PARTLY, WHOLLY, EXCEEDED = "SEM_PAGAMENTO", "PARCIAL", "TOTAL", "EXCEDENTE"
SITUATIONS = (UNPAID, PARTLY, WHOLLY, EXCEEDED)
NOT_DUE, UP_TO_30, UP_TO_90, OVER_90 = "A vencer", "1-30 dias", "31-90 dias", "Acima de 90 dias"
BUCKETS = (NOT_DUE, UP_TO_30, UP_TO_90, OVER_90)
RISK_DAYS, RISK_INVOICES = 180, 3
"""A client is at risk with this number of invoices that came due in these days without payment."""


def newest(invoices: ir.Table, payments: ir.Table) -> ir.Table:
    """Return one row with the last known day of invoices and payments as dt_referencia."""
    known = ibis.union(invoices.select("day"), payments.select("day"))
    return known.agg(dt_referencia=known.day.max())


def months(invoices: ir.Table, payments: ir.Table) -> ir.Table:
    """Return the first day of every month with invoices or payments, and the last known day."""
    known = ibis.union(invoices.select("day"), payments.select("day"), distinct=True)
    firsts = known.select(dt_referencia=ibis.date(known.day.year(), known.day.month(), 1))
    return ibis.union(firsts, newest(invoices, payments), distinct=True)


def owed(days: ir.Table, invoices: ir.Table, payments: ir.Table) -> ir.Table:
    """Return each invoice on each reference day since its issue, with what was paid by that day.

    The open amount is never negative; it is overdue from the day after the due date.
    """
    paid = days.inner_join(payments, days.dt_referencia >= payments.dt_pagamento)
    paid = paid.group_by("dt_referencia", "id_cliente", "id_fatura").agg(
        qtd_pagamentos=paid.count(),
        vlr_pago=sum_where(paid.vlr_pagamento, ibis.literal(True)),
        dt_ultimo_pagamento=paid.dt_pagamento.max(),
    )
    issued = days.inner_join(invoices, days.dt_referencia >= invoices.dt_emissao)
    both = issued.left_join(  # one invoice to one sum of its payments
        paid, ["dt_referencia", "id_cliente", "id_fatura"]
    )
    none = ibis.literal(0).cast("decimal(18, 2)")
    value = both.vlr_fatura.cast("decimal(18, 2)")
    had = both.vlr_pago.fill_null(none)
    rest = (value > had).ifelse((value - had).cast("decimal(18, 2)"), none)
    is_open = rest > 0
    late = both.dt_referencia.delta(both.dt_vencimento, unit="day")
    return both.select(
        "dt_referencia",
        "id_cliente",
        "id_fatura",
        "ref",
        "dt_emissao",
        "dt_vencimento",
        "vlr_fatura",
        "vlr_pagto_min",
        qtd_pagamentos=both.qtd_pagamentos.fill_null(0),
        vlr_pago=had,
        dt_ultimo_pagamento=both.dt_ultimo_pagamento,
        vlr_aberto=rest,
        situacao=ibis.cases(
            (both.qtd_pagamentos.isnull(), UNPAID),
            (had < value, PARTLY),
            (had == value, WHOLLY),
            else_=EXCEEDED,
        ),
        dias_vencidos=is_open.ifelse(late, ibis.null("int64")),
        faixa=is_open.ifelse(bucket(late), ibis.null("string")),
    )


def bucket(days_late: ir.IntegerValue) -> ir.StringValue:
    """Return the ageing bucket of an open invoice by the number of days since its due date.

    >>> [bucket(ibis.literal(days)).execute() for days in (0, 1, 30, 31, 90, 91)]
    ['A vencer', '1-30 dias', '1-30 dias', '31-90 dias', '31-90 dias', 'Acima de 90 dias']
    """
    return ibis.cases(
        (days_late <= 0, NOT_DUE),
        (days_late <= 30, UP_TO_30),
        (days_late <= 90, UP_TO_90),
        else_=OVER_90,
    )


def place_of_bucket(name: ir.StringValue) -> ir.IntegerValue:
    """Return the number of a bucket, from 1 for the least overdue."""
    return ibis.cases(*((name == each, n) for n, each in enumerate(BUCKETS, start=1)))

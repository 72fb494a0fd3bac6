"""The stage of a book: every invoice it reads, how the invoice was paid, and its windows."""

from enum import StrEnum

import ibis
import ibis.expr.types as ir

from lakehouse.domains.cards.book import declaration as names
from lakehouse.domains.cards.rules import ref
from lakehouse.platform.tables.table import ReferenceDates


class Mode(StrEnum):
    """Which invoices and payments a reference date reads."""

    NATIVE = "native"
    """Data known on the reference date; payments of one invoice are summed."""
    SEED_COMPATIBLE = "seed_compatible"
    """The previous system's selection by months, with the entire month of the reference date."""


REACH = ReferenceDates(before=13, after=1)
"""Days that a reference date reads: no payment of an earlier month counts."""


def stage(dates: ir.Table, invoices: ir.Table, payments: ir.Table, mode: Mode) -> ir.Table:
    """Return the invoices of the year before each reference date, with their payments.

    `dates` has the reference dates as ``day``. Native gives one row per invoice, seed-compatible
    one row per payment.
    """
    native = mode is Mode.NATIVE
    paid = _known_payments(dates, payments) if native else _payments_of_months(dates, payments)
    issued = _seen(dates, invoices, "dt_emissao", whole_months=not native)
    both = issued.left_join(paid, ["day", "id_cliente", "id_fatura"])  # one invoice to its payments
    age = thirty_firsts(both.day, both.dt_emissao)
    late = both.dt_pagamento.delta(both.dt_vencimento, unit="day")
    unpaid = both.qtd_pagamentos.isnull()
    money = "decimal(18, 2)"
    value, had = both.vlr_fatura.cast(money), both.vlr_pago
    partly, wholly = (had < value).fill_null(False), (had == value).fill_null(False)
    exceeds = (had > value).fill_null(False)
    columns = {
        "day": both.day,
        "id_cliente": both.id_cliente,
        "id_fatura": both.id_fatura,
        **({} if native else {"id_pagamento": both.id_pagamento}),
        "ref": ref(both.day),
        "dt_proc": ibis.greatest(both.dt_proc, both.dt_proc_pagamento.fill_null(both.dt_proc)),
        "fbc_classif_pagto": ibis.cases(
            (unpaid, names.SEM_PAGAMENTO),
            (late == 0, names.NO_PRAZO),
            (late < 0, names.ANTECIPADO),
            else_=names.EM_ATRASO,
        ),
        "fbc_classif_vlr_pagto": ibis.cases(
            (wholly, names.TOTAL),
            (partly, names.PARCIAL),
            (exceeds, names.EXCEDENTE if native else names.SEM_VALOR),
            else_=names.SEM_VALOR,
        ),
        "fbc_classif_pagto_min": ibis.cases(
            (unpaid, names.SEM_PAGAMENTO),
            (wholly, names.PAGO_TOTAL),
            (exceeds, names.PAGO_EXCEDENTE),
            (both.vlr_pagto_min.isnull(), names.SEM_MINIMO),
            (had < both.vlr_pagto_min.cast(money), names.INSUFICIENTE),
            (had == both.vlr_pagto_min.cast(money), names.MINIMO),
            else_=names.ACIMA_DO_MINIMO,
        ),
        "dt_emissao": both.dt_emissao,
        "fvl_vlr_fatura": both.vlr_fatura,
        "fvl_vlr_pagto": had,
        "fvl_vlr_pagto_min": both.vlr_pagto_min,
        "fvl_perc_vlr_fatura": ibis.cases(
            (wholly, 100),
            (partly | exceeds if native else partly, percent(had, value)),
            else_=0,
        ).cast("int64"),
        "fvl_numero_dias_atraso": ibis.cases(
            (unpaid, both.day.delta(both.dt_vencimento, unit="day")),
            (late < 0, -1),
            else_=late,
        ).cast("int64"),
        "fvl_qtd_transacao": ibis.literal(1).cast("int64"),
        "dias_antecipados": (late < 0).ifelse(-late, ibis.null("int64")),
        "qtd_pagamentos": both.qtd_pagamentos.fill_null(0).cast("int64"),
    }
    flags = {
        f"flg_u{months}m": (
            (age <= 31 * months) & (age >= 0) if native else age <= 31 * months
        ).cast("int64")
        for months in names.WINDOWS
    }
    return both.select(**columns, **flags)


def _seen(dates: ir.Table, rows: ir.Table, at: str, *, whole_months: bool) -> ir.Table:
    """Return the rows of the twelve months before each reference date and of its date or month."""
    dated = rows.drop("day", "ref")
    if whole_months:
        first, following = _month(dates.day, -12), _month(dates.day, 1)
        return dates.inner_join(dated, [dated[at] >= first, dated[at] < following])
    first = (dates.day - ibis.interval(months=12)).cast("date")
    return dates.inner_join(dated, [dated[at] >= first, dated[at] <= dates.day])


def _month(day: ir.DateValue, months: int) -> ir.DateValue:
    """Return the first day of the month that is this number of months after the day's month."""
    return (day.truncate("M").cast("date") + ibis.interval(months=months)).cast("date")


def _known_payments(dates: ir.Table, payments: ir.Table) -> ir.Table:
    """Return the sum of the payments of each invoice up to a reference date."""
    dated = payments.drop("day", "ref")
    first = _month(dates.day, -REACH.before)
    known = dates.inner_join(dated, [dated.dt_pagamento >= first, dated.dt_pagamento <= dates.day])
    return known.group_by("day", "id_cliente", "id_fatura").agg(
        vlr_pago=known.vlr_pagamento.sum().cast("decimal(38, 2)").cast("decimal(18, 2)"),
        dt_pagamento=known.dt_pagamento.max(),
        qtd_pagamentos=known.count(),
        dt_proc_pagamento=known.dt_proc.max(),
    )


def _payments_of_months(dates: ir.Table, payments: ir.Table) -> ir.Table:
    """Return the payments in the months that a reference date reads, one row each."""
    seen = _seen(dates, payments, "dt_pagamento", whole_months=True)
    return seen.select(
        "day",
        "id_cliente",
        "id_fatura",
        "id_pagamento",
        "dt_pagamento",
        vlr_pago=seen.vlr_pagamento.cast("decimal(18, 2)"),
        qtd_pagamentos=ibis.literal(1),
        dt_proc_pagamento=seen.dt_proc,
    )


def thirty_firsts(later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
    """Return Spark's MONTHS_BETWEEN × 31, which is an integer and so is not rounded.

    A day counts as a thirty-first of a month. Days are ignored when both dates have the same day of
    the month or both are the last day of their month.

    >>> thirty_firsts(ibis.date("2024-02-01"), ibis.date("2023-12-31")).execute()
    32
    """
    months = (later.year() - earlier.year()) * 12 + later.month() - earlier.month()
    days = later.day() - earlier.day()
    both_end = _ends_a_month(later) & _ends_a_month(earlier)
    return (months * 31 + both_end.ifelse(0, days)).cast("int64")


def _ends_a_month(day: ir.DateValue) -> ir.BooleanValue:
    return (day + ibis.interval(days=1)).day() == 1


def percent(part: ir.DecimalValue, total: ir.DecimalValue) -> ir.IntegerValue:
    """Return `part` ÷ `total` as an integer percentage, rounded half up; 0 where `total` is 0.

    Both are in cents. Exact up to BRL 450 billion, because both engines divide integers as doubles.
    """
    cents, of = ((x * 100).cast("decimal(38, 0)").cast("int64") for x in (part, total))
    return ((cents * 200 + of) // (of * 2).nullif(0)).fill_null(0)

"""How invoices and payments are parsed, and which of them are rejected."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.cards import SPEC
from lakehouse.platform.tables.expressions import (
    parse_date,
    parse_decimal,
    parse_int,
    rate,
    rejected,
)

NUMBER = "(0|[1-9][0-9]{0,17})"
"""An identifier has one form only, because rows of one key are found by its text."""
PLAIN = f"^{NUMBER}$"
INVOICE_ID = f"^({NUMBER}-)?{NUMBER}$"
PAYMENT_ID = f"^(PG-{NUMBER}-)?{NUMBER}$"
GENERATED = r"_[0-9]{8}_([0-9]{14})\.[^/]*$"


def number(text: ir.StringValue, form: str) -> ir.IntegerValue:
    """Return the digits after the last dash of an identifier of this form; null for other text.

    >>> number(ibis.literal("PG-345-7"), PAYMENT_ID).execute()
    7
    """
    last = text.re_extract("([0-9]+)$", 1)
    return text.re_search(form).ifelse(last, ibis.null("string")).try_cast("int64")


def owner(text: ir.StringValue) -> ir.IntegerValue:
    """Return the client that an identifier names before its last dash; null when it names none.

    >>> owner(ibis.literal("PG-345-7")).execute()
    345
    """
    return parse_int(text.re_extract("([0-9]+)-[0-9]+$", 1).nullif(""))


def known_date(text: ir.StringValue, rows: ir.Table) -> ir.DateValue:
    """Return a date from the domain's first day to the day after the delivery; null for others."""
    written = parse_date(text)
    known = written.between(ibis.literal(SPEC.since), rows.day + ibis.interval(days=1))
    return known.ifelse(written, ibis.null("date"))


def generated(rows: ir.Table) -> ir.StringValue:
    """Return the moment in a file's name at which the file was generated, yyyyMMddHHmmss."""
    return rows["_file"].re_extract(GENERATED, 1)


def amount(text: ir.StringValue) -> ir.DecimalValue:
    """Parse an amount in BRL, 0 or more, with at most two decimals; null for other text."""
    written = parse_decimal(text)
    return (written >= 0).ifelse(written, ibis.null("decimal(14, 2)"))


def invoices(rows: ir.Table) -> ir.Table:
    """Return bronze invoices with parsed values and the reason codes of the rejected ones.

    The client in ``345-7`` must be the client of the row. A minimum payment that is not given is
    null.
    """
    read = rows.mutate(
        client=number(rows.id_cliente, PLAIN),
        invoice=number(rows.id_fatura, INVOICE_ID),
        dt_emissao=known_date(rows.data_emissao, rows),
        dt_vencimento=parse_date(rows.data_vencimento),
        vlr_fatura=amount(rows.valor_fatura),
        vlr_pagto_min=amount(rows.valor_pagamento_minimo),
    )
    minimum_given = read.valor_pagamento_minimo.notnull()
    return read.mutate(
        reasons=rejected(
            bad_id=read.client.isnull()
            | read.invoice.isnull()
            | (owner(read.id_fatura) != read.client).fill_null(False),
            bad_date=read.dt_emissao.isnull() | read.dt_vencimento.isnull(),
            bad_amount=read.vlr_fatura.isnull() | (minimum_given & read.vlr_pagto_min.isnull()),
            due_before_issue=(read.dt_vencimento < read.dt_emissao).fill_null(False),
        )
    )


def ref(day: ir.DateValue) -> ir.StringValue:
    """Return the month of a date as yyyyMM.

    >>> ref(ibis.date("2024-01-31")).execute()
    '202401'
    """
    return (day.year() * 100 + day.month()).cast("string")


def percent(part: ir.NumericValue, total: ir.NumericValue) -> ir.DecimalValue:
    """Return `part` ÷ `total` in percent with two decimals, rounded half up; null if `total` is 0.

    Both are amounts, or both are counts.

    >>> percent(ibis.literal("1.00").cast("decimal(18, 2)"), ibis.literal(3)).execute()
    Decimal('33.33')
    """
    cents = [(value * 100).cast("decimal(38, 0)").cast("int64") for value in (part, total)]
    return rate(cents[0] * 100, cents[1], 2)

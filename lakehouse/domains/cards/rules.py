"""How invoices and payments are read, and when they cannot be trusted."""

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
"""Written in one way only, because rows of one key are found by its text."""
PLAIN = f"^{NUMBER}$"
INVOICE_ID = f"^({NUMBER}-)?{NUMBER}$"
PAYMENT_ID = f"^(PG-{NUMBER}-)?{NUMBER}$"
GENERATED = r"_[0-9]{8}_([0-9]{14})\.[^/]*$"


def number(text: ir.StringValue, form: str) -> ir.IntegerValue:
    """The digits after the last dash of an identifier of this form; null for any other text.

    >>> number(ibis.literal("PG-345-7"), PAYMENT_ID).execute()
    7
    """
    last = text.re_extract("([0-9]+)$", 1)
    return text.re_search(form).ifelse(last, ibis.null("string")).try_cast("int64")


def owner(text: ir.StringValue) -> ir.IntegerValue:
    """The client that an identifier names before its last dash; null when it names none.

    >>> owner(ibis.literal("PG-345-7")).execute()
    345
    """
    return parse_int(text.re_extract("([0-9]+)-[0-9]+$", 1).nullif(""))


def known_date(text: ir.StringValue, landed: ir.Table) -> ir.DateValue:
    """A day between the system's first and the day after its delivery; else null."""
    written = parse_date(text)
    known = written.between(ibis.literal(SPEC.since), landed.day + ibis.interval(days=1))
    return known.ifelse(written, ibis.null("date"))


def generated(landed: ir.Table) -> ir.StringValue:
    """The moment in the file's name when it was made, yyyyMMddHHmmss."""
    return landed["_file"].re_extract(GENERATED, 1)


def amount(text: ir.StringValue) -> ir.DecimalValue:
    """An amount in R$ of at most two decimals, 0 or more; else null."""
    written = parse_decimal(text)
    return (written >= 0).ifelse(written, ibis.null("decimal(14, 2)"))


def invoices(landed: ir.Table) -> ir.Table:
    """Landed invoices with their values read, and the reasons why one cannot be trusted.

    The client in ``345-7`` must be the row's, or the invoice would be another one's. A minimum
    that is not given is null.
    """
    read = landed.mutate(
        client=number(landed.id_cliente, PLAIN),
        invoice=number(landed.id_fatura, INVOICE_ID),
        dt_emissao=known_date(landed.data_emissao, landed),
        dt_vencimento=parse_date(landed.data_vencimento),
        vlr_fatura=amount(landed.valor_fatura),
        vlr_pagto_min=amount(landed.valor_pagamento_minimo),
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
    """The month of a day as yyyyMM.

    >>> ref(ibis.date("2024-01-31")).execute()
    '202401'
    """
    return (day.year() * 100 + day.month()).cast("string")


def percent(part: ir.NumericValue, of: ir.NumericValue) -> ir.DecimalValue:
    """`part` of the whole in percent with two decimals, rounded half up; null of nothing.

    Both are money, or both are counts.

    >>> percent(ibis.literal("1.00").cast("decimal(18, 2)"), ibis.literal(3)).execute()
    Decimal('33.33')
    """
    cents = [(value * 100).cast("decimal(38, 0)").cast("int64") for value in (part, of)]
    return rate(cents[0] * 100, cents[1], 2)

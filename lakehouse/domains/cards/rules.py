"""How invoices and payments are parsed, and which of them are rejected."""

from decimal import Decimal

import ibis
import ibis.expr.types as ir

from lakehouse.domains.cards import SPEC
from lakehouse.platform.tables import identifiers
from lakehouse.platform.tables.expressions import (
    explained,
    found,
    parse_date,
    parse_decimal,
    parse_int,
    rate,
    rejected,
)

MAX_AMOUNT = Decimal("99999999.99")
"""Largest amount of an invoice or a payment in BRL; a hundred million of them fit into the
DECIMAL(18, 2) of every sum."""
LONGEST_TERM = 3_653
"""Largest number of days from the issue to the due date of an invoice: ten years."""
AMOUNT = f"an amount from 0 to {MAX_AMOUNT} with at most two decimals"
CLIENT_ID = "a whole number without leading zeros and with at most 15 digits"
INVOICE_NUMBER = "<client>-<sequence> or <sequence>, of the client of the row"
PAYMENT_NUMBER = "PG-<client>-<sequence> or <sequence>, of the client of the row"
DATE = (
    f"YYYY-MM-DD or DD/MM/YYYY, with or without a time, from {SPEC.since} to the day after the"
    " delivery"
)
DUE_DATE = "YYYY-MM-DD or DD/MM/YYYY, at most ten years after the issue"
KNOWN_INVOICE = "the number of an accepted invoice of the client"
FROM_ISSUE = "the day of the issue or a later one"
NUMBER = "(0|[1-9][0-9]{0,14})"
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
    """Parse an amount in BRL from 0 to `MAX_AMOUNT`; null for other text."""
    written = parse_decimal(text)
    return written.between(Decimal(0), MAX_AMOUNT).ifelse(written, ibis.null("decimal(14, 2)"))


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
    damaged = {name: identifiers.is_damaged(read[name]) for name in ("id_cliente", "id_fatura")}
    bad_client = read.client.isnull() & ~damaged["id_cliente"]
    bad_invoice = (
        read.invoice.isnull() | (owner(read.id_fatura) != read.client).fill_null(False)
    ) & ~damaged["id_fatura"]
    bad_issue = read.dt_emissao.isnull()
    late = (read.dt_vencimento - read.dt_emissao).cast("int64") > LONGEST_TERM
    bad_due = read.dt_vencimento.isnull() | late.fill_null(False)
    bad_minimum = minimum_given & read.vlr_pagto_min.isnull()
    early = (read.dt_vencimento < read.dt_emissao).fill_null(False)
    return read.mutate(
        reasons=rejected(
            damaged_id=damaged["id_cliente"] | damaged["id_fatura"],
            bad_id=bad_client | bad_invoice,
            bad_date=bad_issue | bad_due,
            bad_amount=read.vlr_fatura.isnull() | bad_minimum,
            due_before_issue=early,
        ),
        detail=explained(
            *((damaged[name], found(name, read[name]), identifiers.EXPECTED) for name in damaged),
            (bad_client, found("id_cliente", read.id_cliente), CLIENT_ID),
            (bad_invoice, found("id_fatura", read.id_fatura), INVOICE_NUMBER),
            (bad_issue, found("data_emissao", read.data_emissao), DATE),
            (bad_due, found("data_vencimento", read.data_vencimento), DUE_DATE),
            (early, found("data_vencimento", read.data_vencimento), FROM_ISSUE),
            (read.vlr_fatura.isnull(), found("valor_fatura", read.valor_fatura), AMOUNT),
            (
                bad_minimum,
                found("valor_pagamento_minimo", read.valor_pagamento_minimo),
                AMOUNT,
            ),
        ),
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
    return (rate(cents[0], cents[1], 4) * 100).cast("decimal(18, 2)")

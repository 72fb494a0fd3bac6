"""Business rules of Mr. Health that several tables share."""

from collections.abc import Mapping
from decimal import Decimal
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC
from lakehouse.platform.tables import identifiers
from lakehouse.platform.tables.expressions import (
    explained,
    found,
    parse_date,
    parse_decimal,
    parse_int,
    rejected,
)
from lakehouse.platform.tables.text import label_of, trimmed

FINISHED, PENDING, CANCELLED = "Finalizado", "Pendente", "Cancelado"
STATUSES = (FINISHED, PENDING, CANCELLED)
ORDER_TYPES = ("ONLINE", "PHYSICAL", "UNKNOWN")
UNKNOWN = "UNKNOWN"
CHANNELS = {"Loja Online": "ONLINE", "Loja Física": "PHYSICAL"}
NO_UNIT = -1
NO_ADDRESS = "--"

MAX_AMOUNT = Decimal("99999999.99")
"""Largest amount of an order, an item or a piece in BRL; a hundred million of them fit into the
DECIMAL(18, 2) of every sum."""
MAX_QUANTITY = 100_000
"""Largest number of pieces of an item; with `MAX_AMOUNT` as price the product still fits."""
MAX_NUMBER = 10**15 - 1
"""Largest number of a unit, product or state; a spreadsheet would round longer ones."""

AMOUNT = f"an amount from 0 to {MAX_AMOUNT} with at most two decimals"
NUMBER = "a whole number from 1 with at most 15 digits"
COUNTRY = "letters and digits without blanks"
QUANTITY = f"a whole number from 1 to {MAX_QUANTITY}"
ORDER_DATE = (
    f"YYYY-MM-DD or DD/MM/YYYY, with or without a time, from {SPEC.since} to the day after the"
    " delivery"
)
ORDER_ID = "up to 64 letters, digits and . _ / # : - without blanks"
FOLDER_UNIT = "the unit of the file's folder"
KNOWN_UNIT = "a unit of the reference table"
KNOWN_PRODUCT = "a product of the reference table"
_NO_TEXTS: Mapping[str, ir.StringValue] = {}
_ORDER_ID = "^[0-9A-Za-z][0-9A-Za-z._/#:-]{0,63}$"
_NO_VALUE = "(?i)^(nan|null|none|nil|na|n/a|inf|infinity)$"
_UUID = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


def order_type(text: ir.StringValue) -> ir.StringValue:
    """Return ONLINE or PHYSICAL, however the channel is spelled; UNKNOWN for other text.

    >>> order_type(ibis.literal("Loja Fisica")).execute()
    'PHYSICAL'
    """
    return label_of(text, CHANNELS).fill_null(UNKNOWN)


def status(text: ir.StringValue) -> ir.StringValue:
    """Return one of the three statuses, however it is spelled; null for other text.

    >>> status(ibis.literal("finalizado ")).execute()
    'Finalizado'
    """
    return label_of(text, {known: known for known in STATUSES})


def identifier(text: ir.StringValue) -> ir.StringValue:
    """Return the number of an order or item, a UUID in lower case; null for other text.

    >>> identifier(ibis.literal(" A-17 ")).execute()
    'A-17'
    """
    plain = trimmed(text)
    return ibis.cases(
        (plain.re_search(_UUID), plain.lower()),
        (plain.re_search(_NO_VALUE), ibis.null("string")),
        (plain.re_search(_ORDER_ID), plain),
        else_=ibis.null("string"),
    )


def amount(text: ir.StringValue) -> ir.DecimalValue:
    """Return an amount in BRL from 0 to `MAX_AMOUNT`; null for other text."""
    written = parse_decimal(text)
    possible = written.between(Decimal(0), MAX_AMOUNT)
    return possible.ifelse(written, ibis.null("decimal(14, 2)"))


def quantity(text: ir.StringValue) -> ir.IntegerValue:
    """Return a number of pieces from 1 to `MAX_QUANTITY`; null for other text."""
    return number(text, MAX_QUANTITY)


def number(text: ir.StringValue, largest: int = MAX_NUMBER) -> ir.IntegerValue:
    """Return a whole number from 1 to the largest one; null for other text."""
    written = parse_int(text)
    return written.between(1, largest).ifelse(written, ibis.null("int64"))


def country(text: ir.StringValue) -> ir.StringValue:
    """Return the code of a country in capital letters; null for other text."""
    plain = trimmed(text)
    return plain.re_search("^[0-9A-Za-z]{1,8}$").ifelse(plain.upper(), ibis.null("string"))


def reference_problems(
    *,
    numbers: Mapping[str, ir.StringValue],
    countries: Mapping[str, ir.StringValue] = _NO_TEXTS,
    names: Mapping[str, ir.StringValue] = _NO_TEXTS,
) -> dict[str, ir.StringValue]:
    """Return the columns ``_reasons`` and ``_detail`` of a reference table.

    Args:
        numbers: columns with numbers of units, products or states.
        countries: columns with codes of countries.
        names: columns with names.
    """
    texts = {**numbers, **countries, **names}
    missing = [trimmed(text).isnull() for text in texts.values()]
    damaged = {column: identifiers.is_damaged(text) for column, text in numbers.items()}
    bad = {
        column: trimmed(text).notnull() & number(text).isnull() & ~damaged[column]
        for column, text in numbers.items()
    }
    bad |= {
        column: trimmed(text).notnull() & country(text).isnull()
        for column, text in countries.items()
    }
    return {
        "_reasons": rejected(
            missing_required=reduce(or_, missing),
            damaged_id=reduce(or_, damaged.values(), ibis.literal(False)),
            bad_id=reduce(or_, bad.values()),
        ),
        "_detail": explained(
            *((trimmed(texts[c]).isnull(), found(c, trimmed(texts[c])), "a value") for c in texts),
            *((damaged[c], found(c, texts[c]), identifiers.EXPECTED) for c in damaged),
            *((bad[c], found(c, texts[c]), NUMBER if c in numbers else COUNTRY) for c in bad),
        ),
    }


def order_date(orders: ir.Table) -> ir.DateValue:
    """Return the date of a bronze order; null when it is malformed, too early or too late.

    Dates from the first day of the domain to the day after the delivery are accepted, because a
    cash register may close after midnight.
    """
    written = parse_date(orders.Data_Pedido)
    known = written.between(ibis.literal(SPEC.since), orders.day + ibis.interval(days=1))
    return known.ifelse(written, ibis.null("date"))


def delivery_unit(rows: ir.Table) -> ir.IntegerValue:
    """Return the unit that delivered a row; `NO_UNIT` for single-folder deliveries."""
    return rows["_unit"].fill_null(NO_UNIT)

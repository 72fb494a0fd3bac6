"""Business rules of Sales that several tables share."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.sales import SPEC, sources
from lakehouse.platform.tables.expressions import parse_int
from lakehouse.platform.tables.text import label_of, trimmed

REGIONS = tuple(sorted(sources.REGIONS))
IN_ENGLISH = {
    "center": "Centro",
    "east": "Leste",
    "north": "Norte",
    "west": "Oeste",
    "south": "Sul",
}
OPERATIONS = ("insert", "update", "delete", "snapshot")

LARGEST_INT = 2**31 - 1
"""Largest value of PostgreSQL's INT, the type of the legacy table's numbers."""
SALE_NUMBER = f"a whole number from 1 to {LARGEST_INT} without blanks and leading zeros"
NUMBER = f"a whole number from 1 to {LARGEST_INT}"
AMOUNT = "an amount above 0 and below 100000000 with at most two decimals"
SALE_DATE = (
    f"YYYY-MM-DD or DD/MM/YYYY, with or without a time, from {SPEC.since} to the day after the"
    " delivery"
)

PRODUCT, CUSTOMER, SELLER = 1, 2, 3
_ROOM = 10_000_000_000
"""Greater than every number of the legacy table."""


def region(text: ir.StringValue) -> ir.StringValue:
    """Return one of the five regions for its Portuguese or English name; null for other text.

    >>> region(ibis.literal(" NORTH")).execute()
    'Norte'
    """
    return label_of(text, {**{name: name for name in REGIONS}, **IN_ENGLISH})


def operation(text: ir.StringValue) -> ir.StringValue:
    """Return the operation of a change, snapshot when it has none; null for other text."""
    given = trimmed(text).fill_null("snapshot")
    return label_of(given, {name: name for name in OPERATIONS})


def is_number(value: ir.IntegerValue) -> ir.BooleanValue:
    """Return whether a number is positive and fits into the legacy table."""
    return value.between(1, LARGEST_INT)


def sale_number(text: ir.StringValue) -> ir.IntegerValue:
    """Return the number of a sale, written without blanks and leading zeros; null for other text.

    It has one form only, because the versions of a sale are found by the text of its number.
    """
    return parse_int(text.re_search("^[1-9][0-9]*$").ifelse(text, ibis.null("string")))


def is_invalid(text: ir.StringValue, rule: ir.BooleanValue) -> ir.BooleanValue:
    """Return whether a text is given but breaks a rule; a rule that is null counts as broken."""
    return trimmed(text).notnull() & ~rule.fill_null(False)


def surrogate(dimension: int, number: ir.IntegerValue) -> ir.IntegerValue:
    """Return the key of a dimension's member: its number plus the offset of the dimension.

    It depends on the number alone, so every rebuild gives the same keys, and a key of one dimension
    never matches a key of another.

    >>> surrogate(PRODUCT, ibis.literal(105)).execute()
    10000000105
    """
    return number.cast("int64") + ibis.literal(dimension * _ROOM, "int64")


def date_key(day: ir.DateValue) -> ir.IntegerValue:
    """Return the date as a number, yyyymmdd."""
    return (day.year() * 10_000 + day.month() * 100 + day.day()).cast("int64")


def labelled(word: str, number: ir.IntegerValue) -> ir.StringValue:
    """Return the name of a number as the business writes it: ``Produto 105``."""
    return ibis.literal(f"{word} ") + number.cast("string")

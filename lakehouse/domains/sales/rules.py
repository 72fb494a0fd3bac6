"""Business rules of sales that more than one table needs."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.sales import sources
from lakehouse.platform.tables.expressions import folded, trimmed

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
"""Of PostgreSQL's INT, the type of the legacy table's numbers."""

PRODUCT, CUSTOMER, SELLER = 1, 2, 3
_ROOM = 10_000_000_000
"""More than any number of the legacy table."""


def region(text: ir.StringValue) -> ir.StringValue:
    """One of the five regions, from its Portuguese or English name; null for anything else.

    >>> region(ibis.literal(" NORTH")).execute()
    'Norte'
    """
    plain = folded(text)
    names = {name.lower(): name for name in REGIONS} | IN_ENGLISH
    return ibis.cases(*((plain == name, known) for name, known in names.items()), else_=None).cast(
        "string"
    )


def is_number(value: ir.IntegerValue) -> ir.BooleanValue:
    """Whether a number is one that the legacy table can hold, and positive."""
    return value.between(1, LARGEST_INT)


def is_no(text: ir.StringValue, holds: ir.BooleanValue) -> ir.BooleanValue:
    """Whether something is written that does not hold, or cannot be read at all."""
    return trimmed(text).notnull() & ~holds.fill_null(False)


def surrogate(dimension: int, number: ir.IntegerValue) -> ir.IntegerValue:
    """Key of a dimension's member: its number in the source, in a range of the dimension's own.

    It follows from the number alone, so it is the same in every rebuild, and the key of one
    dimension joins nothing in another.

    >>> surrogate(PRODUCT, ibis.literal(105)).execute()
    10000000105
    """
    return number.cast("int64") + ibis.literal(dimension * _ROOM, "int64")


def date_key(day: ir.DateValue) -> ir.IntegerValue:
    """The day as a number, yyyymmdd."""
    return (day.year() * 10_000 + day.month() * 100 + day.day()).cast("int64")


def labelled(word: str, number: ir.IntegerValue) -> ir.StringValue:
    """The name that the business gives a number: ``Produto 105``."""
    return ibis.literal(f"{word} ") + number.cast("string")

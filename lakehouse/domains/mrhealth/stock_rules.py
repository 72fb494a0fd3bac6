"""Kinds of stock movements of Mr. Health."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC, rules
from lakehouse.platform.tables.expressions import parse_date, parse_int
from lakehouse.platform.tables.text import label_of

INITIAL, ORDERED, RECEIVED, WASTED, COUNTED = "INITIAL", "ORDERED", "RECEIVED", "WASTED", "COUNTED"
MOVEMENTS = {
    "Saldo Inicial": INITIAL,
    "Compra": ORDERED,
    "Entrada": RECEIVED,
    "Perda": WASTED,
    "Contagem": COUNTED,
}
"""Kind of a movement by its text in the files."""
KINDS = tuple(MOVEMENTS.values())
LEVELS = (INITIAL, COUNTED)
"""Kinds that say how many pieces there are; the others say by how many the stock changes."""
OPEN_DAYS = 30
"""Days after which an order that was not received is no longer expected."""

QUANTITY = f"a whole number from 0 (a count) or 1 (other movements) to {rules.MAX_QUANTITY}"
PURCHASE_DAY = f"YYYY-MM-DD or DD/MM/YYYY, from {SPEC.since} to the date of the movement"


def movement_kind(text: ir.StringValue) -> ir.StringValue:
    """Return one of `KINDS`, however the movement is spelled; null for other text.

    >>> movement_kind(ibis.literal("saldo inicial ")).execute()
    'INITIAL'
    """
    return label_of(text, MOVEMENTS)


def date_until(text: ir.StringValue, last: ir.DateValue) -> ir.DateValue:
    """Return a date from the first day of the domain to the last one; null for other text."""
    written = parse_date(text)
    known = written.between(ibis.literal(SPEC.since), last)
    return known.ifelse(written, ibis.null("date"))


def quantity(text: ir.StringValue, is_level: ir.BooleanValue) -> ir.IntegerValue:
    """Return a number of pieces; 0 is one only where stock is counted; null for other text."""
    written = parse_int(text)
    known = written.between(is_level.ifelse(0, 1), rules.MAX_QUANTITY)
    return known.ifelse(written, ibis.null("int64"))

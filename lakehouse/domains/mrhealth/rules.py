"""Business rules of Mr. Health that several tables share."""

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC
from lakehouse.platform.tables.expressions import folded, parse_date

FINISHED, PENDING, CANCELLED = "Finalizado", "Pendente", "Cancelado"
STATUSES = (FINISHED, PENDING, CANCELLED)
ORDER_TYPES = ("ONLINE", "PHYSICAL", "UNKNOWN")
NO_UNIT = -1
NO_ADDRESS = "--"


def order_type(text: ir.StringValue) -> ir.StringValue:
    """Return ONLINE or PHYSICAL, ignoring case and accents; UNKNOWN for other text.

    >>> order_type(ibis.literal("Loja Fisica")).execute()
    'PHYSICAL'
    """
    return ibis.cases(
        (folded(text) == "loja online", "ONLINE"),
        (folded(text) == "loja fisica", "PHYSICAL"),
        else_="UNKNOWN",
    )


def status(text: ir.StringValue) -> ir.StringValue:
    """Return one of the three statuses, ignoring case and accents; null for other text.

    >>> status(ibis.literal("finalizado ")).execute()
    'Finalizado'
    """
    plain = folded(text)
    return ibis.cases(
        *((plain == known.lower(), known) for known in STATUSES), else_=ibis.null("string")
    )


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

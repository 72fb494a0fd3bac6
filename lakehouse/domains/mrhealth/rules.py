"""Business rules of Mr. Health that more than one table needs."""

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
    """ONLINE, PHYSICAL or UNKNOWN, however the unit writes its accents.

    >>> order_type(ibis.literal("Loja Fisica")).execute()
    'PHYSICAL'
    """
    return ibis.cases(
        (folded(text) == "loja online", "ONLINE"),
        (folded(text) == "loja fisica", "PHYSICAL"),
        else_="UNKNOWN",
    )


def status(text: ir.StringValue) -> ir.StringValue:
    """One of the three statuses in their usual spelling; null for anything else.

    >>> status(ibis.literal("finalizado ")).execute()
    'Finalizado'
    """
    plain = folded(text)
    return ibis.cases(
        *((plain == known.lower(), known) for known in STATUSES), else_=ibis.null("string")
    )


def order_date(orders: ir.Table) -> ir.DateValue:
    """Day of a landed order; null when it is no date, before the system began, or in the future.

    The future begins two days after the delivery: a till that runs past midnight is no error.
    """
    written = parse_date(orders.Data_Pedido)
    known = written.between(ibis.literal(SPEC.since), orders.day + ibis.interval(days=1))
    return known.ifelse(written, ibis.null("date"))


def delivery_unit(landed: ir.Table) -> ir.IntegerValue:
    """The unit whose delivery a row came in; single-folder deliveries share one number."""
    return landed["_unit"].fill_null(NO_UNIT)

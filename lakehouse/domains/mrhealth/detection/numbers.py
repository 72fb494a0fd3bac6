"""Days as numbers and amounts in cents, in expressions."""

import datetime as dt

import ibis
import ibis.expr.types as ir

from lakehouse.domains.mrhealth import SPEC

FIRST_DAY: dt.date = SPEC.since


def number_of(day: ir.DateValue) -> ir.IntegerValue:
    """Return the number of days since the first day of the domain."""
    return day.delta(ibis.literal(FIRST_DAY), unit="day").cast("int64")


def cents(amount: ir.DecimalValue) -> ir.IntegerValue:
    """Return an amount in cents."""
    return (amount * 100).cast("decimal(38, 0)").cast("int64")

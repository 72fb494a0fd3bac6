"""Helpers for rows by day: filter and sort order."""

import datetime as dt
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from lakehouse.platform.tables.as_of import order_of
from lakehouse.platform.tables.table import Table


def within(day: ir.DateValue, days: Sequence[dt.date]) -> ir.BooleanValue:
    """Return whether a day is among these sorted days; a range without gaps is compared by ends."""
    if not days:
        return ibis.literal(False)
    if (days[-1] - days[0]).days + 1 == len(days):
        return day.between(ibis.literal(days[0]), ibis.literal(days[-1]))
    return day.isin([ibis.literal(each) for each in days])


def sort_columns(table: Table) -> list[ir.Value | str]:
    """Return columns that give a total order: the day, then the key, or else all columns.

    An as-of table presents its rows in an order of its own, such as a ranking; it comes before the
    key. With a total order equal rows give equal bytes.
    """
    presented = order_of(table) if table.as_of else {}
    by_name = table.contract.key or table.contract.schema.names
    others = [name for name in by_name if name != "day" and name not in presented]
    return ["day", *presented.values(), *others]

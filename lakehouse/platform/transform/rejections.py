"""Rejected rows with their reasons and the values as they were delivered."""

import functools

import ibis
import ibis.expr.types as ir

from lakehouse.platform.tables.contract import Contract
from lakehouse.platform.tables.expressions import explained, found
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.classify import ClassifiedRows
from lakehouse.platform.transform.outcomes import REJECTED
from lakehouse.platform.transform.quarantined_values import ORIGINAL

_PLACE = ("_day", "_file", "_digest", "_line")
"""Columns that identify a delivered row."""


@functools.lru_cache(maxsize=512)
def rejected_rows(table: Table, rows: ClassifiedRows, days: ir.Table) -> ir.Table:
    """Return the rejected rows of a relation of days: place, reason codes and delivered values."""
    reasons = _reasons(table, rows)
    reasons = reasons.semi_join(days, "day")
    original = _original_values(rows.delivered)
    return reasons.inner_join(original, list(_PLACE))  # one reason row per delivered row


@functools.lru_cache(maxsize=512)
def in_order_of_lines(rejected: ir.Table) -> ir.Table:
    """Return rejected rows sorted by day and place in the file."""
    return rejected.order_by("day", *_PLACE)


def _reasons(table: Table, rows: ClassifiedRows) -> ir.Table:
    """Return place, reason codes and detail of each rejected row.

    Reasons and details that the expression gave come first; without them those of the broken rules
    of the contract.
    """
    rejected = rows.rejected
    codes = ibis.ifelse(
        rejected["_reasons"] == "", table.contract.reasons(rejected), rejected["_reasons"]
    )
    detail = rejected["_detail"].coalesce(_explanation(table.contract, rejected))
    reasons = rejected.select("day", *_PLACE, _detail=detail, codes=codes)
    if rows.losing is None:
        return reasons
    contradicting = rows.losing.filter(rows.losing["_outcome"] == REJECTED)
    return ibis.union(
        reasons,
        contradicting.select(
            "day",
            *_PLACE,
            _detail=ibis.literal("another row of the file has the same key and other values"),
            codes=ibis.literal("duplicate_key"),
        ),
    )


def _explanation(contract: Contract, rows: ir.Table) -> ir.StringValue:
    """Return what was found and expected by the rules that a row breaks; null without any."""
    return explained(
        *(
            (rule.broken(rows), found(rule.column, rows[rule.column].cast("string")), rule.expected)
            for rule in contract.rules
        )
    )


def _original_values(delivered: ir.Table) -> ir.Table:
    """Return place and delivered values of each row; names of values get a prefix."""
    names = [n for n in delivered.columns if not n.startswith("_") and n != "day"]
    return delivered.select(
        "_file",
        "_digest",
        "_line",
        _day=delivered.day,
        **{f"{ORIGINAL}{name}": delivered[name] for name in [*names, "_rescued"]},
    )

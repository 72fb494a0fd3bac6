"""Conflicting rows: of several rows with one key, one wins and the others get an outcome."""

import functools

import ibis
import ibis.expr.types as ir

from lakehouse.platform.engines.session import Session
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.outcomes import DUPLICATE, REJECTED, SUPERSEDED

_NEWEST_FIRST = ("_version", "_delivered_at", "_day", "_file", "_line")


def resolve_conflicts(
    session: Session, table: Table, accepted: ir.Table
) -> tuple[ir.Table, ir.Table | None]:
    """Return winning rows and losing rows (with ``_outcome``); None when no row loses.

    The row of the newest delivery wins; within one file, the row of the later line. A losing row
    with the same values is a duplicate. A losing row of the same file with other values is
    rejected, unless the file is a log of changes. Any other losing row is superseded.
    """
    key = list(table.contract.key)
    if not key:
        return accepted, None
    current, replaced, several = _by_key(table, accepted)
    repeated = session.keep("repeated", several)
    if session.value(repeated.count()) == 0 and session.value(replaced.count()) == 0:
        return current, None
    ranked = _ranked(session, current.semi_join(repeated, key), key)
    first = ranked.filter(ranked["_rank"] == 0).drop("_rank")
    winning = session.keep("winning", ibis.union(current.anti_join(repeated, key), first))
    losing = ibis.union(ranked.filter(ranked["_rank"] > 0).drop("_rank"), replaced)
    return winning, session.keep("losing", _with_outcome(table, losing, winning))


@functools.lru_cache(maxsize=512)
def _by_key(table: Table, accepted: ir.Table) -> tuple[ir.Table, ir.Table, ir.Table]:
    """Return the rows that are valid, those that were replaced, and keys of several valid rows."""
    current = accepted.filter(~accepted["_replaced"])
    replaced = accepted.filter(accepted["_replaced"])
    counted = current.group_by(list(table.contract.key)).agg(n=current.count())
    return current, replaced, counted.filter(counted.n > 1).drop("n")


def _ranked(session: Session, conflicting: ir.Table, key: list[str]) -> ir.Table:
    """Number the rows of each key in ``_rank``; the newest row has 0."""
    newest_first = ibis.window(
        group_by=key, order_by=[ibis.desc(column) for column in _NEWEST_FIRST]
    )
    ranked = conflicting.mutate(_rank=ibis.row_number().over(newest_first))
    return session.keep("ranked", ranked)


def _with_outcome(table: Table, losing: ir.Table, winning: ir.Table) -> ir.Table:
    """Compare each losing row with the winning row of its key and add its ``_outcome``."""
    source = table.reads[0].table.source
    is_change_log = source is not None and source.change_log
    key = list(table.contract.key)
    values = [name for name in table.contract.schema.names if name not in key]
    winner = winning.select(
        *key,
        **{f"won_{name}": winning[name] for name in [*values, "_file", "_digest"]},
        won=ibis.literal(True),
    )
    pairs = losing.left_join(winner, key)  # several losing rows to one winning row
    same_values: ir.BooleanValue = pairs.won.fill_null(False)
    for name in values:
        if name not in ("delivery_day", "delivery_unit"):
            same_values = same_values & pairs[name].identical_to(pairs[f"won_{name}"])
    same_file = (pairs["_file"] == pairs["won__file"]) & (pairs["_digest"] == pairs["won__digest"])
    return pairs.select(
        *losing.columns,
        _outcome=ibis.cases(
            (same_values, DUPLICATE),
            (same_file.fill_null(False), SUPERSEDED if is_change_log else REJECTED),
            else_=SUPERSEDED,
        ),
    )

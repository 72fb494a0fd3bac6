"""Validation of computed rows against the contract of their table.

A table that computes rows fails by day: a day with an invalid row is not stored. A table that
takes delivered rows one by one rejects single rows.
"""

import datetime as dt
import functools
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.engines import session as engine
from lakehouse.platform.engines.session import Session, named_relation
from lakehouse.platform.tables.provenance import PROVENANCE_COLUMNS
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.days import within
from lakehouse.settings import Settings


class RowsLost(Exception):
    """An expression over delivered rows returned fewer or more rows than it received."""


def failed_days(session: Session, table: Table, rows: ir.Table) -> dict[dt.date, str]:
    """Return the days whose rows break the contract, with the broken rules and their counts."""
    contract = table.contract
    found: dict[dt.date, list[str]] = {}
    if contract.rules:
        for row in session.table(_broken_rules(table, rows)).to_pylist():
            for n, rule in enumerate(contract.rules):
                if row[f"rule_{n}"]:
                    text = f"{row[f'rule_{n}']} rows break {rule.check} on {rule.column!r}"
                    found.setdefault(row["day"], []).append(text)
    if contract.key:
        for row in session.table(_repeated_keys(table, rows)).to_pylist():
            text = f"{row['n']} keys ({', '.join(contract.key)}) occur more than once"
            found.setdefault(row["day"], []).append(text)
    return {day: "; ".join(texts) for day, texts in sorted(found.items())}


@functools.lru_cache(maxsize=512)
def _broken_rules(table: Table, rows: ir.Table) -> ir.Table:
    """Return for each day how many rows break each rule of the contract."""
    rules = enumerate(table.contract.rules)
    return rows.group_by("day").agg(**{f"rule_{n}": rule.broken(rows).sum() for n, rule in rules})


@functools.lru_cache(maxsize=512)
def _repeated_keys(table: Table, rows: ir.Table) -> ir.Table:
    """Return for each day how many keys occur more than once."""
    keys = rows.group_by(sorted({"day", *table.contract.key})).agg(n=rows.count())
    repeated = keys.filter(keys.n > 1)
    return repeated.group_by("day").agg(n=repeated.count())


def failed_days_of(
    table: Table, rows: pa.Table, days: Sequence[dt.date], settings: Settings
) -> dict[dt.date, str]:
    """Return the days whose rows break the contract, for rows computed without an expression.

    Rows on other days than these fail their day, too. DuckDB reads them where they are, in the
    memory of this process.
    """
    embedded = engine.engine_settings(settings, embedded=True)
    with engine.session(embedded, rows.num_rows) as session:
        session.arrow("computed", rows)
        computed = named_relation("computed", table.contract.schema)
        found = failed_days(session, table, computed)
        outside = computed.filter(~within(computed.day, days))
        for row in session.table(outside.group_by("day").agg(n=outside.count())).to_pylist():
            found[row["day"]] = f"{row['n']} rows have a day that this run does not write"
        return found


@functools.lru_cache(maxsize=512)
def typed_rows(table: Table, delivered: ir.Table) -> ir.Table:
    """Return the expression's rows in the types of the contract, with their provenance.

    The expression is computed over ``delivered``, a relation with the columns of its first
    upstream table.

    An expression may add ``_reasons`` and ``_detail`` (why it rejects a row), ``_version`` (which
    of several rows is newer) and ``_replaced`` (another row takes its place). The result always
    has these columns: empty text, null or false where the expression does not add them.
    """
    rows = table.expression_over(delivered)
    given = rows.schema()
    columns: dict[str, ir.Value] = {
        name: rows[name].cast(kind) for name, kind in table.contract.schema.items()
    }
    columns |= {name: rows[name] for name in PROVENANCE_COLUMNS}
    columns["_reasons"] = rows["_reasons"].fill_null("") if "_reasons" in given else _text("")
    columns["_detail"] = rows["_detail"] if "_detail" in given else ibis.null("string")
    columns["_version"] = rows["_version"].fill_null("") if "_version" in given else _text("")
    columns["_replaced"] = (
        rows["_replaced"].fill_null(False) if "_replaced" in given else ibis.literal(False)
    )
    return rows.select(**columns)


def require_every_row(
    session: Session, table: Table, delivered: ir.Table, computed: ir.Table
) -> None:
    """Check that each delivered row is computed exactly once.

    Both the numbers of rows and the sums of the line numbers must be equal: numbers alone would
    not show that one row is lost and another one doubled.

    Raises:
        RowsLost: counts or sums differ.
    """
    given = session.table(_count_and_lines(delivered)).to_pylist()[0]
    found = session.table(_count_and_lines(computed)).to_pylist()[0]
    if given != found:
        raise RowsLost(
            f"{table.id.name}: the expression received {given['rows']} delivered rows and returned"
            f" {found['rows']}, expected the same rows: a filter or a join drops or doubles rows."
            " hint: use left joins on unique keys, and reject rows through `_reasons`"
        )


@functools.lru_cache(maxsize=512)
def split_by_contract(table: Table, rows: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return accepted and rejected rows."""
    broken: ir.BooleanValue = ibis.literal(False)
    for rule in table.contract.rules:
        broken = broken | rule.broken(rows)
    valid = (rows["_reasons"] == "") & ~broken
    return rows.filter(valid), rows.filter(~valid)


@functools.lru_cache(maxsize=512)
def _count_and_lines(rows: ir.Table) -> ir.Table:
    return rows.agg(rows=rows.count(), lines=rows["_line"].cast("decimal(38, 0)").sum())


def _text(value: str) -> ir.StringValue:
    return ibis.literal(value)

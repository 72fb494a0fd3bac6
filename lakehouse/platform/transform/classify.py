"""Classification of delivered rows: each row is kept, rejected, a duplicate or superseded."""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir

from lakehouse.platform.engines.session import Session, named_relation
from lakehouse.platform.tables.table import PARTITIONS, ReadScope
from lakehouse.platform.transform.deduplicate import resolve_conflicts
from lakehouse.platform.transform.failing_rows import computed_rows
from lakehouse.platform.transform.inputs import UpstreamSnapshots, bind_older_versions
from lakehouse.platform.transform.outcomes import KEPT, REJECTED, SUPERSEDED
from lakehouse.platform.transform.validate import split_by_contract


@dataclass(frozen=True, kw_only=True)
class ClassifiedRows:
    """The rows of a window by outcome, as expressions over a session."""

    delivered: ir.Table
    """Rows of bronze, as text."""
    older_versions: ir.Table
    """Rows of bronze that a newer version of their file replaced."""
    kept: ir.Table
    rejected: ir.Table
    losing: ir.Table | None
    """Rows that lost a conflict, with ``_outcome``; None when there was none."""

    def of_window(self) -> "ClassifiedRows":
        """Return only the kept, rejected and losing rows of the days that are computed."""
        return replace(
            self,
            kept=_of_window(self.kept),
            rejected=_of_window(self.rejected),
            losing=None if self.losing is None else _of_window(self.losing),
        )


def classify_rows(
    session: Session, upstream: UpstreamSnapshots, window: Sequence[dt.date]
) -> ClassifiedRows:
    """Classify the delivered rows of a window.

    Raises:
        RowsLost: the expression returned fewer or more rows than it received.
    """
    table = upstream.table
    read = table.reads[0]
    delivered = named_relation(read.name, read.table.contract.schema)
    older_versions = bind_older_versions(session, upstream, window)
    rows = computed_rows(session, table)
    if not table.keyed_over_all_days and read.scope is not ReadScope.SNAPSHOT:
        rows = _of_window(rows)
    accepted, rejected = split_by_contract(table, rows)
    kept, losing = resolve_conflicts(session, table, accepted)
    classified = ClassifiedRows(
        delivered=delivered,
        older_versions=older_versions,
        kept=kept,
        rejected=rejected,
        losing=losing,
    )
    # Rows of other days take part in conflicts of a key that is unique over all days.
    return classified.of_window() if table.keyed_over_all_days else classified


def outcome_rows(session: Session, rows: ClassifiedRows) -> ir.Table:
    """Return one row for each delivered row, with its place in the file and its outcome."""
    return session.keep("outcomes", _outcomes(rows))


@functools.lru_cache(maxsize=512)
def _outcomes(rows: ClassifiedRows) -> ir.Table:
    parts = [_outcome(rows.kept, KEPT), _outcome(rows.rejected, REJECTED)]
    if rows.losing is not None:
        parts.append(_outcome(rows.losing, rows.losing["_outcome"]))
    older = rows.older_versions
    parts.append(
        older.select(
            day=older["_business_day"].fill_null(older.day),
            delivery_day=older.day,
            file=older["_file"],
            digest=older["_digest"],
            line=older["_line"],
            outcome=ibis.literal(SUPERSEDED),
        )
    )
    return ibis.union(*parts, distinct=False)


def _outcome(rows: ir.Table, outcome: str | ir.StringValue) -> ir.Table:
    return rows.select(
        day=rows.day,
        delivery_day=rows["_day"],
        file=rows["_file"],
        digest=rows["_digest"],
        line=rows["_line"],
        outcome=ibis.literal(outcome) if isinstance(outcome, str) else outcome,
    )


@functools.lru_cache(maxsize=512)
def _of_window(rows: ir.Table) -> ir.Table:
    return rows.semi_join(PARTITIONS, "day")

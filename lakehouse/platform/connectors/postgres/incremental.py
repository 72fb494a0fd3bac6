"""Incremental extraction: rows written since a horizon of transactions, and deleted rows.

A row carries the number of the transaction that wrote it. Numbers are assigned when a transaction
begins to write, not when it commits, so neither the largest number nor a timestamp column is a safe
watermark: a transaction that commits late is below it. The *horizon* is the oldest transaction
that was still running in the snapshot that was read; all transactions below it had ended. The next
extraction reads every row written at or above the horizon and so misses no late commit. Rows that
it reads again equal those of the lake and are left out.
"""

from lakehouse.platform.connectors.postgres.journal import Watermark
from lakehouse.platform.connectors.postgres.known_rows import KnownRows
from lakehouse.platform.connectors.postgres.run import ExtractionRun
from lakehouse.platform.connectors.postgres.session import ReadTransaction

NUMBERS = 1 << 32
"""A row keeps the lower 32 of the 64 bits of a transaction's number."""

WRITTEN_SINCE = (
    f"where (xmin::text::bigint - %(horizon)s %% {NUMBERS} + {NUMBERS}) %% {NUMBERS} < %(span)s"
)
"""Selects rows whose transaction is within the span after the horizon, modulo 2^32. Once in four
billion transactions an old row matches too and is read without need; no row is missed."""


def extract_incrementally(run: ExtractionRun, *, from_scratch: bool, accept_deletes: bool) -> None:
    """Land one file with the differences between the table and the lake.

    Args:
        run: the running extraction.
        from_scratch: compare every row, whatever the horizon is.
        accept_deletes: accept that most rows are gone.

    Raises:
        ExtractionError: most rows are gone.
    """
    with run.session.read_transaction() as transaction:
        now = "pg_current_snapshot()"
        lowest = int(transaction.value(f"select pg_snapshot_xmin({now})::text"))
        next_number = int(transaction.value(f"select pg_snapshot_xmax({now})::text"))
        horizon = None if from_scratch else _horizon(run, next_number)
        if horizon == next_number:
            return
        with KnownRows(run.outbox, run.settings) as known:
            _compare(run, transaction, known, horizon, next_number)
            known.require_plausible(accept_deletes=accept_deletes)
            with run.outbox.new_draft(known.number) as draft:
                for row, operation in known.differences(snapshot=horizon is None):
                    draft.add(row, operation)
                run.land(draft, "incremental", Watermark(horizon=lowest))


def _compare(
    run: ExtractionRun,
    transaction: ReadTransaction,
    known: KnownRows,
    horizon: int | None,
    next_number: int,
) -> None:
    """Compare the known rows with the entire table, or with the rows written since the horizon."""
    if horizon is None or next_number - horizon >= NUMBERS:
        known.compare(transaction.stream(run.select()), None)
        return
    since = {"horizon": horizon, "span": next_number - horizon}
    changed = transaction.stream(run.select(WRITTEN_SINCE), since)
    known.compare(changed, transaction.stream(run.select_keys()))


def _horizon(run: ExtractionRun, next_number: int) -> int | None:
    """Return the horizon, unless it belongs to another table or to a history that was undone."""
    state = run.outbox.state
    horizon = state.watermark.horizon
    if horizon is None:
        return None
    if state.origin != run.identity or horizon > next_number:
        run.inform("this is not the table that was extracted before: all rows are compared")
        return None
    return horizon

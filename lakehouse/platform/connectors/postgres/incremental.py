"""What changed since a horizon of transactions, and what is gone.

A row carries the number of the transaction that wrote it. Numbers are given when transactions begin
to write and not when they commit, so neither they nor any column of times is a watermark: what
commits late would be below it. The *horizon* is the oldest transaction that was still under way in
the snapshot that was read; all below it had ended. The next extraction reads every row written at
or above it, which no commit, however late, can escape, and no tie can cut. Rows that it meets again
equal what the lake has and are left out.
"""

from lakehouse.platform.connectors.postgres.job import Job
from lakehouse.platform.connectors.postgres.journal import Watermark
from lakehouse.platform.connectors.postgres.known import Known
from lakehouse.platform.connectors.postgres.origin import Reading

CIRCLE = 1 << 32
"""Rows keep 32 bits of a transaction's number; PostgreSQL itself counts in 64."""

WRITTEN_SINCE = (
    f"where (xmin::text::bigint - %(horizon)s %% {CIRCLE} + {CIRCLE}) %% {CIRCLE} < %(span)s"
)
"""Whether a row's transaction lies within the span from the horizon on, around the circle. An old
row may seem to, once in four billion transactions, and is read for nothing; none is missed."""


def incremental(job: Job, *, whole: bool, accept_deletes: bool) -> None:
    """Land one file with what the lake does not know of the table's present state.

    Args:
        job: what to work with.
        whole: compare every row, whatever the horizon.
        accept_deletes: believe it when most rows are gone.

    Raises:
        ExtractionError: most rows are gone.
    """
    with job.origin.reading() as reading:
        now = "pg_current_snapshot()"
        lowest = int(reading.value(f"select pg_snapshot_xmin({now})::text"))
        next_number = int(reading.value(f"select pg_snapshot_xmax({now})::text"))
        horizon = None if whole else _horizon(job, next_number)
        if horizon == next_number:
            return
        with Known(job.outbox, job.settings) as known:
            _compare(job, reading, known, horizon, next_number)
            known.require_plausible(accept_deletes=accept_deletes)
            with job.outbox.draft(known.number) as draft:
                for row, operation in known.differences(whole=horizon is None):
                    draft.add(row, operation)
                job.send(draft, "incremental", Watermark(horizon=lowest))


def _compare(
    job: Job, reading: Reading, known: Known, horizon: int | None, next_number: int
) -> None:
    """Hold what the lake knows against the table, all of it or what was written since."""
    if horizon is None or next_number - horizon >= CIRCLE:
        known.compare(reading.streamed(job.select()), None)
        return
    since = {"horizon": horizon, "span": next_number - horizon}
    changed = reading.streamed(job.select(WRITTEN_SINCE), since)
    known.compare(changed, reading.streamed(job.select_keys()))


def _horizon(job: Job, next_number: int) -> int | None:
    """The watermark, unless it is about another table or about a history that was undone."""
    state = job.outbox.state
    horizon = state.watermark.horizon
    if horizon is None:
        return None
    if state.origin != job.identity or horizon > next_number:
        job.said("the table is not the one that was extracted before; it is read whole")
        return None
    return horizon

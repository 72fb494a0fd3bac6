"""Change data capture: every change of a table from PostgreSQL's log, by transaction.

What landed before a process died is recognized by its position in the log and not landed again.
"""

import contextlib
import secrets
from dataclasses import replace

import psycopg2
from psycopg2 import sql
from psycopg2.extras import LogicalReplicationConnection

from lakehouse.platform.connectors.postgres import slots
from lakehouse.platform.connectors.postgres.change_writer import ChangeWriter
from lakehouse.platform.connectors.postgres.declaration import ExtractionError
from lakehouse.platform.connectors.postgres.journal import Watermark
from lakehouse.platform.connectors.postgres.known_rows import KnownRows
from lakehouse.platform.connectors.postgres.pgoutput import Begin, Change, Commit
from lakehouse.platform.connectors.postgres.run import ExtractionRun
from lakehouse.platform.connectors.postgres.session import connect
from lakehouse.platform.failpoints import failpoint

STEP_BYTES = 256 << 20
"""Bytes of log that the server decodes at once; the result waits on the server's disk."""
FILE_ROWS = 100_000
"""Changes after which a file ends, at the end of the current transaction."""


def extract_from_log(run: ExtractionRun, *, from_scratch: bool, accept_deletes: bool) -> None:
    """Land every transaction that is committed by now, and confirm what the lake has.

    Args:
        run: the running extraction.
        from_scratch: drop the slot, create another one and compare the entire table with the lake.
        accept_deletes: accept a comparison by which most rows are gone.

    Raises:
        ExtractionError: the server does not allow replication, the slot has lost changes, or most
            rows are gone.
    """
    state = run.outbox.state
    if from_scratch and state.slot is not None:
        slots.drop(run, state.slot)
        state = replace(state, slot=None, watermark=Watermark())
        run.outbox.save(state)
    if state.slot is None or state.watermark.reached is None:
        try:
            _land_snapshot(run, accept_deletes=accept_deletes)
        except (ExtractionError, psycopg2.Error):
            with contextlib.suppress(psycopg2.Error):
                drop_slot(run)  # an unused slot makes the server keep its log
            raise
        return
    slot = state.slot
    slots.require_complete(run, slot)
    slots.confirm(run, slot, run.outbox.committed_position())
    target = slots.current_position(run)
    position = max(state.watermark.reached, slots.confirmed_position(run, slot) or 0)
    while True:
        position = min(target, position + STEP_BYTES)
        _land_transactions(run, slot, position)
        if position >= target:
            break
    if not run.outbox.state.waiting:
        slots.confirm(run, slot, target)


def drop_slot(run: ExtractionRun) -> bool:
    """Drop the slot, so that the server keeps no log for it; return False when there is none."""
    state = run.outbox.state
    if state.slot is None:
        return False
    slots.drop(run, state.slot)
    run.outbox.save(replace(state, slot=None, watermark=Watermark()))
    return True


def has_changes(run: ExtractionRun) -> bool:
    """Return whether the log has a transaction of the table that is in no file yet."""
    state = run.outbox.state
    if state.slot is None or state.watermark.reached is None:
        return True
    target = slots.current_position(run)
    reached = state.watermark.reached
    with contextlib.closing(slots.read_events(run, state.slot, target)) as events:
        return any(isinstance(event, Begin) and event.position >= reached for event in events)


def _land_snapshot(run: ExtractionRun, *, accept_deletes: bool) -> None:
    """Create a slot, and land what the lake does not know of the table at the slot's start."""
    slots.require_logical_log(run)
    slots.require_publication(run)
    state = run.outbox.state
    slot = state.slot or f"lakehouse_{run.extraction.domain}_{secrets.token_hex(4)}"
    run.outbox.save(replace(state, slot=slot, watermark=Watermark()))
    failpoint("extraction.named")
    slots.drop(run, slot)
    replication = connect(
        run.session.dsn, run.extraction, connection_factory=LogicalReplicationConnection
    )
    with contextlib.closing(replication), replication.cursor() as cursor:
        create = sql.SQL("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT")
        cursor.execute(create.format(sql.Identifier(slot)))
        _, start, exported, _ = cursor.fetchone()
        failpoint("extraction.slot_made")
        with (
            run.session.read_transaction(exported) as transaction,
            KnownRows(run.outbox, run.settings) as known,
        ):
            known.compare(transaction.stream(run.select()), None)
            known.require_plausible(accept_deletes=accept_deletes)
            position = slots.lsn_number(start)
            with run.outbox.new_draft(known.number) as draft:
                for row, operation in known.differences(snapshot=True):
                    draft.add(row, operation)
                run.land(draft, f"snapshot_{position:016x}", Watermark(reached=position))
    run.inform(f"slot {slot} starts at {start}")


def _land_transactions(run: ExtractionRun, slot: str, upto: int) -> None:
    """Land the transactions up to a log position that are in no file yet; none is split."""
    reached = run.outbox.state.watermark.reached or 0
    writer = ChangeWriter(run)
    landed = inside = False
    end = reached
    with (
        contextlib.closing(writer),
        contextlib.closing(slots.read_events(run, slot, upto)) as events,
    ):
        for event in events:
            match event:
                case Begin(position):
                    landed, inside = position < reached, True
                case Change() if not landed and event.relation == run.extraction.name:
                    writer.write(event)
                case Commit(behind):
                    inside = False
                    end = max(end, behind)
                    if writer.rows >= FILE_ROWS:
                        writer.land(end)
                case _:
                    pass
        if inside:
            raise ExtractionError("PostgreSQL's log ends inside a transaction; hint: extract again")
        if writer.rows:
            writer.land(end)

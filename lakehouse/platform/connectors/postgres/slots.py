"""Replication slots and publications of the legacy database, and positions in its log.

Reading a slot does not consume it (`pg_logical_slot_peek_binary_changes`). It advances only by
`confirm`, after the lake has committed what landed, so that a process may die at any moment.
"""

import time
from collections.abc import Generator

import psycopg2
from psycopg2 import sql

from lakehouse.platform.connectors.postgres.declaration import ExtractionError
from lakehouse.platform.connectors.postgres.pgoutput import Event, events
from lakehouse.platform.connectors.postgres.run import ExtractionRun
from lakehouse.platform.connectors.postgres.session import LOCK_SECONDS
from lakehouse.platform.failpoints import failpoint

PEEK = (
    "select data from pg_logical_slot_peek_binary_changes(%s, %s::pg_lsn, null,"
    " 'proto_version', '1', 'publication_names', %s)"
)


def lsn_text(position: int) -> str:
    """Return a log position as PostgreSQL writes it.

    >>> lsn_text(22174664)
    '0/1525BC8'
    """
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def lsn_number(text: str) -> int:
    """Return a log position as a number.

    >>> lsn_number("1/10")
    4294967312
    """
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def current_position(run: ExtractionRun) -> int:
    """Return the position up to which the server has written its log to disk."""
    return lsn_number(run.session.value("select pg_current_wal_flush_lsn()::text"))


def read_events(run: ExtractionRun, slot: str, upto: int) -> Generator[Event, None, None]:
    """Yield the transactions of a slot that were committed up to a position; the slot stays."""
    with run.session.read_transaction() as transaction:
        publication = run.extraction.publication
        found = transaction.stream(PEEK, (slot, lsn_text(upto), publication))
        yield from events(bytes(data) for (data,) in found)


def confirmed_position(run: ExtractionRun, slot: str) -> int | None:
    """Return the position up to which the server may forget its log; None without the slot."""
    query = "select confirmed_flush_lsn::text from pg_replication_slots where slot_name = %s"
    found = run.session.value(query, (slot,))
    return lsn_number(found) if found else None


def confirm(run: ExtractionRun, slot: str, position: int) -> None:
    """Let the server forget its log up to a position; a slot never moves backwards."""
    if position > (confirmed_position(run, slot) or 0):
        run.session.value(
            "select end_lsn::text from pg_replication_slot_advance(%s, %s::pg_lsn)",
            (slot, lsn_text(position)),
        )
        failpoint("extraction.confirmed")


def drop(run: ExtractionRun, slot: str) -> None:
    """Drop a slot if it exists; wait while the session of a dying process still holds it."""
    query = (
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s"
    )
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            run.session.rows(query, (slot,))
        except psycopg2.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def require_logical_log(run: ExtractionRun) -> None:
    """Raise `ExtractionError` when the server does not write what logical decoding needs."""
    level = run.session.value("select current_setting('wal_level')")
    if level != "logical":
        raise ExtractionError(
            f"PostgreSQL runs with wal_level {level}; CDC needs logical. hint: run `alter system"
            " set wal_level = logical` and restart the server, or extract with --incremental"
        )


def require_complete(run: ExtractionRun, slot: str) -> None:
    """Raise `ExtractionError` when the slot has lost changes."""
    hint = (
        "changes since then are not in the log; hint: compare the entire table: `lakehouse extract"
        f" {run.extraction.domain} --cdc --from-scratch`"
    )
    query = "select wal_status from pg_replication_slots where slot_name = %s"
    found = run.session.rows(query, (slot,))
    if not found:
        raise ExtractionError(f"the slot {slot} does not exist any more; {hint}")
    if found[0][0] == "lost":
        raise ExtractionError(
            f"the server removed the log of the slot {slot}, which was too far behind; {hint}"
        )
    if run.outbox.state.origin != run.identity:
        raise ExtractionError(f"{run.extraction.name} was dropped and created again; {hint}")
    if not _is_published(run):
        raise ExtractionError(f"{run.extraction.name} is not published any more; {hint}")


def require_publication(run: ExtractionRun) -> None:
    """Publish the table if it is not published.

    Raises:
        ExtractionError: the role may not publish it.
    """
    if _is_published(run):
        return
    publication = sql.Identifier(run.extraction.publication)
    statement = sql.SQL("create publication {} for table {}").format(publication, run.table)
    run.session.rows("begin read write")
    try:
        run.session.rows(sql.SQL("drop publication if exists {}").format(publication))
        run.session.rows(statement)
        run.session.rows("commit")
    except psycopg2.errors.InsufficientPrivilege:
        run.session.rows("rollback")
        text = statement.as_string(run.session.connection)
        raise ExtractionError(
            f"the role may not publish {run.extraction.name}; hint: let the owner run: {text}"
        ) from None


def _is_published(run: ExtractionRun) -> bool:
    query = (
        "select 1 from pg_publication_tables join pg_publication using (pubname)"
        " where pubname = %s and schemaname = %s and tablename = %s"
        " and pubinsert and pubupdate and pubdelete and pubtruncate"
    )
    table = run.extraction
    return run.session.value(query, (table.publication, table.namespace, table.table)) is not None

"""Changes from PostgreSQL's log through a replication slot, transaction by transaction.

The slot is only looked at (`pg_logical_slot_peek_binary_changes`) and never consumed by reading: it
moves when `confirm` says so, which is after the lake has committed what was landed. Whatever dies
before that, the log is still there, and what was landed already is left out by its place in it.
"""

import contextlib
import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace

import psycopg2
from psycopg2 import sql
from psycopg2.extras import LogicalReplicationConnection

from lakehouse.platform.connectors.postgres.declaration import ExtractionError, Row
from lakehouse.platform.connectors.postgres.job import Job
from lakehouse.platform.connectors.postgres.journal import Watermark
from lakehouse.platform.connectors.postgres.known import Known
from lakehouse.platform.connectors.postgres.origin import OTHERS_SECONDS, connected
from lakehouse.platform.connectors.postgres.outbox import Draft
from lakehouse.platform.connectors.postgres.pgoutput import (
    UNCHANGED,
    Begin,
    Change,
    Commit,
    Event,
    Kind,
    Unchanged,
    Values,
    events,
)
from lakehouse.platform.failpoints import failpoint

STEP = 256 << 20
"""Bytes of log that the server decodes at once; what comes out waits on its disk."""
FILE_ROWS = 100_000
"""Changes after which a file ends, with the transaction that it is in."""

PEEK = (
    "select data from pg_logical_slot_peek_binary_changes(%s, %s::pg_lsn, null,"
    " 'proto_version', '1', 'publication_names', %s)"
)


def lsn(place: int) -> str:
    """A place in the log as PostgreSQL writes it.

    >>> lsn(22174664)
    '0/1525BC8'
    """
    return f"{place >> 32:X}/{place & 0xFFFFFFFF:X}"


def place_of(text: str) -> int:
    """A place in the log as a number.

    >>> place_of("1/10")
    4294967312
    """
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def follow(job: Job, *, anew: bool, accept_deletes: bool) -> None:
    """Land every transaction that was committed by now, and confirm what the lake has.

    Args:
        job: what to work with.
        anew: give up the slot, make another, and compare the whole table with the lake.
        accept_deletes: believe it when the comparison finds that most rows are gone.

    Raises:
        ExtractionError: the server cannot be replicated from, the slot is gone, or most rows are.
    """
    state = job.outbox.state
    if anew and state.slot is not None:
        _drop(job, state.slot)
        state = replace(state, slot=None, watermark=Watermark())
        job.outbox.save(state)
    if state.slot is None or state.watermark.reached is None:
        try:
            _start(job, accept_deletes=accept_deletes)
        except (ExtractionError, psycopg2.Error):
            with contextlib.suppress(psycopg2.Error):
                drop_slot(job)  # it would hold the server's log until somebody comes
            raise
        return
    slot = state.slot
    _require_whole(job, slot)
    confirm(job, slot, job.outbox.confirmable())
    target = place_of(job.origin.value("select pg_current_wal_flush_lsn()::text"))
    looked = max(state.watermark.reached, _confirmed(job, slot) or 0)
    while True:
        looked = min(target, looked + STEP)
        _take(job, slot, looked)
        if looked >= target:
            break
    if not job.outbox.state.waiting:
        confirm(job, slot, target)


def confirm(job: Job, slot: str, place: int) -> None:
    """Let the server forget its log up to a place; it never goes back."""
    if place > (_confirmed(job, slot) or 0):
        job.origin.value(
            "select end_lsn::text from pg_replication_slot_advance(%s, %s::pg_lsn)",
            (slot, lsn(place)),
        )
        failpoint("extraction.confirmed")


def drop_slot(job: Job) -> bool:
    """Give up the slot, so that the server keeps no log for it; False when there is none."""
    state = job.outbox.state
    if state.slot is None:
        return False
    _drop(job, state.slot)
    job.outbox.save(replace(state, slot=None, watermark=Watermark()))
    return True


def has_changes(job: Job) -> bool:
    """Whether the log has a transaction for the table that is in no file yet."""
    state = job.outbox.state
    if state.slot is None or state.watermark.reached is None:
        return True
    target = place_of(job.origin.value("select pg_current_wal_flush_lsn()::text"))
    reached = state.watermark.reached
    with contextlib.closing(_events(job, state.slot, target)) as found:
        return any(isinstance(event, Begin) and event.at >= reached for event in found)


def _start(job: Job, *, accept_deletes: bool) -> None:
    """Make a slot, and land what the lake does not know of the table as the slot begins."""
    _require_logical(job)
    _require_publication(job)
    state = job.outbox.state
    slot = state.slot or f"lakehouse_{job.extraction.domain}_{secrets.token_hex(4)}"
    job.outbox.save(replace(state, slot=slot, watermark=Watermark()))
    failpoint("extraction.named")
    _drop(job, slot)
    replication = connected(
        job.origin.dsn, job.extraction, connection_factory=LogicalReplicationConnection
    )
    with contextlib.closing(replication), replication.cursor() as cursor:
        made = sql.SQL("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT")
        cursor.execute(made.format(sql.Identifier(slot)))
        _, begins, exported, _ = cursor.fetchone()
        failpoint("extraction.slot_made")
        with job.origin.reading(exported) as reading, Known(job.outbox, job.settings) as known:
            known.compare(reading.streamed(job.select()), None)
            known.require_plausible(accept_deletes=accept_deletes)
            begin = place_of(begins)
            with job.outbox.draft(known.number) as draft:
                for row, operation in known.differences(whole=True):
                    draft.add(row, operation)
                job.send(draft, f"snapshot_{begin:016x}", Watermark(reached=begin))
    job.said(f"slot {slot} begins at {begins}")


def _take(job: Job, slot: str, upto: int) -> None:
    """Land the transactions up to a place that are in no file yet, in files of whole ones."""
    reached = job.outbox.state.watermark.reached or 0
    writing = _Writing(job)
    landed = inside = False
    end = reached
    with contextlib.closing(writing), contextlib.closing(_events(job, slot, upto)) as found:
        for event in found:
            match event:
                case Begin(at):
                    landed, inside = at < reached, True
                case Change() if not landed and event.relation == job.extraction.name:
                    writing.write(event)
                case Commit(behind):
                    inside = False
                    end = max(end, behind)
                    if writing.rows >= FILE_ROWS:
                        writing.land(end)
                case _:
                    pass
        if inside:
            raise ExtractionError("PostgreSQL's log ends inside a transaction; extract again")
        if writing.rows:
            writing.land(end)


@dataclass
class _Writing:
    """Changes on their way into files; looks up what the log does not say."""

    job: Job
    draft: Draft | None = None
    since: int = 0
    known: Known | None = None
    later: dict[str | None, Row | None] = field(default_factory=dict)
    """Rows written since `known` was read, None for deleted ones."""

    @property
    def rows(self) -> int:
        """Changes in the file being written."""
        return self.draft.rows if self.draft else 0

    def write(self, change: Change) -> None:
        """Add one change to the file, in the order of the log."""
        match change:
            case Change(kind=Kind.INSERT, new=dict(new)):
                self._add(self._row(new, {}), "insert")
            case Change(kind=Kind.UPDATE, new=dict(new), old=old):
                row = self._row(new, old or {})
                key = self.job.extraction.key
                if old is not None and old.get(key) not in (None, new.get(key)):
                    self._add(self._before(change), "delete")
                    self._add(row, "insert")
                else:
                    self._add(row, "update")
            case Change(kind=Kind.DELETE):
                self._add(self._before(change), "delete")
            case Change(kind=Kind.TRUNCATE):
                self._truncate()
            case _:
                raise ExtractionError(f"PostgreSQL's log has a {change.kind} without a row")

    def land(self, end: int) -> None:
        """Send the file, which holds every change committed before a place."""
        if self.draft is not None:
            draft, self.draft = self.draft, None
            with draft:
                self.job.send(draft, f"cdc_{end:016x}", Watermark(reached=end), self.since)

    def close(self) -> None:
        """Leave nothing unfinished behind."""
        if self.draft is not None:
            self.draft.discard()
        if self.known is not None:
            self.known.close()

    def _add(self, row: Row, operation: str) -> None:
        if self.draft is None:
            self.draft = self.job.outbox.draft()
            self.since = self.job.outbox.state.watermark.reached or 0
        self.draft.add(row, operation)
        if self.known is not None:
            key = row[self.job.extraction.place]
            self.later[key] = None if operation == "delete" else row

    def _row(self, values: Values, old: Values) -> Row:
        """The declared columns; what PostgreSQL did not send again is as it was."""
        found = {**{k: v for k, v in old.items() if v is not None}, **_sent(values)}
        row: list[str | None] = []
        for place, name in enumerate(self.job.extraction.columns):
            if name not in values:
                raise ExtractionError(
                    f"{self.job.extraction.name} is published without its column {name}; mend the"
                    f" publication {self.job.extraction.publication}, or the declaration"
                )
            value = found.get(name, UNCHANGED)
            if isinstance(value, Unchanged):
                last = self._last(_text(values[self.job.extraction.key]))
                value = last[place] if last is not None else None
            row.append(value or None)
        return row

    def _before(self, change: Change) -> Row:
        """Values of a row that is gone: those of the log, else the last that were extracted."""
        old = change.old or {}
        if change.whole:
            return self._row(old, {})
        key = _text(old.get(self.job.extraction.key))
        last = self._last(key)
        if last is not None:
            return last
        return [key if n == self.job.extraction.key else None for n in self.job.extraction.columns]

    def _last(self, key: str | None) -> Row | None:
        known = self._remembered()
        return self.later[key] if key in self.later else known.last(key)

    def _truncate(self) -> None:
        """Every row there was is deleted, with its last values."""
        known = self._remembered()
        here = self.job.extraction.place
        there = [row for row in known.everything() if row[here] not in self.later]
        for row in [*there, *(row for row in self.later.values() if row is not None)]:
            self._add(row, "delete")
        known.forget()
        self.later.clear()

    def _remembered(self) -> Known:
        """What the lake knows, with what is landed and written so far; read when first asked."""
        if self.known is None:
            with contextlib.ExitStack() as stack:
                written = None
                if self.draft is not None:
                    written = stack.enter_context(self.draft.flushed().open("rb"))
                self.known = Known(self.job.outbox, self.job.settings, written)
        return self.known


def _sent(values: Values) -> Values:
    return {name: value for name, value in values.items() if not isinstance(value, Unchanged)}


def _text(value: str | Unchanged | None) -> str | None:
    return None if isinstance(value, Unchanged) else value


def _events(job: Job, slot: str, upto: int) -> Generator[Event, None, None]:
    """What the slot has to say of transactions committed up to a place; it stays as it is."""
    with job.origin.reading() as reading:
        published = job.extraction.publication
        found = reading.streamed(PEEK, (slot, lsn(upto), published))
        yield from events(bytes(data) for (data,) in found)


def _confirmed(job: Job, slot: str) -> int | None:
    """Place up to which the server knows that the lake has everything."""
    query = "select confirmed_flush_lsn::text from pg_replication_slots where slot_name = %s"
    found = job.origin.value(query, (slot,))
    return place_of(found) if found else None


def _drop(job: Job, slot: str) -> None:
    """Remove a slot, if it is there; one that a dying session still holds is waited for."""
    query = (
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s"
    )
    deadline = time.monotonic() + OTHERS_SECONDS
    while True:
        try:
            job.origin.rows(query, (slot,))
        except psycopg2.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _require_logical(job: Job) -> None:
    level = job.origin.value("select current_setting('wal_level')")
    if level != "logical":
        raise ExtractionError(
            f"PostgreSQL runs with wal_level {level}; CDC needs logical: `alter system set"
            " wal_level = logical`, then restart it, or extract incrementally"
        )


def _require_whole(job: Job, slot: str) -> None:
    """Raise when changes were lost: only a comparison of the whole table mends that."""
    hint = (
        "changes since then are not in the log; `lakehouse extract"
        f" {job.extraction.domain} --cdc --anew` compares the whole table"
    )
    query = "select wal_status from pg_replication_slots where slot_name = %s"
    found = job.origin.rows(query, (slot,))
    if not found:
        raise ExtractionError(f"the slot {slot} is gone; {hint}")
    if found[0][0] == "lost":
        raise ExtractionError(f"the server gave up the slot {slot}: it was too far behind; {hint}")
    if job.outbox.state.origin != job.identity:
        raise ExtractionError(f"{job.extraction.name} was made anew; {hint}")
    if not _is_published(job):
        raise ExtractionError(f"{job.extraction.name} is not published any more; {hint}")


def _is_published(job: Job) -> bool:
    query = (
        "select 1 from pg_publication_tables join pg_publication using (pubname)"
        " where pubname = %s and schemaname = %s and tablename = %s"
        " and pubinsert and pubupdate and pubdelete and pubtruncate"
    )
    of = job.extraction
    return job.origin.value(query, (of.publication, of.namespace, of.table)) is not None


def _require_publication(job: Job) -> None:
    """Publish the table, where the role may."""
    if _is_published(job):
        return
    publication = sql.Identifier(job.extraction.publication)
    statement = sql.SQL("create publication {} for table {}").format(publication, job.table)
    job.origin.rows("begin read write")
    try:
        job.origin.rows(sql.SQL("drop publication if exists {}").format(publication))
        job.origin.rows(statement)
        job.origin.rows("commit")
    except psycopg2.errors.InsufficientPrivilege:
        job.origin.rows("rollback")
        said = statement.as_string(job.origin.connection)
        raise ExtractionError(
            f"the role may not publish {job.extraction.name}; let its owner run: {said}"
        ) from None

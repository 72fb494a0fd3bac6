"""One extraction from start to end, and the status of a legacy table."""

import contextlib
import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lakehouse.platform.connectors.postgres import cdc
from lakehouse.platform.connectors.postgres.declaration import CDC, Extraction, ExtractionError
from lakehouse.platform.connectors.postgres.incremental import extract_incrementally
from lakehouse.platform.connectors.postgres.journal import ExtractedFile
from lakehouse.platform.connectors.postgres.outbox import Outbox
from lakehouse.platform.connectors.postgres.run import MEGABYTE, ExtractionRun
from lakehouse.platform.connectors.postgres.session import LegacySession, open_session
from lakehouse.platform.notifications.delivery import notify
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ExtractionResult:
    """What one extraction did.

    Attributes:
        files: landed files, in order.
        operations: number of inserts, updates, deletes and snapshot rows in them.
        problem: what a person has to look at, if anything.
    """

    files: tuple[ExtractedFile, ...]
    operations: Counter[str]
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class ExtractionStatus:
    """How far a legacy table is extracted.

    Attributes:
        files: number of extractions that made a file.
        horizon: transactions below it are in the files.
        waiting: number of landed files that the lake has not committed.
        slot: name of the replication slot, if there is one.
        confirmed: log position up to which the server may forget its log.
        behind: bytes of log after that position.
        retained: bytes of log that the server keeps for the slot.
        problem: what a person has to look at, if anything.
    """

    files: int
    horizon: int | None
    waiting: int
    slot: str | None
    confirmed: str | None
    behind: int | None
    retained: int | None
    problem: str | None


def extract(
    extraction: Extraction,
    settings: Settings,
    *,
    mode: str,
    from_scratch: bool = False,
    accept_deletes: bool = False,
    inform: Callable[[str], None],
) -> ExtractionResult:
    """Land what changed in the legacy table since the last extraction.

    Finishes an interrupted extraction first. Does nothing when nothing changed.

    Args:
        extraction: the declared table.
        settings: of the lake, the landing zone and the database.
        mode: ``incremental`` or ``cdc``.
        from_scratch: compare the entire table with the lake; with ``cdc`` also create another slot.
        accept_deletes: accept that most rows are gone.
        inform: receives remarks for people.

    Raises:
        ExtractionError: nothing was lost, and nothing is extracted until the cause is corrected.
    """
    with _open_run(extraction, settings, inform) as run:
        finished = run.outbox.land_pending()
        if finished is not None:
            inform(f"{finished.path} of an interrupted extraction has landed")
        run.outbox.forget_committed()
        _require_accepted(run.outbox)
        if mode == CDC:
            cdc.extract_from_log(run, from_scratch=from_scratch, accept_deletes=accept_deletes)
        elif run.outbox.state.slot is not None:
            raise ExtractionError(
                f"{extraction.name} is extracted from the log by the slot"
                f" {run.outbox.state.slot}; hint: extract with --cdc, or drop the slot: `lakehouse"
                f" extract {extraction.domain} --drop-slot`"
            )
        else:
            extract_incrementally(run, from_scratch=from_scratch, accept_deletes=accept_deletes)
        return ExtractionResult(
            files=tuple([finished] if finished else []) + tuple(run.landed),
            operations=run.operations,
            problem=_status(run).problem,
        )


def extraction_status(extraction: Extraction, settings: Settings) -> ExtractionStatus:
    """Return how far the table is extracted; changes nothing."""
    with _open_run(extraction, settings, _ignore, exclusive=False) as run:
        return _status(run)


def drop_slot(extraction: Extraction, settings: Settings) -> bool:
    """Drop the replication slot; return False when there is none."""
    with _open_run(extraction, settings, _ignore) as run:
        return cdc.drop_slot(run)


def is_due(extraction: Extraction, settings: Settings, *, mode: str) -> bool:
    """Return whether an extraction would find something to do; cheap to call."""
    with _open_run(extraction, settings, _ignore, exclusive=False) as run:
        state = run.outbox.state
        if state.pending or len(run.outbox.uncommitted()) < len(state.waiting):
            return True
        if mode == CDC:
            behind = _status(run).behind or 0
            return cdc.has_changes(run) or (not state.waiting and behind > cdc.STEP_BYTES)
        next_number = "select pg_snapshot_xmax(pg_current_snapshot())::text"
        return state.watermark.horizon != int(run.session.value(next_number))


def alert(extraction: Extraction, problem: str, settings: Settings, log: logging.Logger) -> None:
    """Send a problem to people, once a day; never raises."""
    today = dt.datetime.now(settings.zone).date()
    notify(
        f"{extraction.domain}: {problem}",
        f"extraction {extraction.domain} {today}",
        is_error=True,
        settings=settings,
        log=log,
    )


def lag_problem(domain: str, slot: str | None, behind: int | None, limit_mb: int) -> str | None:
    """Return the message about a slot that is further behind than the limit.

    >>> print(lag_problem("shop", "lakehouse_shop_1", 600 << 20, 512).partition("; ")[2])
    hint: run `lakehouse extract shop --cdc` and `lakehouse ingest`, or drop it with --drop-slot
    """
    if slot is None or behind is None or behind <= limit_mb * MEGABYTE:
        return None
    return (
        f"the slot {slot} is {behind // MEGABYTE:,} MB behind (limit {limit_mb:,}) and the server"
        f" keeps its log until the lake has committed; hint: run `lakehouse extract {domain} --cdc`"
        " and `lakehouse ingest`, or drop it with --drop-slot"
    )


@contextlib.contextmanager
def _open_run(
    extraction: Extraction,
    settings: Settings,
    inform: Callable[[str], None],
    *,
    exclusive: bool = True,
) -> Iterator[ExtractionRun]:
    dsn = extraction.dsn(settings)
    if not dsn:
        raise ExtractionError(
            f"{extraction.variable} is not set, so there is no database to extract from;"
            " hint: set it to postgresql://user@host/database"
        )
    with open_session(dsn, extraction, exclusive=exclusive) as session:
        identity = session.identity()
        yield ExtractionRun(
            extraction=extraction,
            settings=settings,
            outbox=Outbox(extraction, Lake(settings.root), ObjectStore.at(settings.landing)),
            session=session,
            identity=identity,
            now=dt.datetime.now(dt.UTC),
            inform=inform,
        )


def _status(run: ExtractionRun) -> ExtractionStatus:
    state = run.outbox.state
    uncommitted = len(run.outbox.uncommitted())
    confirmed, behind, retained, lost = _slot_status(run.session, state.slot)
    domain = run.extraction.domain
    problem = lag_problem(domain, state.slot, behind, run.settings.cdc_lag_mb)
    if run.outbox.rejected:
        problem = _rejection(run.outbox)
    if lost:
        problem = (
            f"the slot {state.slot} does not exist any more or its log was removed by the server;"
            f" hint: compare the entire table: `lakehouse extract {domain} --cdc --from-scratch`"
        )
    return ExtractionStatus(
        files=state.number,
        horizon=state.watermark.horizon,
        waiting=uncommitted,
        slot=state.slot,
        confirmed=confirmed,
        behind=behind,
        retained=retained,
        problem=problem,
    )


def _slot_status(
    session: LegacySession, slot: str | None
) -> tuple[str | None, int | None, int | None, bool]:
    """Return confirmed position, bytes behind it, bytes retained, and whether changes are lost."""
    if slot is None:
        return None, None, None, False
    query = (
        "select confirmed_flush_lsn::text,"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint,"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint,"
        " wal_status is not distinct from 'lost'"
        " from pg_replication_slots where slot_name = %s"
    )
    found = session.rows(query, (slot,))
    if not found:
        return None, None, None, True
    confirmed, behind, retained, lost = found[0]
    return confirmed, behind, retained, lost


def _require_accepted(outbox: Outbox) -> None:
    """Raise when the lake rejected a file: its changes would be missing for good."""
    if outbox.rejected:
        raise ExtractionError(_rejection(outbox))


def _rejection(outbox: Outbox) -> str:
    path, reason = next(iter(outbox.rejected.items()))
    return (
        f"the lake rejected {path}: {reason}; nothing newer is extracted. hint: correct the cause"
        " and land the file again (`lakehouse raw cat` prints its bytes)"
    )


def _ignore(_: str) -> None:
    """Discard a remark."""

"""One extraction from beginning to end, and how a legacy table stands."""

import contextlib
import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lakehouse.platform.connectors.postgres import changes
from lakehouse.platform.connectors.postgres.declaration import CDC, Extraction, ExtractionError
from lakehouse.platform.connectors.postgres.incremental import incremental
from lakehouse.platform.connectors.postgres.job import MEGABYTE, Job
from lakehouse.platform.connectors.postgres.journal import ExtractedFile
from lakehouse.platform.connectors.postgres.origin import Origin, origin
from lakehouse.platform.connectors.postgres.outbox import Outbox
from lakehouse.platform.notifications.delivery import notify
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What one extraction did.

    Attributes:
        files: landed files, in order.
        operations: how many inserts, updates, deletes and snapshot rows are in them.
        problem: what is wrong with the slot, if anything.
    """

    files: tuple[ExtractedFile, ...]
    operations: Counter[str]
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a legacy table and the lake stand.

    Attributes:
        files: extractions that made a file.
        horizon: transactions below it are in the files.
        waiting: landed files that the lake has not committed.
        slot: the replication slot, if there is one.
        confirmed: place in the log up to which the lake has committed.
        behind: bytes of log after that.
        kept: bytes of log that the server keeps for the slot.
        problem: what a person has to look at.
    """

    files: int
    horizon: int | None
    waiting: int
    slot: str | None
    confirmed: str | None
    behind: int | None
    kept: int | None
    problem: str | None


def extract(
    extraction: Extraction,
    settings: Settings,
    *,
    mode: str,
    anew: bool = False,
    accept_deletes: bool = False,
    said: Callable[[str], None],
) -> Extracted:
    """Land what changed in the legacy table since the last time.

    What an earlier extraction left undone is done first. Calling it again when nothing changed does
    nothing.

    Args:
        extraction: which table.
        settings: where the lake, the landing zone and the database are.
        mode: ``incremental`` or ``cdc``.
        anew: compare the whole table with the lake, whatever the watermark; with CDC from another
            slot on.
        accept_deletes: believe it when most rows are gone.
        said: takes remarks for people.

    Raises:
        ExtractionError: nothing was lost, and nothing is done until the cause is mended.
    """
    with _job(extraction, settings, said) as job:
        finished = job.outbox.finish()
        if finished is not None:
            said(f"{finished.path} was on its way and is landed")
        job.outbox.settle()
        _require_taken(job.outbox)
        if mode == CDC:
            changes.follow(job, anew=anew, accept_deletes=accept_deletes)
        elif job.outbox.state.slot is not None:
            raise ExtractionError(
                f"{extraction.name} is followed by the slot {job.outbox.state.slot}; extract with"
                f" --cdc, or give it up: `lakehouse extract {extraction.domain} --drop-slot`"
            )
        else:
            incremental(job, whole=anew, accept_deletes=accept_deletes)
        return Extracted(
            files=tuple([finished] if finished else []) + tuple(job.sent),
            operations=job.operations,
            problem=_standing(job).problem,
        )


def standing(extraction: Extraction, settings: Settings) -> Standing:
    """How the table and the lake stand; changes nothing."""
    with _job(extraction, settings, _ignored, alone=False) as job:
        return _standing(job)


def drop_slot(extraction: Extraction, settings: Settings) -> bool:
    """Give up the replication slot; False when there is none."""
    with _job(extraction, settings, _ignored) as job:
        return changes.drop_slot(job)


def due(extraction: Extraction, settings: Settings, *, mode: str) -> bool:
    """Whether an extraction would find something to do; cheap to ask."""
    with _job(extraction, settings, _ignored, alone=False) as job:
        state = job.outbox.state
        if state.pending or len(job.outbox.untaken()) < len(state.waiting):
            return True
        if mode == CDC:
            behind = _standing(job).behind or 0
            return changes.has_changes(job) or (not state.waiting and behind > changes.STEP)
        next_number = "select pg_snapshot_xmax(pg_current_snapshot())::text"
        return state.watermark.horizon != int(job.origin.value(next_number))


def alert(extraction: Extraction, problem: str, settings: Settings, log: logging.Logger) -> None:
    """Tell people of a problem, once a day; never raises."""
    today = dt.datetime.now(settings.zone).date()
    notify(
        f"{extraction.domain}: {problem}",
        f"extraction {extraction.domain} {today}",
        is_error=True,
        settings=settings,
        log=log,
    )


@contextlib.contextmanager
def _job(
    extraction: Extraction,
    settings: Settings,
    said: Callable[[str], None],
    *,
    alone: bool = True,
) -> Iterator[Job]:
    dsn = extraction.dsn(settings)
    if not dsn:
        raise ExtractionError(
            f"{extraction.variable} is not set, so there is no database to extract from;"
            " hint: set it to postgresql://user@host/database"
        )
    with origin(dsn, extraction, alone=alone) as opened:
        identity = opened.identity()
        yield Job(
            extraction=extraction,
            settings=settings,
            outbox=Outbox(extraction, Lake(settings.root), ObjectStore.at(settings.landing)),
            origin=opened,
            identity=identity,
            now=dt.datetime.now(dt.UTC),
            said=said,
        )


def _standing(job: Job) -> Standing:
    state = job.outbox.state
    untaken = len(job.outbox.untaken())
    confirmed, behind, kept, lost = _slot(job.origin, state.slot)
    domain = job.extraction.domain
    problem = lag_problem(domain, state.slot, behind, job.settings.cdc_lag_mb)
    if job.outbox.rejected:
        problem = _rejection(job.outbox)
    if lost:
        problem = (
            f"the slot {state.slot} is gone or was given up by the server;"
            f" `lakehouse extract {domain} --cdc --anew` compares the whole table"
        )
    return Standing(
        files=state.number,
        horizon=state.watermark.horizon,
        waiting=untaken,
        slot=state.slot,
        confirmed=confirmed,
        behind=behind,
        kept=kept,
        problem=problem,
    )


def lag_problem(domain: str, slot: str | None, behind: int | None, limit_mb: int) -> str | None:
    """What to tell people when a slot is further behind than it may be.

    >>> print(lag_problem("sales", "lakehouse_sales_1", 600 << 20, 512).partition("; ")[2])
    `lakehouse extract sales --cdc`, then `lakehouse ingest`, or give it up with --drop-slot
    """
    if slot is None or behind is None or behind <= limit_mb * MEGABYTE:
        return None
    return (
        f"the slot {slot} is {behind // MEGABYTE:,} MB behind (limit {limit_mb:,}) and the server"
        f" keeps its log until the lake has committed; `lakehouse extract {domain} --cdc`, then"
        " `lakehouse ingest`, or give it up with --drop-slot"
    )


def _slot(opened: Origin, slot: str | None) -> tuple[str | None, int | None, int | None, bool]:
    """Confirmed place, bytes behind it, bytes kept, and whether changes were lost."""
    if slot is None:
        return None, None, None, False
    query = (
        "select confirmed_flush_lsn::text,"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint,"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint,"
        " wal_status is not distinct from 'lost'"
        " from pg_replication_slots where slot_name = %s"
    )
    found = opened.rows(query, (slot,))
    if not found:
        return None, None, None, True
    confirmed, behind, kept, lost = found[0]
    return confirmed, behind, kept, lost


def _require_taken(outbox: Outbox) -> None:
    """Raise when the lake rejected a file: its changes would be missing for ever."""
    if outbox.rejected:
        raise ExtractionError(_rejection(outbox))


def _rejection(outbox: Outbox) -> str:
    path, why = next(iter(outbox.rejected.items()))
    return (
        f"the lake rejected {path}: {why}. Mend the cause and land the file again (`lakehouse raw"
        " cat` has its bytes); nothing newer is extracted until then"
    )


def _ignored(_: str) -> None:
    """Nobody listens."""

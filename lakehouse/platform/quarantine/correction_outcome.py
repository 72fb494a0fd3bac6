"""What has come of a correction: whether its file was read, loaded, rejected again or lost."""

import datetime as dt
from collections.abc import Iterable

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.quarantine.preview import UNPARSABLE, RowResult, Workplace, result_of_row
from lakehouse.platform.quarantine.trail import Correction, add_step
from lakehouse.platform.reconciliation.open_work import open_work
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.ops_tables import CorrectionEvent, CorrectionStep

ABANDONED = dt.timedelta(minutes=2)
"""Age of a request without a landed file that belongs to no living process."""
PRECISION = dt.timedelta(seconds=2)
"""Moments of a landing zone on S3 have full seconds."""


def settle(
    workplace: Workplace, corrections: Iterable[Correction], now: dt.datetime | None = None
) -> list[Correction]:
    """Return these corrections with what has come of them; record what is known now."""
    settled = []
    for each in corrections:
        found = _outcome(workplace, each, now or dt.datetime.now(dt.UTC)) if each.is_open else None
        if found is not None:
            step, detail = found
            each = add_step(  # noqa: PLW2901  the same correction with its new step
                workplace.lake,
                workplace.domain.name,
                each,
                step,
                lambda: now or dt.datetime.now(dt.UTC),
                detail,
            )
        settled.append(each)
    return settled


def is_read(workplace: Workplace, correction: Correction) -> bool:
    """Return whether a run has read the corrected file, so that the tables are being computed."""
    return _delivery(workplace, correction.request) is not None


def _outcome(
    workplace: Workplace, correction: Correction, now: dt.datetime
) -> tuple[CorrectionStep, str | None] | None:
    """Return how an open correction ended; None while that is not known."""
    event = correction.request
    delivery = _delivery(workplace, event)
    if delivery is None:
        return _not_read(workplace, correction, now)
    if delivery.status in (Status.SUPERSEDED, Status.DUPLICATE):
        return CorrectionStep.FAILED, "a newer version of the delivery has replaced the file"
    if delivery.status is not Status.LOADED:
        return CorrectionStep.FAILED, f"{delivery.status.value}: {delivery.reason}"
    work = open_work(workplace.domain, workplace.lake)
    if event.day in work.unfinished:
        return None
    if event.kind != "correction":
        return CorrectionStep.LOADED, None
    result: RowResult = result_of_row(
        workplace.lake, workplace.domain, event.table, event.day, event.new_digest, event.line
    )
    if result.outcome == "waiting":
        return None
    if result.reasons or result.outcome == UNPARSABLE:
        found = ", ".join(result.reasons)
        return CorrectionStep.REJECTED, f"{found}: {result.detail}" if result.detail else found
    return CorrectionStep.LOADED, None if result.accepted else result.outcome


def _not_read(
    workplace: Workplace, correction: Correction, now: dt.datetime
) -> tuple[CorrectionStep, str | None] | None:
    event = correction.request
    landed = workplace.landing.store.stat(event.path)
    if correction.last.step is CorrectionStep.REQUESTED:
        if now - event.at <= ABANDONED:
            return None
        if landed is None:
            return CorrectionStep.FAILED, "the process ended before the file landed"
    if landed is None:
        return CorrectionStep.FAILED, "the file left the landing zone before it was read"
    return None


def _delivery(workplace: Workplace, event: CorrectionEvent) -> Delivery | None:
    """Return the corrected file as a run has read it, the newest time; None before."""
    rows = read_deliveries(workplace.lake, workplace.domain.name, event.table, [event.day])
    own = [each for each in rows if (each.file, each.digest) == (event.path, event.new_digest)]
    newest = max(own, key=lambda each: each.order, default=None)
    is_earlier = newest is not None and newest.landed_at < event.at - PRECISION
    return None if is_earlier else newest

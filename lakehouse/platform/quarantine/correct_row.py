"""Correct one rejected row: find it, check the correction, land it, take it back.

A correction lands as a new version of its delivery and passes every check of an ordinary delivery.
Each step is recorded in the trail. Undo lands the bytes of the version before, in the same way.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakehouse.platform.ingestion.deliveries import read_deliveries
from lakehouse.platform.ingestion.versions import scope_of
from lakehouse.platform.quarantine.corrected_file import CorrectedFile
from lakehouse.platform.quarantine.correction_outcome import ABANDONED, settle
from lakehouse.platform.quarantine.corrections import Edit, as_read
from lakehouse.platform.quarantine.errors import ReplayError
from lakehouse.platform.quarantine.listing import Rejection, RejectionKind, list_rejections
from lakehouse.platform.quarantine.patch import PatchRow
from lakehouse.platform.quarantine.preview import (
    Effect,
    Workplace,
    preview,
)
from lakehouse.platform.quarantine.replay import Replayer
from lakehouse.platform.quarantine.selection import Selection, source_of_table
from lakehouse.platform.quarantine.trail import (
    Correction,
    add_event,
    add_step,
    as_json,
    corrections_of,
    read_trail,
)
from lakehouse.platform.storage.errors import DayConflict
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.ops_tables import CorrectionEvent, CorrectionStep
from lakehouse.platform.tables.source import Column, Source

IDENTIFYING = ("identifier", "email")
PLACE = "the form"
"""Where an edit comes from, in messages."""


class RowProblem(StrEnum):
    """Why a correction is not possible now."""

    GONE = "gone"
    """The row is not in quarantine any more."""
    BUSY = "busy"
    """Another correction of the same delivery is being loaded."""
    CHANGED = "changed"
    """The file was replaced, or sent again, after the row was shown."""
    INVALID = "invalid"
    """The edit cannot be written into the file."""
    UNCHANGED = "unchanged"
    """The edit changes nothing."""


class RowError(Exception):
    """A correction that is not possible; nothing was written."""

    def __init__(self, problem: RowProblem, text: str) -> None:
        super().__init__(text)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class RowKey:
    """Which rejected row or line."""

    table: str
    """Dataset, or silver table that rejected the row."""
    day: dt.date
    """Delivery day of a line, business day of a row."""
    file: str
    line: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to do with a row.

    Args:
        values: wanted values of some columns; the others stay. Not for an unparsable line.
        text: wanted text of an unparsable line.
        remove: remove the record from the file.
    """

    values: Mapping[str, str]
    text: str | None = None
    remove: bool = False


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who corrects, and why."""

    person: str
    role: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A correction that was checked; nothing is written yet."""

    rejection: Rejection
    file: CorrectedFile
    line: int
    before: str
    after: str | None

    @property
    def removes(self) -> bool:
        """Whether the record is removed."""
        return self.after is None


def find_row(workplace: Workplace, key: RowKey) -> Rejection:
    """Return a rejected row or line as it is now.

    Raises:
        RowError: it is not in quarantine.
    """
    wanted = Selection(domain=workplace.domain.name, table=key.table, days=[key.day], file=key.file)
    for found in list_rejections(workplace.lake, wanted):
        if found.kind is not RejectionKind.FILE and found.line == key.line:
            if found.digest == key.digest:
                return found
            raise RowError(
                RowProblem.CHANGED,
                f"{key.file}, line {key.line}: the file was sent again after the row was shown",
            )
    raise RowError(RowProblem.GONE, f"{key.file}, line {key.line} is not in quarantine any more")


def plan(workplace: Workplace, key: RowKey, wish: Wish, now: dt.datetime | None = None) -> Planned:
    """Check a correction of a row as it is now; nothing is written.

    Raises:
        RowError: the row is gone or was changed, or the edit cannot be applied.
    """
    rejection = find_row(workplace, key)
    source = source_of_table(workplace.domain, rejection.table)
    edit, before, after = _edit(rejection, source, wish)
    patch = PatchRow(file=rejection.file, digest=rejection.digest, edit=edit, place=PLACE)
    replayer = _replayer(workplace, now)
    try:
        files, _ = replayer.checked_patch([patch])
    except ReplayError as error:
        raise RowError(_problem(workplace, source, rejection), str(error)) from error
    if not files:
        raise RowError(RowProblem.UNCHANGED, f"{rejection.file}: the correction changes nothing")
    return Planned(rejection=rejection, file=files[0], line=edit.line, before=before, after=after)


def foresee(
    workplace: Workplace, key: RowKey, wish: Wish, *, sums: bool = True
) -> tuple[Planned, Effect]:
    """Return what a correction would do, without any effect; see `preview`.

    Raises:
        RowError: the correction is not possible.
    """
    planned = plan(workplace, key, wish)
    removes = planned.removes
    return planned, preview(workplace, planned.file, planned.line, removes=removes, sums=sums)


def correct(
    workplace: Workplace,
    key: RowKey,
    wish: Wish,
    author: Author,
    now: dt.datetime | None = None,
) -> Correction:
    """Record a correction and land the corrected file; an ordinary run loads it.

    Raises:
        RowError: the correction is not possible.
    """
    moment = now or dt.datetime.now(dt.UTC)
    snapshot = _settled(workplace, now)
    planned = plan(workplace, key, wish, now)
    _require_free(workplace, planned.file, snapshot, moment)
    request = CorrectionEvent(
        **_common(planned.file, author, moment),
        kind="removal" if planned.removes else "correction",
        undoes=None,
        line=planned.line,
        before=planned.before,
        after=planned.after,
    )
    return _land(workplace, planned.file, request, snapshot, now)


def undo(
    workplace: Workplace, correction_id: str, author: Author, now: dt.datetime | None = None
) -> Correction:
    """Land the bytes of before a correction again; an ordinary run loads them.

    Raises:
        RowError: there is no such correction, it loaded nothing, or its file was changed since.
    """
    moment = now or dt.datetime.now(dt.UTC)
    snapshot = _settled(workplace, now)
    known = read_trail(workplace.lake, workplace.domain.name, snapshot=snapshot)
    found = next((each for each in known if each.id == correction_id), None)
    if found is None or found.last.step is CorrectionStep.FAILED:
        raise RowError(RowProblem.GONE, f"no correction {correction_id!r} was loaded")
    if found.is_open:
        raise RowError(RowProblem.BUSY, f"correction {correction_id} is still being loaded")
    done = found.request
    try:
        file = _replayer(workplace, now).checked_return(done.path, done.new_digest, done.digest)
    except ReplayError as error:
        raise RowError(RowProblem.CHANGED, str(error)) from error
    _require_free(workplace, file, snapshot, moment)
    request = CorrectionEvent(
        **_common(file, author, moment),
        kind="undo",
        undoes=done.correction,
        line=done.line,
        before=None,
        after=None,
    )
    return _land(workplace, file, request, snapshot, now)


def _settled(workplace: Workplace, now: dt.datetime | None) -> Snapshot:
    """Record what has come of all corrections; return the trail as it is then."""
    name = workplace.domain.name
    settle(workplace, read_trail(workplace.lake, name), now)
    return workplace.lake.table(corrections_of(name)).snapshot()


def _edit(rejection: Rejection, source: Source, wish: Wish) -> tuple[Edit, str, str | None]:
    """Return the edit of a wish, with the values before and after that the trail records."""
    line = rejection.line or 0
    if rejection.kind is RejectionKind.LINE:
        nothing: dict[str, str | None] = dict.fromkeys(source.format.columns)
        edit = Edit(line=line, values=nothing, text=wish.text, delete=wish.remove)
        return edit, rejection.values or "", None if wish.remove else wish.text or ""
    unknown = set(wish.values) - set(source.format.columns)
    if unknown:
        raise RowError(RowProblem.INVALID, f"unknown column {min(unknown)!r}")
    old = rejection.values_of(source.format)
    if wish.remove:
        edit = Edit(line=line, values=old, delete=True)
        return edit, as_json(old), None
    changed = {
        column: value
        for column, value in wish.values.items()
        if as_read(value, source.format) != as_read(old[column], source.format)
    }
    edit = Edit(line=line, values=old | changed)
    recorded = {c: v for c, v in old.items() if c in changed or _identifies(source, c)}
    return edit, as_json(recorded), as_json(changed)


def _identifies(source: Source, column: str) -> bool:
    """Return whether a column tells whose row it is, so that an erasure finds the person."""
    declared = source.columns[column]
    return isinstance(declared, Column) and declared.personal in IDENTIFYING


def _common(file: CorrectedFile, author: Author, at: dt.datetime) -> dict[str, Any]:
    return {
        "day": file.old.day,
        "correction": uuid.uuid4().hex,
        "step": CorrectionStep.REQUESTED,
        "at": at,
        "person": author.person,
        "role": author.role,
        "table": file.source.dataset,
        "unit": file.old.unit,
        "file": file.old.file,
        "digest": file.old.digest,
        "path": file.path,
        "new_digest": file.digest,
        "reason": author.reason,
        "detail": None,
    }


def _land(
    workplace: Workplace,
    file: CorrectedFile,
    request: CorrectionEvent,
    snapshot: Snapshot,
    now: dt.datetime | None,
) -> Correction:
    """Record the request, land the file, record that it landed."""
    name = workplace.domain.name
    correction = Correction(events=(request,))
    try:
        add_event(workplace.lake, name, request, snapshot)
    except DayConflict as error:
        raise RowError(
            RowProblem.BUSY, f"somebody else corrects {file.old.file} at this moment"
        ) from error

    def clock() -> dt.datetime:
        return now or dt.datetime.now(dt.UTC)

    try:
        _replayer(workplace, now).land([file], [])
    except Exception as error:
        step = CorrectionStep.FAILED
        add_step(workplace.lake, name, correction, step, clock, f"not landed: {error}")
        raise
    return add_step(workplace.lake, name, correction, CorrectionStep.LANDED, clock)


def _require_free(
    workplace: Workplace, file: CorrectedFile, snapshot: Snapshot, now: dt.datetime
) -> None:
    """Require that no other correction of the delivery is on its way.

    Raises:
        RowError: one is.
    """
    own = scope_of(file.old.file, file.old.unit, file.source)
    known = read_trail(workplace.lake, workplace.domain.name, file.old.day, snapshot=snapshot)
    for each in known:
        other = each.request
        scope = scope_of(other.file, other.unit, file.source)
        same = (other.table, scope) == (file.source.dataset, own)
        abandoned = each.last.step is CorrectionStep.REQUESTED and now - other.at > ABANDONED
        if same and each.is_open and not abandoned:
            raise RowError(
                RowProblem.BUSY,
                f"a correction of {other.file}, line {other.line}, by {other.person} is being"
                " loaded",
            )


def _problem(workplace: Workplace, source: Source, rejection: Rejection) -> RowProblem:
    """Return whether a rejected correction met a changed file, or is wrong itself."""
    rows = read_deliveries(
        workplace.lake, workplace.domain.name, source.dataset, [rejection.delivery_day]
    )
    current = any(
        (each.file, each.digest, each.status) == (rejection.file, rejection.digest, Status.LOADED)
        for each in rows
    )
    if not current or _has_unread_file(workplace, source, rejection, rows):
        return RowProblem.CHANGED
    return RowProblem.INVALID


def _has_unread_file(
    workplace: Workplace, source: Source, rejection: Rejection, rows: list[Delivery]
) -> bool:
    seen = {(each.file, each.size, each.landed_at) for each in rows}
    listing = workplace.landing.listing(
        days=[rejection.delivery_day],
        undated=False,
        now=dt.datetime.now(dt.UTC),
        quiet=dt.timedelta(0),
    )
    unit = next((each.unit for each in rows if each.file == rejection.file), None)
    own = scope_of(rejection.file, unit, source)
    return any(
        (file.path, file.size, file.modified_at) not in seen
        for file in listing.files
        if file.dataset == source.dataset and scope_of(file.path, file.unit, source) == own
    )


def _replayer(workplace: Workplace, now: dt.datetime | None) -> Replayer:
    return Replayer(
        workplace.lake, workplace.landing, workplace.settings, now or dt.datetime.now(dt.UTC)
    )

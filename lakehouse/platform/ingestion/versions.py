"""Order the versions of each delivery and decide which one is current: pure decisions.

A received file is a version of a delivery. A delivery is what one unit sends of one dataset for one
day; for sources with ``per_file`` each file name is a delivery of its own. What a path contains now
is current: the order in which the platform first saw the files decides, and modification times only
order files that it sees for the first time together. ``docs/versions.md`` has the rules as a table.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace

from lakehouse.platform.tables.deliveries_model import Delivery, FileKey, Order, Status
from lakehouse.platform.tables.domain_spec import REPLAY
from lakehouse.platform.tables.source import Source

Scope = int | str | None
"""Identifies a delivery within its day: the unit, or the path for sources with ``per_file``."""

_TICK = dt.timedelta(microseconds=1)


def corrected_by(file: str) -> str | None:
    """Return the path of the file that a file in a replay folder corrects; else None.

    Used for sources with ``per_file``, where the path below the replay folder names the file.

    >>> corrected_by("shop/2023-01-05/replay/2023-01-04/visits.csv")
    'shop/2023-01-04/visits.csv'
    """
    domain, replayed, corrected = file.partition("/")[0], *file.partition(f"/{REPLAY}/")[1:]
    return f"{domain}/{corrected}" if replayed else None


def scope_of(file: str, unit: int | None, source: Source) -> Scope:
    """Return the delivery of which a file is a version."""
    return (corrected_by(file) or file) if source.per_file else unit


def newest_by_path(deliveries: Iterable[Delivery]) -> dict[str, Delivery]:
    """Return for each path the file that was seen there last."""
    return {each.file: each for each in sorted(deliveries, key=lambda each: each.order)}


def replaced_files(deliveries: Iterable[Delivery], source: Source) -> list[Delivery]:
    """Return the rejected and held files of which a later version could be read.

    Args:
        deliveries: all files of a dataset, of any days.
        source: decides what a delivery is.
    """
    newest: dict[tuple[dt.date, Scope], Order] = {}
    rejected = []
    for each in deliveries:
        delivery = (each.day, scope_of(each.file, each.unit, source))
        if not each.readable:
            rejected.append((delivery, each))
        elif delivery not in newest or newest[delivery] < each.order:
            newest[delivery] = each.order
    return [each for delivery, each in rejected if each.order < newest.get(delivery, each.order)]


def ordered_after(
    known: Iterable[Delivery], new: Iterable[Delivery], now: dt.datetime
) -> list[Delivery]:
    """Return new files with the moment that orders them: after everything seen before.

    The moment is the modification time, at most `now`. A file of the same unit and day that the
    platform has seen already is older, whatever its time.

    Args:
        known: files of these days that were ingested before.
        new: files of any days that are seen for the first time; one that has a moment keeps it.
        now: time of the ingestion, aware.
    """
    newest: dict[tuple[dt.date, int | None], dt.datetime] = {}
    for delivery in known:
        place = (delivery.day, delivery.unit)
        newest[place] = max(delivery.moment, newest.get(place, delivery.moment))
    ordered = []
    for delivery in sorted(new, key=lambda each: (each.landed_at, each.file, each.digest)):
        if delivery.delivered_at is not None:
            ordered.append(delivery)
            continue
        place = (delivery.day, delivery.unit)
        moment = min(delivery.landed_at, now.astimezone(dt.UTC))
        if place in newest:
            moment = max(moment, newest[place] + _TICK)
        if delivery.landed_at > moment or place in newest:
            newest[place] = moment
        ordered.append(replace(delivery, delivered_at=moment))
    return ordered


def as_old_as_first(
    new: Iterable[Delivery],
    others: Iterable[Delivery],
    digests: Set[str],
    *,
    replaced: Set[str],
) -> tuple[list[Delivery], dict[FileKey, Delivery]]:
    """Return new files; a copy of an older file of another day has the moment of that file.

    Args:
        new: files with their moments.
        others: deliveries of all days that may have the same bytes.
        digests: the content to look for.
        replaced: paths whose earlier content a new file replaces; they keep their moment.

    Returns:
        The files, and for each copy the file of which it is one.
    """
    files = list(new)
    first: dict[str, Delivery] = {}
    for each in sorted([*files, *others], key=lambda each: each.order):
        if each.digest in digests and each.readable:
            first.setdefault(each.digest, each)
    dated: list[Delivery] = []
    copies: dict[FileKey, Delivery] = {}
    for each in files:
        original = first.get(each.digest)
        if original is None or original.day == each.day or each.file in replaced:
            dated.append(each)
            continue
        copy = replace(each, delivered_at=original.moment)
        dated.append(copy)
        copies[copy.key] = original
    return dated, copies


def resolve_versions(deliveries: Iterable[Delivery], source: Source) -> list[Delivery]:
    """Return the files of one delivery day, each with its version and status.

    A readable file is loaded, superseded by a newer version, or a duplicate. A rejected or held
    file never supersedes a readable one. Equal bytes are compared within one unit and day only. A
    path whose content changed is the current version, also when it changed back to earlier content.
    Earlier content under a new path is a duplicate, except for a snapshot, which may return to an
    earlier state, and for a file in a replay folder.

    Args:
        deliveries: all files of the day, known and new.
        source: decides what a delivery is.

    Returns:
        The files in an order that depends on nothing but the files.
    """
    in_order = sorted(deliveries, key=lambda delivery: delivery.order)
    history = _History(source=source)
    for delivery in in_order:
        if delivery.readable:
            history.add(delivery)
    resolved = [replace(each, version=0) for each in in_order if not each.readable]
    resolved += history.resolved()
    return sorted(resolved, key=lambda d: (d.unit is not None, d.unit or 0, d.order))


@dataclass(kw_only=True)
class _History:
    """The versions of the deliveries of one day, in the order in which they were seen."""

    source: Source
    versions: dict[Scope, dict[str, Delivery]] = field(default_factory=lambda: defaultdict(dict))
    """Delivery → digest → the file with this content, the current version last."""
    repeated: list[Delivery] = field(default_factory=list)
    _content: dict[str, str] = field(default_factory=dict)
    """Path → digest seen there last."""
    _first: dict[tuple[Scope, str], Delivery] = field(default_factory=dict)
    """First file with a content."""

    def add(self, delivery: Delivery) -> None:
        """Add the next file that was seen."""
        own = scope_of(delivery.file, delivery.unit, self.source)
        place = (own if self.source.counts_copies else delivery.unit, delivery.digest)
        versions = self.versions[own]
        before = self._content.get(delivery.file)
        self._content[delivery.file] = delivery.digest
        current = next(reversed(versions.values()), None)
        first = self._first.setdefault(place, delivery)
        is_new_path = before is None and not _is_deliberate(delivery, self.source)
        is_copy = is_new_path and first is not delivery
        if delivery.digest == before or is_copy or (current and current.digest == delivery.digest):
            detail = _repeated_detail(delivery, first, current)
            self.repeated.append(_duplicate(delivery, detail))
            return
        earlier = versions.pop(delivery.digest, None)
        if earlier is not None:
            detail = f"the same bytes came back later as {delivery.file}; that file is loaded"
            self.repeated.append(_duplicate(earlier, detail))
        versions[delivery.digest] = delivery

    def resolved(self) -> list[Delivery]:
        """Return all files with their status: the last version of each delivery is loaded."""
        numbered = [_numbered(list(each.values())) for each in self.versions.values() if each]
        return [*self.repeated, *(delivery for each in numbered for delivery in each)]


def _is_deliberate(delivery: Delivery, source: Source) -> bool:
    """Return whether earlier content under a new path is a return to it and not a copy."""
    return source.snapshot or f"/{REPLAY}/" in delivery.file


def _repeated_detail(delivery: Delivery, first: Delivery, current: Delivery | None) -> str:
    """Say why a repeated file is not loaded, and name the file that counts."""
    if current is None or current.digest == delivery.digest or first.file == delivery.file:
        return "the same bytes were delivered before; nothing is loaded"
    return (
        f"the same bytes were delivered before as {first.file}, and {current.file} is the newer"
        " version; nothing is loaded; hint: to return to these bytes, write them over that file"
    )


def _duplicate(delivery: Delivery, detail: str) -> Delivery:
    return replace(
        delivery, version=0, status=Status.DUPLICATE, reason="same_content", detail=detail
    )


def _numbered(versions: Sequence[Delivery]) -> list[Delivery]:
    """Number the versions of one delivery; the last is loaded, the others are superseded."""
    superseded = [
        replace(
            delivery,
            version=number,
            status=Status.SUPERSEDED,
            reason="newer_version",
            detail=None,
        )
        for number, delivery in enumerate(versions[:-1], start=1)
    ]
    loaded = replace(
        versions[-1], version=len(versions), status=Status.LOADED, reason=None, detail=None
    )
    return [*superseded, loaded]


def merged(known: Iterable[Delivery], new: Iterable[Delivery]) -> list[Delivery]:
    """Return known and new files together: every time a path was seen with another state.

    A file that could not be read is forgotten once its path was read or tried again.
    """
    tried = {each.file: each for each in new}
    kept = {each.key: each for each in known if not (each.unread and each.file in tried)}
    return list({**kept, **{each.key: each for each in tried.values()}}.values())


def with_row_moments(deliveries: Sequence[Delivery], source: Source) -> list[Delivery]:
    """Return the files of a day with the moment that orders their rows among other deliveries.

    For sources with ``per_file`` that is the modification time, so that an old file which arrives
    late does not win, but not before the version of the same path that it replaces. A corrected
    file has the moment of the file it corrects: files that were delivered later stay newer.
    """
    if not source.per_file:
        return list(deliveries)
    moments: dict[str, dt.datetime] = {}
    own: dict[FileKey, dt.datetime] = {}
    for delivery in sorted(deliveries, key=lambda delivery: delivery.order):
        moment = min(delivery.landed_at, delivery.moment)
        if delivery.file in moments:
            moment = max(moment, moments[delivery.file] + _TICK)
        own[delivery.key] = moments[delivery.file] = moment
    return [
        replace(d, delivered_at=moments.get(corrected_by(d.file) or "", own[d.key]))
        for d in deliveries
    ]

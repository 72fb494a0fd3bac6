"""Which version of each delivery is current: pure decisions about received files.

A received file is a version of a delivery. A delivery is what one unit sends of one dataset for one
day; for sources with ``per_file`` each file name is a delivery of its own. The status of a file
follows from all files of its delivery day, so it does not depend on the order in which the files
were noticed.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from lakehouse.platform.tables.deliveries_model import Delivery, Order, Status
from lakehouse.platform.tables.domain_spec import REPLAY
from lakehouse.platform.tables.source import Source

Scope = int | str | None
"""Identifies a delivery within its day: the unit, or the path for sources with ``per_file``."""


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


def resolve_versions(
    deliveries: Iterable[Delivery], source: Source, elsewhere: frozenset[str] = frozenset()
) -> list[Delivery]:
    """Return the files of one delivery day, each with its version and status.

    A readable file is loaded, superseded by a newer version, or a duplicate. A rejected or held
    file never supersedes a readable one. If a snapshot returns to earlier content, the latest file
    with that content is the version; the same holds for a path whose content changed and changed
    back, where copies count. In all other cases an older file that is sent again is a duplicate.

    Args:
        deliveries: all files of the day, known and new.
        source: decides whether the same bytes from another unit are a duplicate.
        elsewhere: digests of older files of other days.

    Returns:
        The files in an order that depends on nothing but the files.
    """
    in_order = sorted(deliveries, key=lambda delivery: delivery.order)
    readable = [delivery for delivery in in_order if delivery.readable]
    repeated_later: frozenset[Order] = frozenset()
    if source.snapshot:
        repeated_later = _snapshots_repeated_later(readable)
    elif source.counts_copies:
        repeated_later = _versions_repeated_later(readable, source)
    seen: set[tuple[Scope, str]] = set()
    versions: dict[Scope, list[Delivery]] = defaultdict(list)
    resolved = [replace(delivery, version=0) for delivery in in_order if not delivery.readable]
    for delivery in readable:
        own = scope_of(delivery.file, delivery.unit, source)
        scope = own if source.counts_copies or not source.self_identifying else None
        if (scope, delivery.digest) in seen or delivery.digest in elsewhere:
            detail = "the same bytes were delivered before; nothing is loaded"
            resolved.append(_duplicate(delivery, detail))
        elif delivery.order in repeated_later:
            detail = "the same bytes were delivered again later; the later file is loaded"
            resolved.append(_duplicate(delivery, detail))
        else:
            seen.add((scope, delivery.digest))
            versions[own].append(delivery)
    for files in versions.values():
        resolved += _numbered(files)
    return sorted(resolved, key=lambda d: (d.unit is not None, d.unit or 0, d.order))


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


def _snapshots_repeated_later(snapshots: Sequence[Delivery]) -> frozenset[Order]:
    """Return the snapshots with the newest content that another content had replaced since."""
    if not snapshots:
        return frozenset()
    newest = snapshots[-1].digest
    since = max((n for n, d in enumerate(snapshots) if d.digest != newest), default=-1)
    return frozenset(d.order for d in snapshots[: since + 1] if d.digest == newest)


def _versions_repeated_later(files: Sequence[Delivery], source: Source) -> frozenset[Order]:
    """Return versions whose content came back under a path that had other content in between.

    A file that is sent again unchanged is not such a case, so it does not undo a correction.
    """
    repeated: set[Order] = set()
    content: dict[str, str] = {}
    current: dict[Scope, str] = {}
    versions: dict[tuple[Scope, str], Order] = {}
    for file in files:
        own = scope_of(file.file, file.unit, source)
        before, content[file.file] = content.get(file.file), file.digest
        if file.digest in (before, current.get(own)):
            continue
        if (own, file.digest) in versions:
            repeated.add(versions[own, file.digest])
        current[own] = file.digest
        versions[own, file.digest] = file.order
    return frozenset(repeated)


def dated_as_corrected(deliveries: Sequence[Delivery], source: Source) -> list[Delivery]:
    """Return the files of a day; a corrected file has the landing time of the file it corrects.

    Files that landed after the corrected one therefore stay newer than the correction.
    """
    if not source.per_file:
        return list(deliveries)
    in_order = sorted(deliveries, key=lambda delivery: delivery.order)
    landed_at = {delivery.file: delivery.landed_at for delivery in in_order}
    return [
        replace(d, landed_at=landed_at.get(corrected_by(d.file) or "", d.landed_at))
        for d in deliveries
    ]


def content_of_other_days(
    deliveries: Iterable[Delivery], digests: Collection[str]
) -> dict[dt.date, frozenset[str]]:
    """Return, for each day, which of these digests an older file of another day has.

    Args:
        deliveries: files of any days, at least all that have one of the digests.
        digests: the content to look for.
    """
    rows = [delivery for delivery in deliveries if delivery.digest in digests]
    first: dict[str, Delivery] = {}
    for row in sorted(rows, key=lambda delivery: delivery.order):
        if row.readable:
            first.setdefault(row.digest, row)
    return _by_day(
        (row.day, row.digest)
        for row in rows
        if row.digest in first and row.day != first[row.digest].day
    )


def known_content_of_other_days(deliveries: Iterable[Delivery]) -> dict[dt.date, frozenset[str]]:
    """Return, for each day, the digests that were duplicates of another day's file when they came.

    A duplicate whose content no version of the day has can only repeat a file of another day.
    """
    versions: set[tuple[dt.date, str]] = set()
    duplicates: set[tuple[dt.date, str]] = set()
    for delivery in deliveries:
        if delivery.has_rows:
            versions.add((delivery.day, delivery.digest))
        elif delivery.status is Status.DUPLICATE:
            duplicates.add((delivery.day, delivery.digest))
    return _by_day(duplicates - versions)


def _by_day(found: Iterable[tuple[dt.date, str]]) -> dict[dt.date, frozenset[str]]:
    digests: dict[dt.date, set[str]] = defaultdict(set)
    for day, digest in found:
        digests[day].add(digest)
    return {day: frozenset(each) for day, each in digests.items()}

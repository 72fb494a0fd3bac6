"""The memory of what landed: one row for every version of every delivery, and what became of it.

A landed file is a version (SHA-256) of a delivery (system, dataset, day, unit). The decision what a
version becomes is a pure function of all versions of the delivery, so it does not depend on the
order in which files were seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as arrow

from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery, Order, Status
from lakehouse.platform.tables.source import Source

Scope = int | str | None
"""Whose a delivery is: a unit's, or the file's own."""

REPLAY = "replay"
"""Folder of the landing zone for corrected files."""


def corrected_by(file: str) -> str | None:
    """The landed file that a corrected one of a source with ``per_file`` takes the place of.

    >>> corrected_by("sales/2023-01-05/replay/2023-01-04/sales_raw.csv")
    'sales/2023-01-04/sales_raw.csv'
    """
    domain, replayed, landed = file.partition("/")[0], *file.partition(f"/{REPLAY}/")[1:]
    return f"{domain}/{landed}" if replayed else None


def scope_of(file: str, unit: int | None, source: Source) -> Scope:
    """Whose versions a file is one of: those of its unit, or those of its own name."""
    return (corrected_by(file) or file) if source.per_file else unit


def resolved(
    deliveries: Iterable[Delivery], source: Source, elsewhere: frozenset[str] = frozenset()
) -> list[Delivery]:
    """What each file of one delivery day is: loaded, superseded by a newer version, or a duplicate.

    Args:
        deliveries: all rows of the day, known ones and those just read.
        source: says whether the same bytes from another unit are a repetition.
        elsewhere: digests that an older row of another day already holds.

    Returns:
        The rows in a fixed order. A rejected or held file never displaces a good one. A snapshot
        that goes back to earlier content is that content again, and so is a file under one path
        where copies count; of another delivery an old file that comes again is not.
    """
    by_delivery: dict[Scope, list[Delivery]] = defaultdict(list)
    seen: set[tuple[Scope, str]] = set()
    done: list[Delivery] = []
    in_order = sorted(deliveries, key=lambda d: d.order)
    readable = [d for d in in_order if d.readable]
    outlived: frozenset[Order] = frozenset()
    if source.snapshot:
        outlived = _outlived(readable)
    elif source.counts_copies:
        outlived = _said_again(readable, source)
    for delivery in in_order:
        if not delivery.readable:
            done.append(replace(delivery, version=0))
            continue
        own = scope_of(delivery.file, delivery.unit, source)
        scope = own if source.counts_copies or not source.self_identifying else None
        repeated = (scope, delivery.digest) in seen or delivery.digest in elsewhere
        if repeated or delivery.order in outlived:
            done.append(
                replace(
                    delivery,
                    version=0,
                    status=Status.DUPLICATE,
                    reason="same_content",
                    detail="the same bytes were delivered before; nothing to load"
                    if repeated
                    else "the same bytes came back later and count from then on",
                )
            )
            continue
        seen.add((scope, delivery.digest))
        by_delivery[own].append(delivery)
    for versions in by_delivery.values():
        for number, delivery in enumerate(versions, start=1):
            current = number == len(versions)
            done.append(
                replace(
                    delivery,
                    version=number,
                    status=Status.LOADED if current else Status.SUPERSEDED,
                    reason=None if current else "newer_version",
                    detail=None,
                )
            )
    return sorted(done, key=lambda d: (d.unit is not None, d.unit or 0, d.order))


def _outlived(snapshots: Sequence[Delivery]) -> frozenset[Order]:
    """Snapshots whose bytes came back after others had replaced them: what is newest counts."""
    if not snapshots:
        return frozenset()
    newest = snapshots[-1].digest
    since = max((n for n, d in enumerate(snapshots) if d.digest != newest), default=-1)
    return frozenset(d.order for d in snapshots[: since + 1] if d.digest == newest)


def _said_again(files: Sequence[Delivery], source: Source) -> frozenset[Order]:
    """Versions whose bytes came back under a path that said something else in between.

    A file that is only sent once more says nothing again, so it undoes no correction.
    """
    found: set[Order] = set()
    content: dict[str, str] = {}
    current: dict[Scope, str] = {}
    versions: dict[tuple[Scope, str], Order] = {}
    for file in files:
        own = scope_of(file.file, file.unit, source)
        before, content[file.file] = content.get(file.file), file.digest
        if file.digest in (before, current.get(own)):
            continue
        if (own, file.digest) in versions:
            found.add(versions[own, file.digest])
        current[own] = file.digest
        versions[own, file.digest] = file.order
    return frozenset(found)


def to_arrow(deliveries: Iterable[Delivery]) -> arrow.Table:
    """Return deliveries as rows of their table."""
    return DELIVERIES.to_arrow(deliveries)


def from_arrow(table: arrow.Table) -> list[Delivery]:
    """Return the rows of a deliveries table."""
    return DELIVERIES.from_arrow(table)

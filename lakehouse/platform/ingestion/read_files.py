"""Decide which listed files are read, and which of those are deliveries that were not seen before.

Reading them and keeping their bytes is the work of ``keep_files``.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from lakehouse.platform.ingestion.errors import FileChanged
from lakehouse.platform.ingestion.intake import Intake
from lakehouse.platform.ingestion.keep_files import Kept
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.ingestion.versions import newest_by_path
from lakehouse.platform.tables.deliveries_model import Delivery, Status
from lakehouse.platform.tables.source import Source


@dataclass(kw_only=True)
class ReadFiles:
    """The result of reading listed files."""

    deliveries: list[Delivery] = field(default_factory=list)
    """One for each file that is new or has other bytes, not resolved yet."""
    changed: list[str] = field(default_factory=list)
    """Messages about files that changed since they were listed; the next listing has them."""
    kept_before: set[str] = field(default_factory=set)
    """Digests of files whose bytes were kept before."""

    def add_snapshot(self, snapshot: Kept, known: Iterable[Delivery]) -> None:
        """Add today's snapshot of a reference table, unless its content is loaded already."""
        new = snapshot.delivery
        if snapshot.known:
            self.kept_before.add(new.digest)
        loaded = {d.digest for d in known if d.day == new.day and d.status is Status.LOADED}
        if new.digest not in loaded:
            self.deliveries.append(new)


def unseen(
    files: Sequence[RecognizedFile], known: Iterable[Delivery], *, reread: bool = False
) -> list[RecognizedFile]:
    """Return the listed files that differ from what was seen last at their path.

    Args:
        files: listed files.
        known: deliveries of their days.
        reread: also return the files that look unchanged, to compare their bytes.
    """
    newest = newest_by_path(known)
    return [file for file in files if reread or not _as_seen(file, newest.get(file.path))]


def new_deliveries(kept: Iterable[Kept | FileChanged], known: Iterable[Delivery]) -> ReadFiles:
    """Return the files that are new or have other bytes.

    Args:
        kept: files that were read.
        known: deliveries of their days.
    """
    newest = newest_by_path(known)
    found = ReadFiles()
    for each in kept:
        if isinstance(each, FileChanged):
            found.changed.append(str(each))
            continue
        delivery = each.delivery
        if each.known:
            found.kept_before.add(delivery.digest)
        seen = newest.get(delivery.file)
        state = (delivery.landed_at, delivery.digest)
        if seen is None or delivery.unread or (seen.landed_at, seen.digest) != state:
            found.deliveries.append(delivery)
        elif seen.size != delivery.size:  # an erased person was in the file again
            found.deliveries.append(replace(delivery, delivered_at=seen.moment))
    return found


def captured_snapshot(
    source: Source, intake: Intake, days: Sequence[dt.date]
) -> tuple[Delivery, bytes] | None:
    """Read today's snapshot of a reference table from the domain's database.

    Returns:
        A delivery with its bytes; None if there is no such table or `days` does not include today.

    Raises:
        SnapshotError: the database cannot be read.
    """
    today = intake.now.astimezone(intake.settings.zone).date()
    if intake.snapshots is None or source.query is None or today not in days:
        return None
    data = intake.snapshots.capture(source)
    delivery = Delivery(
        day=today,
        unit=None,
        file=f"{intake.spec.name}/postgresql/{source.dataset}.csv",
        digest="",
        size=len(data),
        landed_at=intake.now.astimezone(dt.UTC),
    )
    return delivery, data


def _as_seen(file: RecognizedFile, seen: Delivery | None) -> bool:
    """Return whether a listed file looks like the one that was seen last at its path."""
    state = (file.modified_at, file.size)
    return seen is not None and not seen.unread and (seen.landed_at, seen.size) == state

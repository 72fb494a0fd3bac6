"""Read the deliveries of a domain: one row for each received file, in the raw table of its dataset.

Every reader of deliveries uses `read_deliveries`, or `DeliveredFiles` to look up listed files.
Which status a file gets is decided in ``versions``, the row itself is declared in
``tables.deliveries_model``.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import pyarrow as pa

from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile, UnrecognizedFile
from lakehouse.platform.storage.intact import first_damage
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.parquet import decode
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, UNREADABLE, Delivery
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.upgrade import readable_table

State = tuple[dt.datetime, int]
"""Modification time and size: what a listing shows of the file at a path."""
STATE_COLUMNS = ("file", "landed_at", "size", "digest", "reason", "delivered_at")


def raw_table(domain: str, dataset: str) -> TableId:
    """Return the table that holds the deliveries of a dataset."""
    return TableId("raw", domain, dataset)


def read_deliveries(
    lake: Lake,
    domain: str,
    dataset: str,
    days: Sequence[dt.date] | None = None,
    *,
    snapshot: Snapshot | None = None,
) -> list[Delivery]:
    """Return the deliveries of a dataset for these days, or for all days; none if nothing came.

    Args:
        lake: where the table is.
        domain: the domain's name.
        dataset: the source's dataset, or ``unrecognized_files``.
        days: delivery days; None for all.
        snapshot: read this version of the table instead of the current one.
    """
    table = readable_table(lake, raw_table(domain, dataset))
    shown = snapshot or table.snapshot()
    if shown.schema is None:
        return []
    return DELIVERIES.from_arrow(table.read(days, snapshot=shown))


class DeliveredFiles:
    """Looks up listed files in the deliveries of a domain; reads only the days of these files."""

    def __init__(self, lake: Lake, domain: str) -> None:
        self._lake = lake
        self._domain = domain
        self._snapshots: dict[str, Snapshot] = {}

    def has_any(self, sources: Iterable[Source]) -> bool:
        """Return whether any day of any of these datasets was ever ingested."""
        return any(self._snapshot(source.dataset).files for source in sources)

    def has(self, file: RecognizedFile) -> bool:
        """Return whether the deliveries contain a file as it was listed."""
        return self.has_on(file.dataset, file.day, file)

    def has_on(self, dataset: str, day: dt.date, file: RecognizedFile | UnrecognizedFile) -> bool:
        """Return whether the file that was seen last at a path of this day is the listed one.

        A file that could not be read counts as not seen.
        """
        stored = self._snapshot(dataset).by_day.get(day)
        if stored is None or not stored.rows:
            return False
        return self._files(stored).get(file.path) == (file.modified_at, file.size)

    def days_with(
        self, dataset: str, files: Iterable[RecognizedFile | UnrecognizedFile]
    ) -> set[dt.date]:
        """Return the days on which the deliveries of a dataset contain any of these files."""
        listed = {(file.path, file.modified_at, file.size) for file in files}
        return {
            stored.day
            for stored in self._snapshot(dataset).files
            if stored.rows and not listed.isdisjoint(_states(self._files(stored)))
        }

    def first_days(self, dataset: str) -> dict[str, dt.date]:
        """Return the first delivery day of every path of a dataset."""
        first: dict[str, dt.date] = {}
        for stored in self._snapshot(dataset).files:
            if stored.rows:
                for path in self._files(stored):
                    first.setdefault(path, stored.day)
        return first

    def _snapshot(self, dataset: str) -> Snapshot:
        if dataset not in self._snapshots:
            table = readable_table(self._lake, raw_table(self._domain, dataset))
            self._snapshots[dataset] = table.snapshot()
        return self._snapshots[dataset]

    def _files(self, stored: DayFiles) -> Mapping[str, State | None]:
        start = len(f"{self._lake.root}/")
        paths = tuple(part.url[start:] for part in stored.parts)
        return _files_in(self._lake.root, paths)


@lru_cache(maxsize=4096)
def _files_in(root: str, paths: tuple[str, ...]) -> Mapping[str, State | None]:
    """Return the last file of each path in one stored day of deliveries, which never changes.

    A file that could not be read has no state.
    """
    store = ObjectStore.at(root)
    try:
        rows = [
            row for path in paths for row in decode(store.read(path), STATE_COLUMNS).to_pylist()
        ]
    except (pa.ArrowException, OSError) as error:
        raise first_damage(store, paths) or error from error
    found: dict[str, tuple[dt.datetime, State | None]] = {}
    for row in rows:
        moment = row.get("delivered_at") or row["landed_at"]
        if row["file"] not in found or found[row["file"]][0] <= moment:
            unread = row["reason"] == UNREADABLE and not row["digest"]
            state = None if unread else (row["landed_at"].replace(tzinfo=dt.UTC), row["size"])
            found[row["file"]] = (moment, state)
    return {file: state for file, (_, state) in found.items()}


def _states(files: Mapping[str, State | None]) -> Iterator[tuple[str, dt.datetime, int]]:
    return ((path, *state) for path, state in files.items() if state is not None)


def with_first_days(
    listing: Listing, sources: Iterable[Source], delivered: DeliveredFiles
) -> Listing:
    """Return the listing with each undated file on the day on which its path was first delivered.

    Applies to sources with ``per_file``: there, other bytes under a known path are another version
    of the same delivery, whenever they arrive.
    """
    per_file = {source.dataset for source in sources if source.per_file}
    undated = {f.dataset for f in listing.files if f.dataset in per_file and not f.dated}
    if not undated:
        return listing
    first = {dataset: delivered.first_days(dataset) for dataset in undated}
    files = (
        replace(f, day=first[f.dataset].get(f.path, f.day))
        if f.dataset in undated and not f.dated
        else f
        for f in listing.files
    )
    return replace(listing, files=tuple(sorted(files, key=lambda f: (f.day, f.path))))

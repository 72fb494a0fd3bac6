"""Read the deliveries of a domain: one row for each received file, in the raw table of its dataset.

Every reader of deliveries uses `read_deliveries`, or `DeliveredFiles` to look up listed files.
Which status a file gets is decided in ``versions``, the row itself is declared in
``tables.deliveries_model``.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.ingestion.listing import Listing
from lakehouse.platform.ingestion.paths import RecognizedFile, UnrecognizedFile
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.snapshot import DayFile, Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.upgrade import readable_table

ListedFile = tuple[str, dt.datetime, int]
"""Path, modification time and size: what a listing shows of a file."""


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
        """Return whether the deliveries of a dataset and day contain a file as it was listed."""
        stored = self._snapshot(dataset).by_day.get(day)
        if stored is None or not stored.rows:
            return False
        return (file.path, file.modified_at, file.size) in self._files(stored)

    def days_with(
        self, dataset: str, files: Iterable[RecognizedFile | UnrecognizedFile]
    ) -> set[dt.date]:
        """Return the days on which the deliveries of a dataset contain any of these files."""
        listed = {(file.path, file.modified_at, file.size) for file in files}
        return {
            stored.day
            for stored in self._snapshot(dataset).files
            if stored.rows and not listed.isdisjoint(self._files(stored))
        }

    def first_days(self, dataset: str) -> dict[str, dt.date]:
        """Return the first delivery day of every path of a dataset."""
        first: dict[str, dt.date] = {}
        for stored in self._snapshot(dataset).files:
            if stored.rows:
                for path, _, _ in self._files(stored):
                    first.setdefault(path, stored.day)
        return first

    def _snapshot(self, dataset: str) -> Snapshot:
        if dataset not in self._snapshots:
            table = readable_table(self._lake, raw_table(self._domain, dataset))
            self._snapshots[dataset] = table.snapshot()
        return self._snapshots[dataset]

    def _files(self, stored: DayFile) -> frozenset[ListedFile]:
        return _files_in(self._lake.root, stored.url.removeprefix(f"{self._lake.root}/"))


@lru_cache(maxsize=4096)
def _files_in(root: str, path: str) -> frozenset[ListedFile]:
    """Return the files in one stored day of deliveries; such a day never changes."""
    stored = pa.BufferReader(ObjectStore.at(root).read(path))
    rows = pq.read_table(stored, columns=["file", "landed_at", "size"])
    return frozenset(
        (row["file"], row["landed_at"].replace(tzinfo=dt.UTC), row["size"])
        for row in rows.to_pylist()
    )


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

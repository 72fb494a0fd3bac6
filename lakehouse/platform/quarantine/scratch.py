"""A scratch copy of a part of the lake, in which a correction is tried without any effect.

Files of days are added when a table reads them. On the same disk they are linked, not copied.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812  a type beside fields called `day`
from pathlib import Path

from lakehouse.platform.ingestion.deliveries import raw_table
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, urls_of
from lakehouse.platform.storage.staging import staged_again
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.inputs import UpstreamSnapshots
from lakehouse.platform.transform.stage import stage_days
from lakehouse.settings import Settings

NOTE = {"by": "preview of a correction"}


@dataclass(frozen=True, kw_only=True)
class ScratchLake:
    """Tables of a domain in a folder outside of the lake.

    Args:
        base: the lake; nothing is written there.
        lake: the scratch copy.
        domain: the domain whose tables are computed.
        settings: engine and limits.
    """

    base: Lake
    lake: Lake
    domain: Domain
    settings: Settings

    def provide(self, table: TableId, days: Collection[Date] | None = None) -> None:
        """Copy the files of these days, or of all days with rows, that the scratch lacks."""
        snapshot = self.base.table(table).snapshot()
        chosen = [f for f in snapshot.files if (f.rows if days is None else f.day in days)]
        self._add(table, snapshot, chosen)

    def provide_deliveries(self, day: Date) -> None:
        """Copy the deliveries of a day, and those of the first day, which tells what is due."""
        for source in self.domain.sources:
            raw = raw_table(self.domain.name, source.dataset)
            filled = [file.day for file in self.base.table(raw).snapshot().files if file.rows]
            self.provide(raw, {day, *filled[:1]})

    def copy_object(self, path: str) -> None:
        """Copy one file that is not a table's, unless the lake does not have it."""
        if self.base.store.stat(path) is not None and self.lake.store.stat(path) is None:
            self._copy(path)

    def compute(self, table: Table, days: Sequence[Date]) -> dict[Date, str]:
        """Compute days of a table from the scratch; return the days that break its contract."""
        upstream = UpstreamSnapshots.of(table, self.base)
        for place, read in enumerate(table.reads):
            snapshot = upstream.snapshots[read.table.id]
            everything = place == 0 and table.keyed_over_all_days
            urls = set(snapshot.urls() if everything else upstream.urls(read, days))
            needed = [file for file in snapshot.files if not urls.isdisjoint(urls_of([file]))]
            self._add(read.table.id, snapshot, needed)
        computed = stage_days(table, days, self.lake, self.settings)
        for companion, (schema, staged) in computed.companions.items():
            self.lake.table(companion).commit(staged, schema=schema, note=NOTE)
        self.lake.table(table.id).commit(
            computed.staged, schema=computed.schema, note=NOTE, definition=computed.definition
        )
        return computed.failed_days

    def _add(self, table: TableId, snapshot: Snapshot, files: Iterable[DayFiles]) -> None:
        """Add files to a table of the scratch, except days that it has."""
        target = self.lake.table(table)
        known = target.snapshot().by_day
        missing = [file for file in files if file.day not in known]
        if snapshot.schema is None or not missing:
            return
        for file in missing:
            for path in file.paths:
                self._copy(f"{table.path}/{path}")
        staged = [staged_again(table, file, snapshot.schema) for file in missing]
        target.commit(staged, schema=snapshot.schema, note=NOTE, description=snapshot.description)

    def _copy(self, path: str) -> None:
        store, target = self.base.store, self.lake.store
        if isinstance(store, DiskStore) and isinstance(target, DiskStore):
            place = Path(target.url(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(store.url(path), place)
            except OSError:  # another disk, or one without links
                target.copy_in(Path(store.url(path)), path)
        else:
            target.write(path, store.read(path))

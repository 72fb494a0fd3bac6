"""The tables of one domain as an audit reads them: one snapshot of each chosen table."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from lakehouse.platform.reconciliation.findings import UNREADABLE
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import DATA_QUALITY_LOG, RECONCILIATION
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.upgrade import current_rows, readable_table
from lakehouse.settings import Settings

PIECE = 1 << 20
"""Bytes of a file that are hashed at once."""
OF_DATA = (RECONCILIATION.name, DATA_QUALITY_LOG.name)
"""Ops tables whose days are those of the data; the others have the day on which somebody acted."""


@dataclass(kw_only=True)
class AuditedLake:
    """The tables of a domain, each as it was when it was read first.

    Args:
        lake: where the tables are; nothing is written there.
        domain: the domain as its code declares it now.
        settings: of the runs that wrote the lake: limits of files, engine.
        only: tables to look at, without the tables stored beside them; None for all.
    """

    lake: Lake
    domain: Domain
    settings: Settings
    only: Collection[TableId] | None
    _snapshots: dict[TableId, Snapshot] = field(default_factory=dict)

    @cached_property
    def tables(self) -> list[TableId]:
        """The stored tables to look at, quarantine and outcomes included."""
        tables = self.lake.tables(domain=self.domain.name)
        return [table for table in tables if self.includes(table)]

    @cached_property
    def unreadable(self) -> dict[TableId, Exception]:
        """The tables of the domain whose log cannot be read, with the error."""
        declared = (table.id for table in self.domain.tables)
        found: dict[TableId, Exception] = {}
        for table in sorted({*self.lake.tables(domain=self.domain.name), *declared}):
            try:
                self.snapshot(table)
            except UNREADABLE as error:
                found[table] = error
        return found

    def days(self) -> list[dt.date]:
        """Return every day of any readable table of the domain."""
        tables = self.lake.tables(domain=self.domain.name)
        readable = [table for table in tables if table not in self.unreadable]
        return sorted({day for table in readable for day in self.snapshot(table).days})

    def computed_days(self) -> set[dt.date]:
        """Return the days on which runs may have computed tables.

        A day on which somebody only decided about an alert, or trained a model, is none of them.
        """
        tables = self.lake.tables(domain=self.domain.name)
        of_data = [each for each in tables if each.layer != "ops" or each.table in OF_DATA]
        readable = [table for table in of_data if table not in self.unreadable]
        return {day for table in readable for day in self.snapshot(table).days}

    def includes(self, *tables: TableId) -> bool:
        """Return whether any of these tables is to be looked at."""
        if self.only is None:
            return True
        return any(TableId(t.layer, t.domain, t.table) in self.only for t in tables)

    def snapshot(self, table: TableId) -> Snapshot:
        """Return the table as it was when it was read first."""
        if table not in self._snapshots:
            self._snapshots[table] = readable_table(self.lake, table).snapshot()
        return self._snapshots[table]

    def read(
        self, table: TableId, day: dt.date, columns: Sequence[str] | None = None
    ) -> pa.Table | None:
        """Return the rows of a day; None when the table does not have the day."""
        snapshot = self.snapshot(table)
        if day not in snapshot.by_day:
            return None
        stored = readable_table(self.lake, table)
        rows = stored.read([day], snapshot=snapshot, columns=columns)
        return current_rows(rows) if table.layer == "raw" else rows

    def count(self, table: TableId, day: dt.date, columns: Sequence[str]) -> Counter[Any]:
        """Count the rows of a day by the values of columns."""
        rows = self.read(table, day, columns)
        return Counter() if rows is None else count_rows(rows, columns)

    def digest(self, path: str) -> str | None:
        """Return the SHA-256 of a file of the lake, read as a stream; None when it is missing."""
        try:
            with self.lake.store.open(path) as stream:
                found = hashlib.sha256()
                while piece := stream.read(PIECE):
                    found.update(piece)
                return found.hexdigest()
        except FileNotFoundError:
            return None


def count_rows(rows: pa.Table, columns: Sequence[str]) -> Counter[Any]:
    """Count rows by the values of columns."""
    values = (rows[column].to_pylist() for column in columns)
    return Counter(zip(*values, strict=True))

"""Write one delivery day of a dataset: the files of its raw table, bronze and bronze quarantine.

Nothing is visible before the commit. The writer is plain and can be sent to other processes: only
the names of the written files, the deliveries and what breaks a contract come back, never rows.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.platform.ingestion.read_day import DayReader
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Delivery
from lakehouse.platform.tables.stored_rows import StoredRules

DayFiles = tuple[dt.date, Sequence[Delivery]]
"""A delivery day with all its files, known and new."""


@dataclass(frozen=True, kw_only=True)
class WrittenTable:
    """One of the tables that are written: where, with which columns, compared with which rules."""

    table: LakeTable
    schema: pa.Schema
    rules: StoredRules | None = None
    definition: str = ""


@dataclass(frozen=True, kw_only=True)
class WrittenDay:
    """The result of writing one delivery day."""

    day: dt.date
    deliveries: list[Delivery]
    """All files of the day with their status."""
    staged: Mapping[TableId, Staged]
    problems: Mapping[TableId, str]
    """How the rows of a table break its contract; empty text when they do not."""


@dataclass(frozen=True, kw_only=True)
class DayWriter:
    """Writes the delivery days of one dataset."""

    reader: DayReader
    bronze: WrittenTable
    quarantine: WrittenTable
    raw: WrittenTable

    @property
    def tables(self) -> tuple[WrittenTable, ...]:
        """Return the tables in the order in which they are committed."""
        return (self.bronze, self.quarantine, self.raw)

    def __call__(self, days: Sequence[DayFiles]) -> list[WrittenDay]:
        """Write days, one after the other; the kept bytes are fetched first."""
        self.reader.kept.fetch({each.digest for _, files in days for each in files})
        return [self.write(day, deliveries) for day, deliveries in days]

    def write(self, day: dt.date, deliveries: Sequence[Delivery]) -> WrittenDay:
        """Read a day, compare its rows with their contracts, write the files of its tables."""
        read = self.reader.read(day, deliveries)
        found = (read.bronze, read.unparsable, DELIVERIES.to_arrow(read.deliveries))
        rows = [*zip(self.tables, found, strict=True)]
        return WrittenDay(
            day=day,
            deliveries=read.deliveries,
            staged={
                to.table.id: to.table.stage(day, own, to.schema, definition=to.definition)
                for to, own in rows
            },
            problems={to.table.id: to.rules.broken(own) for to, own in rows if to.rules},
        )

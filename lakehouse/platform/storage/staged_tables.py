"""Staged days of the tables that one step writes, committed together in a fixed order.

The order makes a step safe to interrupt: the table that proves that the others are complete, such
as the deliveries, is the last one. Each table is one transaction.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.storage.commit import CommitResult
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import TableId


@dataclass(frozen=True, kw_only=True)
class StagedTable:
    """Staged days of one table.

    Args:
        table: the table.
        schema: its columns without ``day``.
        staged: files that are not visible yet.
        problems: how the rows of each day break their contract; empty text when they do not.
        based_on: when given, the commit fails if a day differs from this snapshot.
        definition: the definition that made the rows; None where days name none.
        failpoint: name of the failpoint after the commit; empty when no test stops there.
    """

    table: TableId
    schema: pa.Schema
    staged: Sequence[Staged]
    problems: Mapping[dt.date, str] = field(default_factory=dict)
    based_on: Snapshot | None = None
    definition: Definition | None = None
    failpoint: str = ""

    @property
    def data_versions(self) -> dict[dt.date, str]:
        """Data version of each day."""
        return {each.day: each.data_version for each in self.staged}


class StagedTables:
    """Staged days of several tables; they are committed once, in the order that is given.

    Args:
        lake: where the tables are.
        tables: in the order of their commits.
        after_commit: called when all tables are committed.
    """

    def __init__(
        self,
        lake: Lake,
        tables: Sequence[StagedTable],
        after_commit: Callable[[], None] | None = None,
    ) -> None:
        self._lake = lake
        self._after_commit = after_commit
        self._committed: dict[TableId, CommitResult] = {}
        self.tables = {each.table: each for each in tables}

    def rows(self, table: TableId, days: Collection[dt.date]) -> int:
        """Return the number of staged rows of a table on these days."""
        return sum(each.rows for each in self.tables[table].staged if each.day in days)

    def commit(self, *, note: Mapping[str, str]) -> Mapping[TableId, CommitResult]:
        """Commit all tables and return the result of each; a second call returns the same results.

        Raises:
            DayConflict: a day is no longer as the snapshot that a table is based on shows it.
        """
        if not self._committed:
            committed = {}
            for each in self.tables.values():
                committed[each.table] = self._lake.table(each.table).commit(
                    each.staged,
                    schema=each.schema,
                    based_on=each.based_on,
                    note=note,
                    definition=each.definition,
                )
                if each.failpoint:
                    failpoint(each.failpoint)
            if self._after_commit is not None:
                self._after_commit()
            self._committed = committed
        return self._committed

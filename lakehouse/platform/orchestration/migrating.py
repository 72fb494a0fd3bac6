"""Rebuild the days that an older contract made, in runs like any other, upstream first.

Every run leaves days that are made with the current contract, so an interrupted migration goes on
where it stopped. The runs publish nothing: readers keep the versions from before until all is done.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from lakehouse.platform.ingestion.deliveries import raw_table
from lakehouse.platform.migration.older import older_days
from lakehouse.platform.migration.plan import renamed_tables
from lakehouse.platform.orchestration.partitions import ranges
from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import has_definition
from lakehouse.settings import Settings


class Finished(Protocol):
    """The result of a run, as far as a migration looks at it."""

    @property
    def succeeded(self) -> bool:
        """Whether every step of the run succeeded."""


Result = TypeVar("Result", bound=Finished)

GAP_DAYS = 7
"""Days without work that a range may include."""


Run = Callable[[Work, dt.date, dt.date, list[TableId] | None], Result]
"""Runs the job of this work for a range of days, or some of its tables."""


def migrate(domain: Domain, lake: Lake, settings: Settings, run: "Run[Result]") -> Iterator[Result]:
    """Rebuild every day that an older contract made; yield the result of each run.

    The deliveries of renamed datasets are copied first; earlier names are deleted at the end. Ends
    after a run that failed.
    """
    renamed = renamed_tables(domain, lake)
    days_of_renamed = {new: lake.table(old).snapshot().days for new, old in renamed.items()}
    _copy_deliveries(lake, renamed)
    for work, tables in _stages(domain):
        done: dict[TableId, set[dt.date]] = {}
        # A table that reads all days of another is right in a second round, when these are.
        while (older := _older(tables, lake, days_of_renamed)) and older != done:
            done = older
            days = {day for found in older.values() for day in found}
            selected = _selection(work, (table for table in tables if table.id in older))
            for first, last in ranges(days, gap=_gap(work), longest=settings.batch_days):
                result = run(work, first, last, selected)
                yield result
                if not result.succeeded:
                    return
    for old in renamed.values():
        drop_table(lake, old)


def drop_table(lake: Lake, table: TableId) -> int:
    """Delete a table that is no longer declared, with those beside it; return its days."""
    days = len(lake.table(table).snapshot().days)
    beside = [
        each
        for each in lake.tables(table.layer, table.domain)
        if each.companion and each.table == table.table
    ]
    for each in (*beside, table):
        lake.store.delete([entry.path for entry in lake.store.entries(each.path)])
        lake.store.delete_folder(each.path)
    return days


def _stages(domain: Domain) -> Iterator[tuple[Work, list[Table]]]:
    """Yield the tables that one kind of run makes, upstream first."""
    made = [table for table in domain.tables if has_definition(table)]
    daily = [table for table in made if table.daily and table.transform is not None]
    yield Work.ARRIVALS, [table for table in made if table.layer is Layer.BRONZE]
    yield Work.REFRESH, daily
    yield Work.REFERENCE_DATES, [table for table in made if table.options.reference_dates]
    as_of = [table for table in made if table.read_by_newest_day]
    yield Work.AS_OF, [table for table in as_of if not table.options.on_request]
    yield Work.AS_OF, [table for table in as_of if table.options.on_request]


def _older(
    tables: Iterable[Table], lake: Lake, days_of_renamed: Mapping[TableId, Sequence[dt.date]]
) -> dict[TableId, set[dt.date]]:
    found: dict[TableId, set[dt.date]] = {}
    for table in tables:
        stored = lake.table(table.id).snapshot()
        older = older_days(table, lake, stored)
        missing = {day for day in days_of_renamed.get(table.id, ()) if day not in stored.by_day}
        if older is not None or missing:
            found[table.id] = missing | {*(older.days if older else ())}
    return found


def _selection(work: Work, tables: Iterable[Table]) -> list[TableId] | None:
    """Return the tables to run; None for all of the job, which then also records what it read.

    Outcomes of rows have to be reconciled, and inputs of as-of days have to be recorded.
    """
    chosen = list(tables)
    by_name = {
        Work.REFERENCE_DATES: True,
        Work.AS_OF: all(table.options.on_request for table in chosen),
        Work.REFRESH: all(table.layer is Layer.GOLD for table in chosen),
    }
    return [table.id for table in chosen] if by_name.get(work) else None


def _gap(work: Work) -> int:
    return 1 if work in (Work.REFERENCE_DATES, Work.AS_OF) else GAP_DAYS


def _copy_deliveries(lake: Lake, renamed: dict[TableId, TableId]) -> None:
    """Copy the deliveries of renamed datasets; days that the new name has keep their own."""
    for new, old in renamed.items():
        if new.layer != Layer.RAW:
            continue
        before = lake.table(old).snapshot()
        target = lake.table(raw_table(new.domain, new.table))
        missing = [day for day in before.days if day not in target.snapshot().by_day]
        days = {}
        for day in missing:
            rows = DELIVERIES.from_arrow(lake.table(old).read([day], snapshot=before))
            days[day] = DELIVERIES.to_arrow(rows)
        target.write(days, schema=DELIVERIES.stored, note={"by": f"renamed from {old.name}"})

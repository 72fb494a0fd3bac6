"""Upstream rows of a table: consistent snapshots, read scopes, and windows of days.

Reconciliation has inputs of another kind: see `platform/reconciliation`.
"""

import bisect
import datetime as dt
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.engines.session import Session, named_relation
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot, urls_of
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.provenance import Provenance
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import PARTITIONS, Read, ReadScope, Table
from lakehouse.platform.transform.definition import definition_of, has_definition
from lakehouse.platform.transform.slices import Slice


@dataclass(frozen=True, kw_only=True)
class UpstreamSnapshots:
    """One consistent snapshot of each upstream table of a table."""

    table: Table
    snapshots: Mapping[TableId, Snapshot]

    @classmethod
    def of(cls, table: Table, lake: Lake) -> "UpstreamSnapshots":
        """Read the upstream tables as they are now."""
        opened = {read.table.id: lake.table(read.table.id).snapshot() for read in table.reads}
        return cls(table=table, snapshots=opened)

    def delivery_days(self, days: Sequence[dt.date]) -> list[dt.date]:
        """Return these business days and the delivery days whose rows may touch them."""
        first, last = days[0], days[-1]
        touching = set(days)
        for read in self.table.reads:
            if read.scope in (ReadScope.TOUCHING_DAYS, ReadScope.NAMING):
                for file in self.snapshots[read.table.id].files:
                    low, high = file.bounds.get("_business_day", (None, None))
                    if low is not None and low <= last and high >= first:
                        touching.add(file.day)
        return sorted(touching)

    def valid_snapshots(self, days: Sequence[dt.date]) -> dict[dt.date, dt.date]:
        """Return for each day the day of the upstream snapshot that is valid on it."""
        read = next(read for read in self.table.reads if read.scope is ReadScope.SNAPSHOT)
        return valid_snapshots(self.snapshots[read.table.id], days)

    def needed_snapshots(self, days: Sequence[dt.date]) -> set[dt.date]:
        """Return the days of the snapshots from which these days are computed.

        They are the valid ones, and all when a later one may have rows of these days.
        """
        if self.may_have_later_rows(days):
            return set(self._filled_snapshots())
        return set(self.valid_snapshots(days).values())

    def may_have_later_rows(self, days: Sequence[dt.date]) -> bool:
        """Return whether rows of later snapshots may belong to one of these days."""
        filled = self._filled_snapshots() if self.table.has_later_rows else []
        return bool(filled) and filled[-1] > min(days)

    def _filled_snapshots(self) -> list[dt.date]:
        """Return the days of the snapshots that have rows, in order."""
        snapshots = self.snapshots[self.table.reads[0].table.id]
        return [file.day for file in snapshots.files if file.rows]

    def files(self, read: Read, days: Sequence[dt.date]) -> list[DayFiles]:
        """Return the files of one upstream table that a window of days reads."""
        snapshot = self.snapshots[read.table.id]
        match read.scope:
            case ReadScope.TOUCHING_DAYS | ReadScope.NAMING:
                return snapshot.of_days(self.delivery_days(days))
            case ReadScope.SNAPSHOT:
                return snapshot.of_days(self.needed_snapshots(days))
            case ReadScope.UP_TO_DAY:
                return list(files_up_to(read.table, snapshot, days[-1]))
            case ReadScope.LAST_DAYS:
                first = days[-1] - dt.timedelta(days=read.days - 1)
                return [file for file in snapshot.between(first, days[-1]) if file.rows]
            case ReadScope.ALL_DAYS:
                return [file for file in snapshot.files if file.rows]
            case ReadScope.IN_REACH:
                return [file for file in self._in_reach(snapshot, days) if file.rows]
        return snapshot.of_days(days)

    def urls(self, read: Read, days: Sequence[dt.date]) -> list[str]:
        """Return the addresses of the files that a window of days reads."""
        return urls_of(self.files(read, days))

    def rows(self, day: dt.date) -> int:
        """Return how many upstream rows one day reads, to size the work.

        Of a table with reference dates these are the rows within the reach of the day.
        """
        total = 0
        for read in self.table.reads:
            snapshot = self.snapshots[read.table.id]
            if read.scope is ReadScope.UP_TO_DAY:
                total += sum(file.rows for file in files_up_to(read.table, snapshot, day))
            elif read.scope is ReadScope.IN_REACH:
                total += sum(file.rows for file in self._in_reach(snapshot, [day]))
            elif day in snapshot.by_day:
                total += snapshot.by_day[day].rows
        return total

    def rows_read(self, days: Sequence[dt.date]) -> int:
        """Return how many upstream rows a run over these days reads, each row once.

        They are known from the logs of the tables; no file is opened.
        """
        files = (
            self.snapshots[read.table.id].files
            if place == 0 and self.table.keyed_over_all_days
            else self.files(read, sorted(days))
            for place, read in enumerate(self.table.reads)
        )
        return sum(file.rows for each in files for file in each)

    def _in_reach(self, snapshot: Snapshot, days: Sequence[dt.date]) -> Sequence[DayFiles]:
        """Return the files of an upstream table within the reach of some reference dates."""
        dates = self.table.options.reference_dates
        if dates is None:
            raise TypeError(f"{self.table.id.name} has no reference dates")
        return snapshot.between(dates.reach(days[0])[0], dates.reach(days[-1])[1])


def files_up_to(table: Table, snapshot: Snapshot, day: dt.date) -> Sequence[DayFiles]:
    """Return the files with rows from which an as-of table of this day is computed.

    Of an as-of table this is the newest day up to it, of any other table and of reference dates all
    days up to it.
    """
    known = [file for file in snapshot.files if file.day <= day]
    return [file for file in (known[-1:] if table.read_by_newest_day else known) if file.rows]


def valid_snapshots(snapshot: Snapshot, days: Sequence[dt.date]) -> dict[dt.date, dt.date]:
    """Return for each day the newest day up to it that has rows, else the earliest one.

    Return nothing when no day has rows.
    """
    filled = [file.day for file in snapshot.files if file.rows]
    if not filled:
        return {}
    return {day: filled[max(bisect.bisect_right(filled, day) - 1, 0)] for day in days}


def windows(
    days: Sequence[dt.date], upstream: UpstreamSnapshots, rows: int
) -> Iterator[list[dt.date]]:
    """Group days by about this many upstream rows, so that memory does not grow with the range.

    Days of an as-of table are never grouped: each reads all days before it. Reference dates are.
    """
    if upstream.table.read_by_newest_day:
        yield from ([day] for day in sorted(days))
        return
    group: list[dt.date] = []
    size = 0
    for day in sorted(days):
        count = upstream.rows(day)
        if group and size + count > 2 * rows:
            yield group
            group, size = [], 0
        size += count
        group.append(day)
        if size >= rows:
            yield group
            group, size = [], 0
    if group:
        yield group


def bind_upstream(
    session: Session,
    upstream: UpstreamSnapshots,
    window: Sequence[dt.date],
    part: Slice | None = None,
) -> None:
    """Bind the names of the upstream tables to their rows for a window, or for a slice of a day."""
    table = upstream.table
    for place, read in enumerate(table.reads):
        if place == 0 and table.keyed_over_all_days:
            _bind_with_conflicting_rows(session, upstream)
            continue
        delivered = read.scope is not ReadScope.SAME_DAY and issubclass(
            read.table.model, Provenance
        )
        where = "NOT _superseded" if delivered else ""
        if part is not None and part.column in read.table.contract.schema:
            where = part.where
        bind_files(session, read.name, read.table, upstream.urls(read, window), where)


def bind_files(
    session: Session, name: str, table: Table, urls: Sequence[str], where: str = ""
) -> None:
    """Bind a name to the rows of files of a table, also of days that an older contract made.

    Raises:
        OlderDays: such a day has no value in a column that is read and never null.
    """
    version = definition_of(table).version if has_definition(table) else ""
    contract = table.contract
    session.files(name, urls, contract.schema, where, contract=contract, version=version)


def bind_partitions(
    session: Session, window: Sequence[dt.date], due: Collection[dt.date] = ()
) -> None:
    """Bind the relation of the days that are computed, with those of them that are due."""
    columns = {
        "day": pa.array(window, pa.date32()),
        "is_due": pa.array([day in due for day in window], pa.bool_()),
    }
    session.arrow("partitions", pa.table(columns))


def bind_days(session: Session, name: str, days: Sequence[dt.date]) -> None:
    """Bind a relation of days; see `days_named`.

    A query over it has one text for all days, so it is compiled once.
    """
    session.arrow(name, pa.table({"day": pa.array(days, pa.date32())}))


@functools.cache
def days_named(name: str) -> ir.Table:
    """Return the relation of days with this name."""
    return ibis.table({"day": "date"}, name=name)


def bind_older_versions(
    session: Session, upstream: UpstreamSnapshots, window: Sequence[dt.date]
) -> ir.Table:
    """Bind and return the rows of a window whose file was replaced by a newer version."""
    read = upstream.table.reads[0]
    name = f"{read.name}__older_versions"
    bind_files(session, name, read.table, upstream.urls(read, window), "_superseded")
    return named_relation(name, read.table.contract.schema)


def _bind_with_conflicting_rows(session: Session, upstream: UpstreamSnapshots) -> None:
    """Bind the delivered rows of the bound days, and rows of other days with one of their keys."""
    read = upstream.table.reads[0]
    source, schema = read.table.source, read.table.contract.schema
    if source is None:
        raise TypeError(f"{read.table.id.name} has no source")
    name = f"{read.name}__all_days"
    urls = urls_of(file for file in upstream.snapshots[read.table.id].files if file.rows)
    bind_files(session, name, read.table, urls, "NOT _superseded")
    rows = named_relation(name, schema)
    business_day = rows["_business_day"].fill_null(rows.day)
    in_window = rows.semi_join(PARTITIONS, business_day == PARTITIONS.day)
    others = rows.anti_join(PARTITIONS, business_day == PARTITIONS.day)
    keys = in_window.select(**{name: _key_value(in_window, name, source) for name in source.key})
    conflicting = others.semi_join(
        keys, [_key_value(others, name, source) == keys[name] for name in source.key]
    )
    session.keep(read.name, ibis.union(in_window, conflicting, distinct=False))


def _key_value(rows: ir.Table, column: str, source: Source) -> ir.StringValue:
    """Return a key column without the part of the text that the source ignores."""
    ignored = source.ignored_parts.get(column)
    return rows[column].re_replace(ignored, "") if ignored else rows[column]

"""Upgrade lakes written before version 0.2.0. Delete this module, and its callers, in 0.4.0.

Version 0.2.0 renamed two tables, a column and a status:

    ops/<domain>/conservation  ->  ops/<domain>/reconciliation (withheld_lines -> excluded_lines)
    raw/<domain>/strays        ->  raw/<domain>/unrecognized_files
    status "refused"           ->  status "rejected"

Tables with one partition for each month became as-of tables with reference dates. Their rows stay;
the description of the table says what its days mean.

`upgrade_lake` copies the rows under the current names and deletes the old tables; whoever starts
runs calls it first. It changes no day that a run would have to compute again. Until then
`readable_table` shows the old tables to readers under the current names.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import AS_OF, DayFiles, Snapshot
from lakehouse.platform.storage.staging import Staged
from lakehouse.platform.storage.table_id import DAY, TableId
from lakehouse.platform.tables.deliveries_model import DELIVERIES, Status, delivery_fingerprint
from lakehouse.platform.tables.ops_tables import RECONCILIATION

if TYPE_CHECKING:
    from lakehouse.platform.tables.registry import Domain

OLD_TABLES: Mapping[tuple[str, str], str] = {
    ("ops", "conservation"): "reconciliation",
    ("raw", "strays"): "unrecognized_files",
}
"""Layer and old name of a table, and its current name."""
OLD_COLUMNS: Mapping[str, str] = {"withheld_lines": "excluded_lines"}
OLD_SQL_NAMES: Mapping[str, str] = {"ops.conservation": "ops.reconciliation"}
OLD_REJECTED = "refused"
COPIED_DAYS = 200
"""Days whose rows are in memory at once."""
COPIED = "_copied"
"""File in the folder of an old table: all of its rows are in the current table."""
NOTE = {"upgrade": "0.2.0"}


def current_id(table: TableId) -> TableId:
    """Return the current name of a table; a table that was not renamed keeps its own."""
    name = OLD_TABLES.get((table.layer, table.table), table.table)
    return table if name == table.table else TableId(table.layer, table.domain, name)


def old_id(table: TableId) -> TableId | None:
    """Return the name that a table had before version 0.2.0; None when it was not renamed."""
    for (layer, old), current in OLD_TABLES.items():
        if (layer, current) == (table.layer, table.table) and table.companion is None:
            return TableId(layer, table.domain, old)
    return None


def readable_table(lake: Lake, table: TableId) -> LakeTable:
    """Return the table to read: the old one, with current names, until the lake is upgraded."""
    old = old_id(table)
    current = lake.table(table)
    if old is None or current.exists() or not lake.table(old).exists():
        return current
    return _OldTable(lake.store, old)


def readable_tables(
    lake: Lake, layer: str | None = None, domain: str | None = None
) -> list[TableId]:
    """List the tables that exist, without the old ones whose rows the current one has."""
    tables = lake.tables(layer, domain)
    return [each for each in tables if current_id(each) == each or current_id(each) not in tables]


def sql_value(column: str, stored: Collection[str]) -> str | None:
    """Return the SQL for a column of an ops view; None when the stored table does not have it."""
    old = {current: name for name, current in OLD_COLUMNS.items()}.get(column, column)
    name = column if column in stored or column == DAY else old
    if name not in stored and name != DAY:
        return None
    quoted = f'"{name}"'
    return f"replace({quoted}, '{OLD_REJECTED}', 'rejected')" if name == "status" else quoted


def current_rows(rows: pa.Table) -> pa.Table:
    """Return rows with the current names of columns and statuses."""
    rows = rows.rename_columns([OLD_COLUMNS.get(name, name) for name in rows.column_names])
    if "status" in rows.column_names:
        place = rows.column_names.index("status")
        old = pc.equal(rows["status"], OLD_REJECTED)
        status = pc.if_else(old, Status.REJECTED.value, rows["status"])
        rows = rows.set_column(place, "status", status)
    return rows


def upgrade_lake(domain: "Domain", lake: Lake) -> list[TableId]:
    """Copy what a domain's old tables hold to the current ones and delete the old ones.

    A call that is killed anywhere is finished by the next one. Days that the current tables have
    already stay as they are.

    Returns:
        The old tables that were deleted; empty for a lake that needs no upgrade.
    """
    for declared in domain.tables:
        if declared.options.reference_dates:
            stored = lake.table(declared.id)
            shown = stored.snapshot()
            if shown.schema is not None and not shown.as_of:
                stored.describe(AS_OF)
    folders = [
        TableId(layer, domain.name, name)
        for layer, name in OLD_TABLES
        if name in lake.store.folders(f"{layer}/{domain.name}")
    ]
    old = [table for table in folders if any(lake.store.entries(table.path))]
    for table in set(folders) - set(old):
        lake.store.delete_folder(table.path)
    if old:
        upgrade = _Upgrade(domain=domain, lake=lake)
        for table in sorted(old, key=lambda each: each.layer == "raw"):
            upgrade.copy(table)
        upgrade.commit_statuses()
        for table in old:
            _delete(lake, table)
    return old


class _OldTable(LakeTable):
    """A table from before version 0.2.0 whose rows have the current names."""

    def read(
        self,
        days: Sequence[dt.date] | None = None,
        *,
        snapshot: Snapshot | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        old = {current: name for name, current in OLD_COLUMNS.items()}
        wanted = None if columns is None else [old.get(name, name) for name in columns]
        return current_rows(super().read(days, snapshot=snapshot, columns=wanted))


@dataclass(kw_only=True)
class _Upgrade:
    """The upgrade of one domain."""

    domain: "Domain"
    lake: Lake
    statuses: dict[TableId, tuple[Snapshot, list[Staged]]] = field(default_factory=dict)
    """Days with an old status, staged with the current one; and the table they were read from."""

    def __post_init__(self) -> None:
        for layer in ("raw", "bronze"):
            for table in self.lake.tables(layer, self.domain.name):
                shown = self.lake.table(table).snapshot()
                if current_id(table) == table and _has_deliveries(shown):
                    self.statuses[table] = (shown, list(self.staged_statuses(table, shown)))

    def staged_statuses(self, table: TableId, shown: Snapshot) -> Iterator[Staged]:
        """Stage the days of a table that have the old status."""
        assert shown.schema is not None  # noqa: S101  `_has_deliveries`
        stored = self.lake.table(table)
        days = [file.day for file in shown.files if _may_have_old_status(file)]
        for day, rows in _by_day(stored, days, shown):
            if pc.any(pc.equal(rows["status"], OLD_REJECTED)).as_py():
                yield stored.stage(day, current_rows(rows), shown.schema)

    def commit_statuses(self) -> None:
        """Make the days with the current status visible."""
        for table, (shown, staged) in self.statuses.items():
            if staged and shown.schema is not None:
                stored = self.lake.table(table)
                stored.commit(staged, schema=shown.schema, based_on=shown, note=NOTE)

    def copy(self, old: TableId) -> None:
        """Commit the days of an old table that the current table lacks, in one transaction."""
        marker = f"{old.path}/{COPIED}"
        if self.lake.store.stat(marker) is not None:
            return
        stored, shown = self.lake.table(old), self.lake.table(old).snapshot()
        if shown.schema is not None:
            new = self.lake.table(current_id(old))
            before = new.snapshot()
            days = [day for day in shown.days if day not in before.by_day]
            schema = RECONCILIATION.stored if old.layer == "ops" else DELIVERIES.stored
            current = ((day, self.current(rows, day)) for day, rows in _by_day(stored, days, shown))
            staged = new.stage_many(
                ((day, _in_columns(rows, schema)) for day, rows in current), schema
            )
            new.commit(staged, schema=schema, based_on=before, note=NOTE)
        self.lake.store.write(marker, b"")

    def current(self, rows: pa.Table, day: dt.date) -> pa.Table:
        """Return the rows of a day with current names and, in balances, the fingerprint of the day.

        A balance that belongs to the deliveries as they are must belong to them after
        `commit_statuses`, too, so that the day stays finished.
        """
        rows = current_rows(rows)
        if "inputs" not in rows.column_names:
            return rows
        before, after = self.fingerprint(day, staged=False), self.fingerprint(day, staged=True)
        finished = pc.equal(rows["inputs"], before)
        place = rows.column_names.index("inputs")
        return rows.set_column(place, "inputs", pc.if_else(finished, after, rows["inputs"]))

    def fingerprint(self, day: dt.date, *, staged: bool) -> str:
        """Return the fingerprint of a day's deliveries before or after `commit_statuses`."""
        versions = []
        for source in self.domain.sources:
            table = TableId("raw", self.domain.name, source.dataset)
            shown, changed = self.statuses.get(table, (Snapshot(version=-1), []))
            file = shown.by_day.get(day)
            version = file.data_version if file else None
            new = next((each.data_version for each in changed if each.day == day), None)
            versions.append(new if staged and new else version)
        return delivery_fingerprint(versions)


def _in_columns(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with the columns of a schema; those added since then are null."""
    for column in schema:
        if column.name not in rows.column_names and column.nullable:
            rows = rows.append_column(column, pa.nulls(len(rows), column.type))
    return rows.select(schema.names)


def _has_deliveries(shown: Snapshot) -> bool:
    """Return whether a table has rows of deliveries: a raw table, or one computed from them."""
    names: Collection[str] = () if shown.schema is None else shown.schema.names
    return {"file", "digest", "status"} <= set(names) and "_file" not in names


def _may_have_old_status(file: DayFiles) -> bool:
    """Return whether a day may have the old status, as far as the log of the table knows."""
    low, high = file.bounds.get("status", (OLD_REJECTED, OLD_REJECTED))
    return bool(file.rows and low <= OLD_REJECTED <= high)


def _delete(lake: Lake, table: TableId) -> None:
    """Delete an old table whose rows are copied; what says so goes last."""
    marker = f"{table.path}/{COPIED}"
    files = [entry.path for entry in lake.store.entries(table.path)]
    lake.store.delete([path for path in files if path != marker])
    lake.store.delete_folder(table.path)


def _by_day(
    table: LakeTable, days: Sequence[dt.date], shown: Snapshot
) -> Iterator[tuple[dt.date, pa.Table]]:
    """Read the rows of days, each day by itself and some days at a time."""
    for start in range(0, len(days), COPIED_DAYS):
        part = days[start : start + COPIED_DAYS]
        rows = table.read(part, snapshot=shown)
        for day in part:
            yield day, rows.filter(pc.equal(rows[DAY], pa.scalar(day)))

"""The I/O manager: stores values of assets as days of lake tables, and loads them again.

Every table of every layer is stored here. Days that a step has staged are committed: those of one
table, or those of all tables of a step in the order that makes it safe to interrupt
(`StagedTables`). A pandas, pyarrow, Ibis or DuckDB value is split by its column ``day``, and then
written. An input is loaded in the form that its annotation names.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.engines.session import named_relation, session
from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.ingestion.conflicts import ATTEMPTS
from lakehouse.platform.migration.changes import DROP_HINT, kind_conflict
from lakehouse.platform.orchestration.metadata import contract_metadata, preview
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.commit import CommitResult
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.errors import DayConflict, SchemaConflict
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import Definition
from lakehouse.platform.storage.snapshot import AS_OF, ON_REQUEST, Snapshot
from lakehouse.platform.storage.staged_tables import StagedTables
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.domains import domain_names
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import definition_of, has_definition
from lakehouse.platform.transform.inputs import bind_files
from lakehouse.platform.transform.stage import StagedDays


class LakeIOManager(dg.ConfigurableIOManager):
    """Stores and loads the days of lake tables, with one commit for a range of days."""

    platform: Platform

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Commit the days of a value; a day without rows is committed as an empty day.

        Of tables that one step stages together, the first output that arrives commits all. If
        another run has changed their days meanwhile, the step starts over.
        """
        table = table_id(context.asset_key)
        note = {"run_id": context.run_id}
        if isinstance(obj, StagedDays):
            declared: Table | None = obj.table
            result = commit(obj, self.platform.lake, note=note)
        elif isinstance(obj, StagedTables):
            declared = declared_table(table)
            try:
                result = obj.commit(note=note)[table]
            except DayConflict as error:
                raise dg.RetryRequested(max_retries=ATTEMPTS - 1) from error
        else:
            declared = declared_table(table)
            days = days_of(context.asset_partition_keys)
            stored = self.platform.lake.table(table)
            definition = definition_of(declared) if declared else None
            result = write(stored, to_arrow(obj), days, note=note, definition=definition)
        shown = self.platform.lake.table(table).snapshot()
        metadata: dict[str, Any] = {
            "lakehouse/version": result.version,
            "lakehouse/changed_days": len(result.changed),
            "lakehouse/unchanged_days": len(result.unchanged),
            **_definition(declared, self.platform.lake, shown),
        }
        if len(context.asset_partition_keys) == 1:
            days = days_of(context.asset_partition_keys)
            metadata["lakehouse/preview"] = preview(self.platform.lake, table, days, shown)
        context.add_output_metadata(metadata)

    def load_input(self, context: dg.InputContext) -> Any:
        """Return the days of an upstream table as pandas, pyarrow, Ibis or DuckDB value.

        Raises:
            TypeError: the input is annotated with another type.
        """
        days = days_of(context.asset_partition_keys)
        rows = self._rows(table_id(context.asset_key), days)
        kind = context.dagster_type.typing_type
        if kind in (pa.Table, Any):
            return rows
        if kind is pd.DataFrame:
            return rows.to_pandas(types_mapper=pd.ArrowDtype)
        if kind is ir.Table:
            import ibis

            return ibis.memtable(rows)
        if getattr(kind, "__name__", "") == "DuckDBPyRelation":
            import duckdb

            return duckdb.connect().from_arrow(rows)
        raise TypeError(
            f"{context.asset_key.to_user_string()}: cannot load a partition as {kind!r}. hint:"
            " annotate the input as pandas.DataFrame, pyarrow.Table, ibis.expr.types.Table or"
            " duckdb.DuckDBPyRelation"
        )

    def _rows(self, table: TableId, days: list[dt.date]) -> pa.Table:
        """Read days as the contract of their table says.

        Raises:
            OlderDays: a day that an older contract made lacks what the contract requires.
        """
        stored = self.platform.lake.table(table)
        snapshot = stored.snapshot()
        declared = declared_table(table)
        made_with = {snapshot.by_day[day].made_with for day in days if day in snapshot.by_day}
        if declared is None or made_with <= {definition_of(declared).version}:
            return stored.read(days, snapshot=snapshot)
        with session(replace(self.platform.settings, engine="duckdb")) as opened:
            bind_files(opened, "stored", declared, snapshot.urls(days))
            return opened.table(named_relation("stored", declared.contract.schema))


def _definition(table: Table | None, lake: Lake, shown: Snapshot) -> dict[str, Any]:
    """Return by which definition days were made; nothing for a table that the platform defines."""
    return (
        contract_metadata(table, lake, shown) if table is not None and has_definition(table) else {}
    )


def declared_table(table: TableId) -> Table | None:
    """Return a table by the code of its domain; None when no code declares it."""
    if table.domain not in domain_names():
        return None
    try:
        return load_domain(table.domain).table(table.layer, table.table)
    except KeyError:
        return None


def table_id(key: dg.AssetKey) -> TableId:
    """Return the lake table of an asset key ``[layer, domain, table]``."""
    layer, domain, table = key.path
    return TableId(layer, domain, table)


def commit(computed: StagedDays, lake: Lake, *, note: Mapping[str, str]) -> CommitResult:
    """Commit staged days: first the companion tables with the outcome of each row, then the rows.

    After a crash between the two, the day does not reconcile, so the next run computes it again.
    """
    for companion, (schema, staged) in computed.companions.items():
        lake.table(companion).commit(staged, schema=schema, note=note)
        failpoint("materialize.companion_committed")
    table = lake.table(computed.table.id)
    _require_same_kind(computed.table, table)
    result = table.commit(
        computed.staged,
        schema=computed.schema,
        removed=_expired(computed, table),
        note=note,
        description=_description(computed.table),
        definition=computed.definition,
    )
    failpoint("materialize.committed")
    if computed.table.options.after_commit is not None:
        computed.table.options.after_commit(lake, sorted(each.day for each in computed.staged))
    return result


def _require_same_kind(table: Table, stored: LakeTable) -> None:
    """Say of a stored table what its days hold by the code, as far as they can hold it.

    Raises:
        SchemaConflict: its days hold the whole table, and the code makes the rows of each day.
    """
    shown = stored.snapshot()
    if problem := kind_conflict(table, shown):
        raise SchemaConflict(f"{table.id.name}: {problem}; hint: {DROP_HINT.format(table.id.name)}")
    description = _description(table)
    if shown.schema is not None and description not in (None, shown.description):
        stored.describe(description or "")


def _description(table: Table) -> str | None:
    if not table.as_of:
        return None
    return ON_REQUEST if table.options.on_request else AS_OF


def _expired(computed: StagedDays, table: LakeTable) -> list[dt.date]:
    """Return the days of an as-of table that are older than it keeps them.

    Reference dates are kept.
    """
    table_keeps_all = not computed.table.as_of or computed.table.options.reference_dates
    if table_keeps_all or not computed.staged:
        return []
    made = {each.day for each in computed.staged}
    stored = table.snapshot().days
    oldest = max({*made, *stored}) - dt.timedelta(days=computed.table.options.keep_days)
    return [day for day in stored if day < oldest and day not in made]


def to_arrow(value: Any) -> pa.Table:
    """Return a pandas, pyarrow, Ibis or DuckDB value as an Arrow table.

    Raises:
        TypeError: the value has another type.
    """
    if isinstance(value, pa.Table):
        return value
    if isinstance(value, pd.DataFrame):
        return pa.Table.from_pandas(value, preserve_index=False)
    if isinstance(value, ir.Table):
        return value.to_pyarrow()
    if hasattr(value, "to_arrow_table"):
        return value.to_arrow_table()
    raise TypeError(
        f"cannot store a {type(value).__name__}. hint: return a pandas DataFrame, a pyarrow or Ibis"
        " table, or a DuckDB relation"
    )


def write(
    table: LakeTable,
    rows: pa.Table,
    days: list[dt.date],
    *,
    note: Mapping[str, str],
    definition: Definition | None = None,
) -> CommitResult:
    """Replace these days of a table with the rows, split by their column ``day``.

    Raises:
        ValueError: the column is missing, or a row is on a day that is not replaced.
    """
    if "day" not in rows.column_names:
        raise ValueError(f"{table.id.name}: the value has no column 'day'")
    column = rows["day"].cast(pa.date32())
    outside = pc.invert(pc.is_in(column, pa.array(days, pa.date32())))
    if pc.any(outside).as_py():
        example = rows.filter(outside)["day"][0]
        raise ValueError(f"{table.id.name}: a row is on {example}, which this run does not write")
    schema = rows.drop(["day"]).schema
    by_day = {day: rows.filter(pc.equal(column, pa.scalar(day, pa.date32()))) for day in days}
    return table.write(by_day, schema=schema, note=note, definition=definition)

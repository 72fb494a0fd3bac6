"""Values of assets as Delta tables of Parquet files, on disk or S3.

What is stored is decided by the value: days that `materialize.compute` staged are committed; a
pandas, pyarrow, Ibis or DuckDB value is cut into its days by the column ``day`` and written. What
is loaded is decided by the annotation of the input.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dagster as dg
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.failpoints import failpoint
from lakehouse.platform.orchestration.metadata import preview
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.storage.commit import CommitResult
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.transform.stage import StagedDays


class LakeIOManager(dg.ConfigurableIOManager):
    """Stores and loads the partitions of lake tables, one commit for a whole range of days."""

    platform: Platform

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Commit the days of a value; days without rows are committed as empty."""
        table = table_id(context.asset_key)
        note = {"run_id": context.run_id}
        if isinstance(obj, StagedDays):
            result = commit(obj, self.platform.lake, note=note)
        else:
            days = days_of(context.asset_partition_keys)
            result = write(self.platform.lake.table(table), to_arrow(obj), days, note=note)
        about: dict[str, Any] = {
            "lakehouse/version": result.version,
            "lakehouse/changed_days": len(result.changed),
            "lakehouse/unchanged_days": len(result.unchanged),
        }
        if len(context.asset_partition_keys) == 1:
            days = days_of(context.asset_partition_keys)
            about["lakehouse/preview"] = preview(self.platform.lake, table, days)
        context.add_output_metadata(about)

    def load_input(self, context: dg.InputContext) -> Any:
        """The upstream days as the annotation asks: pandas, pyarrow, Ibis or a DuckDB relation.

        Raises:
            TypeError: the annotation is none of these.
        """
        days = days_of(context.asset_partition_keys)
        rows = self.platform.lake.table(table_id(context.asset_key)).read(days)
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
            f"{context.asset_key.to_user_string()}: cannot load a partition as {kind!r}; annotate"
            " the input as pandas.DataFrame, pyarrow.Table, ibis Table or duckdb.DuckDBPyRelation"
        )


def table_id(key: dg.AssetKey) -> TableId:
    """The lake table of an asset key ``[layer, domain, table]``."""
    layer, domain, table = key.path
    return TableId(layer, domain, table)


def commit(computed: StagedDays, lake: Lake, *, note: Mapping[str, str]) -> CommitResult:
    """Make staged days visible: what became of the rows first, the rows last.

    After a crash in between, the day counts as not balanced and is built again.
    """
    for companion, (schema, staged) in computed.companions.items():
        lake.table(companion).commit(staged, schema=schema, note=note)
        failpoint("materialize.companion_committed")
    result = lake.table(computed.table.id).commit(
        computed.staged, schema=computed.schema, note=note
    )
    failpoint("materialize.committed")
    if computed.table.options.after_commit is not None:
        computed.table.options.after_commit(lake, sorted(each.day for each in computed.staged))
    return result


def to_arrow(value: Any) -> pa.Table:
    """A frame of any of the known kinds as an Arrow table.

    Raises:
        TypeError: the value is none of them.
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
        f"cannot store a {type(value).__name__}; return a pandas or pyarrow frame, an Ibis table or"
        " a DuckDB relation"
    )


def write(
    table: LakeTable, rows: pa.Table, days: list[dt.date], *, note: Mapping[str, str]
) -> CommitResult:
    """Replace these days of a table by the rows, cut by the column ``day``.

    Raises:
        ValueError: there is no such column, or a row lies on another day.
    """
    if "day" not in rows.column_names:
        raise ValueError(f"{table.id.name}: the value has no column 'day' to cut it into days")
    column = rows["day"].cast(pa.date32())
    outside = pc.invert(pc.is_in(column, pa.array(days, pa.date32())))
    if pc.any(outside).as_py():
        example = rows.filter(outside)["day"][0]
        raise ValueError(f"{table.id.name}: a row lies on {example}, which this run does not write")
    schema = rows.drop(["day"]).schema
    cut = {day: rows.filter(pc.equal(column, pa.scalar(day, pa.date32()))) for day in days}
    return table.write(cut, schema=schema, note=note)

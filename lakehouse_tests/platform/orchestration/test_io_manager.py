"""Values of assets are stored by day and loaded in the form that the input names."""

import datetime as dt
from decimal import Decimal

import dagster as dg
import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pytest

from lakehouse.platform.orchestration.code_location import shared_definitions
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId

DAY, NEXT = dt.date(2026, 1, 5), dt.date(2026, 1, 6)
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_offset=1)
ROWS = pa.table(
    {
        "day": pa.array([DAY, DAY], pa.date32()),
        "amount": pa.array([Decimal("1.50"), Decimal("2.25")], pa.decimal128(14, 2)),
        "name": ["São Paulo", None],
    }
)


def run(source, reader, root, monkeypatch):
    """Store the value of ``source`` for two days, and load the first day as ``reader``."""
    monkeypatch.setenv("LAKEHOUSE_ROOT", root)
    policy = dg.BackfillPolicy.single_run()

    @dg.multi_asset(
        outs={"rows": dg.AssetOut(key=["gold", "toy", "source"], io_manager_key="lake")},
        partitions_def=DAYS,
        backfill_policy=policy,
    )
    def write():
        return source()

    @dg.multi_asset(
        specs=[
            dg.AssetSpec(
                ["gold", "toy", "reader"],
                deps=[dg.AssetKey(["gold", "toy", "source"])],
                partitions_def=DAYS,
            )
        ],
        ins={"rows": dg.AssetIn(key=["gold", "toy", "source"], input_manager_key="lake")},
        backfill_policy=policy,
    )
    def read(rows: reader):
        seen.append(rows)
        return dg.MaterializeResult()

    seen: list[object] = []
    defs = dg.Definitions.merge(
        shared_definitions(),
        dg.Definitions(assets=[write, read], jobs=[dg.define_asset_job("all", [write, read])]),
    )
    tags = {
        "dagster/asset_partition_range_start": str(DAY),
        "dagster/asset_partition_range_end": str(NEXT),
    }
    result = defs.resolve_job_def("all").execute_in_process(
        instance=dg.DagsterInstance.ephemeral(), tags=tags, raise_on_error=False
    )
    return result, seen


KINDS = {
    pa.Table: (lambda: ROWS, lambda rows: rows),
    pd.DataFrame: (
        lambda: ROWS.to_pandas(types_mapper=pd.ArrowDtype),
        lambda rows: pa.Table.from_pandas(rows, preserve_index=False),
    ),
    ir.Table: (lambda: ibis.memtable(ROWS), lambda rows: rows.to_pyarrow()),
    duckdb.DuckDBPyRelation: (
        lambda: duckdb.connect().from_arrow(ROWS),
        lambda rows: rows.to_arrow_table(),
    ),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_loaded_value_equals_the_stored_one(kind, tmp_path, monkeypatch):
    source, as_arrow = KINDS[kind]

    result, seen = run(source, kind, str(tmp_path), monkeypatch)

    assert result.success
    loaded = as_arrow(seen[0]).select(ROWS.column_names).cast(ROWS.schema)
    assert loaded.to_pylist() == ROWS.to_pylist()


def test_a_day_without_rows_is_stored_as_empty(tmp_path, monkeypatch):
    run(lambda: ROWS, pa.Table, str(tmp_path), monkeypatch)

    shown = Lake(str(tmp_path)).table(TableId("gold", "toy", "source")).snapshot()
    assert {file.day: file.rows for file in shown.files} == {DAY: 2, NEXT: 0}


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (lambda: ROWS.drop(["day"]), "no column 'day'"),
        (
            lambda: ROWS.set_column(0, "day", pa.array([DAY, dt.date(2026, 2, 1)], pa.date32())),
            "2026-02-01, which this run does not write",
        ),
        (lambda: "text", "cannot store a str"),
    ],
    ids=["no column day", "another day", "not a table"],
)
def test_a_value_that_cannot_be_split_by_day_is_not_stored(source, problem, tmp_path, monkeypatch):
    result, _ = run(source, pa.Table, str(tmp_path), monkeypatch)

    assert not result.success
    failure = next(e for e in result.all_events if e.is_step_failure)
    assert problem in failure.step_failure_data.error_display_string
    assert not Lake(str(tmp_path)).table(TableId("gold", "toy", "source")).exists()

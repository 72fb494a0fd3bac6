"""Assets of tables computed by pandas, for what an Ibis expression cannot express (such as models).

They have the same contract, checks and storage as any other table. Types of dagster-pandas check
the data frames that the function receives and returns.
"""

import datetime as dt
import inspect
import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
from dagster_pandas import (
    DataFrame,
    PandasColumn,
    StrictColumnsConstraint,
    create_dagster_pandas_dataframe_type,
)

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.local_runtime.check_results import PartitionResult, partition_results
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.validate import failed_days_of


def frame_type(table: Table) -> dg.DagsterType:
    """Return a Dagster type that requires the contract's columns, and values where not nullable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return create_dagster_pandas_dataframe_type(
            name="_".join(("frame", table.id.layer, table.id.domain, table.id.table)),
            description=table.description,
            columns=[
                PandasColumn.exists(column.name, non_nullable=not column.nullable)
                for column in table.contract.columns
            ],
            dataframe_constraints=[StrictColumnsConstraint(list(table.contract.schema.names))],
        )


def to_rows(table: Table, frame: pd.DataFrame) -> pa.Table:
    """Return a data frame as an Arrow table in the contract's types.

    Raises:
        dagster.Failure: a column cannot be converted to its type; the message names it.
    """
    columns = {}
    for field in arrow_schema(table.contract.schema):
        try:
            columns[field.name] = pa.array(_values(frame[field.name], field.type), field.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError) as error:
            raise dg.Failure(
                f"{table.id.name}: column {field.name!r} cannot be converted to {field.type}, the"
                f" type in the contract: {error}",
                allow_retries=False,
            ) from error
    return pa.table(columns)


def _values(column: pd.Series, kind: pa.DataType) -> list[Any]:
    values = [None if value is pd.NA or value != value else value for value in column]
    if pa.types.is_decimal(kind):
        step = Decimal(1).scaleb(-kind.scale)
        return [None if v is None else Decimal(str(v)).quantize(step) for v in values]
    if pa.types.is_date(kind):
        return [v.date() if isinstance(v, dt.datetime) else v for v in values]
    return values


def pandas_asset(
    table: Table,
    spec: dg.AssetSpec,
    check: dg.AssetCheckSpec,
    *,
    io_manager_key: str,
    **policy: Any,
) -> dg.AssetsDefinition:
    """Build the asset of a pandas table: it loads, computes, validates and stores data frames."""
    if table.transform is None:
        raise TypeError(f"{table.id.name} has no function that computes it")
    transform = table.transform
    names = list(inspect.signature(transform).parameters)

    @dg.multi_asset(
        name="_".join((table.id.layer, table.id.domain, table.id.table)),
        outs={
            "rows": dg.AssetOut.from_spec(
                spec.replace_attributes(partitions_def=None, deps=[]),
                dagster_type=frame_type(table),
                io_manager_key=io_manager_key,
            )
        },
        ins={
            name: dg.AssetIn(
                key=asset_key(read.table.id),
                dagster_type=DataFrame,
                input_manager_key=io_manager_key,
            )
            for name, read in zip(names, table.reads, strict=True)
        },
        check_specs=[check],
        partitions_def=spec.partitions_def,
        **policy,
    )
    def computed(
        context: dg.AssetExecutionContext, platform: Platform, **frames: pd.DataFrame
    ) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        frame = _within(transform(*(frames[name] for name in names)), days)
        rows = to_rows(table, frame)
        failed = failed_days_of(table, rows, days, platform.settings)
        results = [
            PartitionResult(
                check=check.key,
                day=day,
                passed=day not in failed,
                metadata={"problem": failed[day]} if day in failed else {},
            )
            for day in days
        ]
        if failed:
            yield from partition_results(context, results)
            day, reason = next(iter(failed.items()))
            raise dg.Failure(
                f"{table.id.name}: {len(failed)} days break the contract, so nothing is stored;"
                f" first {day}: {reason}. hint: fix the function or the contract, then materialize"
                " these days again",
                allow_retries=False,
            )
        yield dg.Output(
            rows.to_pandas(types_mapper=pd.ArrowDtype),
            output_name="rows",
            metadata={"dagster/row_count": rows.num_rows},
        )
        yield from partition_results(context, results)

    return computed


def _within(frame: pd.DataFrame, days: Sequence[dt.date]) -> pd.DataFrame:
    """Return the rows of these days, sorted by day; the function may compute other days, too."""
    day = pd.to_datetime(frame["day"]).dt.date
    return frame.assign(day=day)[day.isin(set(days))].sort_values("day", kind="stable")

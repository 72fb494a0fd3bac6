"""Tables made by pandas, for what an expression cannot say (forecasts, models, odd calendars).

The same place, contract, checks and storage as any other table; Dagster-pandas types say at the
edges of the function what goes in and what comes out.
"""

import datetime as dt
import inspect
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
from lakehouse.platform.orchestration.metadata import asset_key
from lakehouse.platform.orchestration.partitions import days_of
from lakehouse.platform.orchestration.resources import Platform
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.validate import failed_days_of


def frame_type(table: Table) -> dg.DagsterType:
    """The contract's columns as a Dagster type: which must be there, and which may be null."""
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
    """A frame in the contract's types.

    Raises:
        dagster.Failure: a column cannot be read as promised; names it.
    """
    columns = {}
    for field in arrow_schema(table.contract.schema):
        try:
            columns[field.name] = pa.array(_values(frame[field.name], field.type), field.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError) as error:
            raise dg.Failure(
                f"{table.id.name}: column {field.name!r} is promised as {field.type} and cannot be"
                f" read so: {error}",
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


def framed(
    table: Table,
    spec: dg.AssetSpec,
    check: dg.AssetCheckSpec,
    *,
    io_manager_key: str,
    **policy: Any,
) -> dg.AssetsDefinition:
    """The asset of a pandas table: frames in, judged, one frame out."""
    if table.transform is None:
        raise TypeError(f"{table.id.name} has no function")
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
    def made(
        context: dg.AssetExecutionContext, platform: Platform, **frames: pd.DataFrame
    ) -> Iterator[Any]:
        days = days_of(context.partition_keys)
        frame = _within(transform(*(frames[name] for name in names)), days)
        rows = to_rows(table, frame)
        broken = failed_days_of(table, rows, days, platform.settings)
        yield dg.AssetCheckResult(
            check_name=check.name,
            passed=not broken,
            metadata={day.isoformat(): why for day, why in broken.items()},
        )
        if broken:
            day, why = next(iter(broken.items()))
            raise dg.Failure(
                f"{table.id.name}: {len(broken)} days break the contract and nothing was stored,"
                f" first {day}: {why}",
                allow_retries=False,
            )
        yield dg.Output(
            rows.to_pandas(types_mapper=pd.ArrowDtype),
            output_name="rows",
            metadata={"dagster/row_count": rows.num_rows},
        )

    return made


def _within(frame: pd.DataFrame, days: Sequence[dt.date]) -> pd.DataFrame:
    """The rows of these days, in the order of the day; pandas may give its calendar whole."""
    day = pd.to_datetime(frame["day"]).dt.date
    return frame.assign(day=day)[day.isin(set(days))].sort_values("day", kind="stable")

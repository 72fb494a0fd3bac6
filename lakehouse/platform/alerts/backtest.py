"""Compute the alerts that the present parameters would have raised on past or generated days.

For tables of alerts whose rows are computed by Python code.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from lakehouse.platform.engines.session import Session, arrow_schema, session
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.snapshot import urls_of
from lakehouse.platform.tables.table import Read, Table
from lakehouse.platform.transform.inputs import bind_files
from lakehouse.settings import Settings

Alert = dict[str, Any]
RowsOf = Callable[[dt.date, Mapping[str, pa.Table], int], pa.Table]
"""Day, inputs and number of kept days → rows of the table of alerts."""


def alerts_between(
    table: Table,
    rows_of: RowsOf,
    lake: Lake,
    settings: Settings,
    first: dt.date,
    last: dt.date,
    inputs: Mapping[str, ir.Table] | None = None,
) -> list[Alert]:
    """Return the alerts that were first visible between two days.

    Days after `last` are not read; of the earlier ones the data as known now are used. `inputs`
    replaces the expressions of the table, which may read the newest days only.
    """

    def bind(opened: Session, read: Read) -> None:
        snapshot = lake.table(read.table.id).snapshot()
        files = [file for file in snapshot.files if file.rows and file.day <= last]
        bind_files(opened, read.name, read.table, urls_of(files))

    return _computed(table, rows_of, bind, settings, first, last, inputs)


def alerts_in_rows(
    table: Table,
    rows_of: RowsOf,
    rows: Mapping[str, pa.Table],
    settings: Settings,
    first: dt.date,
    last: dt.date,
    inputs: Mapping[str, ir.Table] | None = None,
) -> list[Alert]:
    """Return the same for rows of the upstream tables that are not in a lake.

    Columns that `rows` lacks are null.
    """

    def bind(opened: Session, read: Read) -> None:
        schema = arrow_schema(read.table.contract.schema)
        given = rows[read.table.id.table]
        columns = [
            given[field.name].cast(field.type)
            if field.name in given.schema.names
            else pa.nulls(given.num_rows, field.type)
            for field in schema
        ]
        opened.arrow(read.name, pa.table(columns, schema=schema))

    return _computed(table, rows_of, bind, settings, first, last, inputs)


def _computed(
    table: Table,
    rows_of: RowsOf,
    bind: Callable[[Session, Read], None],
    settings: Settings,
    first: dt.date,
    last: dt.date,
    inputs: Mapping[str, ir.Table] | None,
) -> list[Alert]:
    with session(settings) as opened:
        for read in table.reads:
            bind(opened, read)
        named = inputs or table.python_rows.inputs
        rows = {name: opened.table(each) for name, each in named.items()}
    found: list[Alert] = rows_of(last, rows, (last - first).days + 1).to_pylist()
    return [alert for alert in found if first <= alert["detected_day"] <= last]

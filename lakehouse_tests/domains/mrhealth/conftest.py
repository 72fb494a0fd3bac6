"""Computes one table's expression over a few rows, without Dagster or a lake."""

import functools
from collections.abc import Callable

import duckdb
import pyarrow as pa
import pytest

from lakehouse.platform.engines.session import arrow_schema, typed_sql
from lakehouse.platform.tables.reason_codes import split_reasons
from lakehouse.platform.tables.table import ReadScope, Table
from lakehouse_tests.domains.mrhealth.rows import MONDAY, Row


@functools.cache
def sql_of(table: Table) -> str:
    return typed_sql(table.expression, "duckdb")


@functools.cache
def inputs_of(table: Table) -> dict[str, str]:
    """The SQL of what the Python code of a table reads, by name."""
    return {name: typed_sql(each, "duckdb") for name, each in table.python_rows.inputs.items()}


@pytest.fixture(scope="session")
def made() -> Callable[..., list[Row]]:
    """Return the rows of a table's expression for rows of its upstream tables, in their order."""
    connection = duckdb.connect()

    def run(table: Table, *given: list[Row], due: bool = True) -> list[Row]:
        reads = [read for read in table.reads if read.scope is not ReadScope.NAMING]
        for read, rows in zip(reads, given, strict=True):
            schema = arrow_schema(read.table.contract.schema)
            columns = [dict.fromkeys(schema.names, None) | row for row in rows]
            unknown = {name for row in rows for name in row} - set(schema.names)
            assert not unknown, f"{read.table.id} has no {unknown}"
            connection.register(read.name, pa.Table.from_pylist(columns, schema=schema))
        partitions = {"day": [MONDAY], "is_due": [due]}
        connection.register("partitions", pa.table(partitions))
        if not table.has_expression:
            inputs = {
                name: connection.execute(sql).to_arrow_table()
                for name, sql in inputs_of(table).items()
            }
            return table.python_rows.compute(MONDAY, inputs).to_pylist()
        result = connection.execute(sql_of(table)).to_arrow_table()
        if table.as_of:
            result = result.drop_columns(["day"])
        rows = result.to_pylist()
        for row in rows:
            if "_reasons" in row:
                row["_reasons"] = split_reasons(row["_reasons"])
        return rows

    return run

"""As-of tables: each partition holds the whole table as known at the end of its day.

The contract and the function of such a table say nothing about days. The platform adds the column
``day`` to both, and leaves it out of the as-of tables that the function reads.
"""

import datetime as dt
import functools
import types
from collections.abc import Callable, Sequence

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.contract import ContractError
from lakehouse.platform.tables.table import PARTITIONS, Read, Table
from lakehouse.platform.tables.without_pyspark import pandera_ibis as pa


def with_day(table: TableId, model: type[pa.DataFrameModel]) -> type[pa.DataFrameModel]:
    """Return the contract with the column ``day`` of the partition.

    Raises:
        ContractError: the contract has a column ``day`` of its own.
    """
    schema = model.to_schema()
    if "day" in schema.columns:
        raise ContractError(
            f"{table.name}: column 'day' of the contract {model.__name__} would be the day as of"
            " which the table holds; hint: give the column another name, such as 'date'"
        )
    key = tuple(schema.unique or ())
    content = {
        "__module__": model.__module__,
        "__doc__": model.__doc__,
        "__annotations__": {"day": dt.date},
        "day": pa.Field(description="Day at whose end the table was as shown"),
    }

    def add_content(namespace: dict[str, object]) -> None:
        namespace.update(content)

    options = {"key": ("day", *key)} if key else {}
    return types.new_class(model.__name__, (model,), options, add_content)


def as_of_day(transform: Callable[..., ir.Table], reads: Sequence[Read]) -> Callable[..., ir.Table]:
    """Return the transform with the day of the partition added to its rows, in its order."""

    @functools.wraps(transform)
    def with_partition(*upstream: ir.Table) -> ir.Table:
        given = [
            rows if read.has_day else rows.drop("day")
            for rows, read in zip(upstream, reads, strict=True)
        ]
        made = transform(*given)
        order = _order(made)
        rows = made.cross_join(PARTITIONS.select("day"))  # all rows to the one day of the partition
        return rows.order_by(list(order.values())) if order else rows

    return with_partition


def order_of(table: Table) -> dict[str, ir.Value | str]:
    """Return the columns by which an as-of table orders its rows, each with its sort key.

    Empty when the table declares no order, or Python code computes it.
    """
    if not table.has_expression:
        return {}
    return _order(table.expression)


def _order(rows: ir.Table) -> dict[str, ir.Value | str]:
    operation = rows.op()
    if not isinstance(operation, ops.Sort):
        return {}
    found: dict[str, ir.Value | str] = {}
    for key in operation.keys:
        if not isinstance(key.arg, ops.Field):
            raise ContractError(
                f"the rows are ordered by an expression ({key.name}); hint: order by columns"
                " of the contract"
            )
        name = key.arg.name
        found[name] = name if key.ascending else ibis.desc(name)
    return found

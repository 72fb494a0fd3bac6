"""Which upstream columns each column of a table comes from, read from its expression."""

from collections.abc import Mapping

import ibis.expr.operations as ops

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.table import Table

Origins = frozenset[tuple[str, str]]


def column_lineage(table: Table) -> dict[str, list[tuple[TableId, str]]]:
    """For each promised column, the upstream columns it is computed from, sorted.

    Rows that are only counted or filtered by a column do not come from it.
    """
    if table.transform is None or table.options.pandas:
        return {}
    upstream = {read.name: read.table.id for read in table.reads}
    found = _of_relation(table.expression.op(), {})
    return {
        column: sorted(
            (upstream[relation], name)
            for relation, name in found.get(column, ())
            if relation in upstream
        )
        for column in table.contract.schema.names
    }


def _of_relation(
    node: ops.Relation, done: dict[ops.Node, Mapping[str, Origins]]
) -> Mapping[str, Origins]:
    """Origins of every column of a relation."""
    if node not in done:
        if isinstance(node, ops.UnboundTable):
            done[node] = {name: frozenset({(node.name, name)}) for name in node.schema}
        elif isinstance(node, ops.Set):
            left, right = _of_relation(node.left, done), _of_relation(node.right, done)
            done[node] = {name: left[name] | right[name] for name in node.schema}
        else:
            done[node] = {name: _of_value(value, done) for name, value in node.values.items()}
    return done[node]


def _of_value(value: ops.Node, done: dict[ops.Node, Mapping[str, Origins]]) -> Origins:
    """Origins of one value; relations that it only stands on are not followed."""
    if isinstance(value, ops.Field):
        return _of_relation(value.rel, done).get(value.name, frozenset())
    parts = (child for child in value.args if isinstance(child, ops.Node | tuple))
    origins: Origins = frozenset()
    for part in parts:
        for child in part if isinstance(part, tuple) else (part,):
            if isinstance(child, ops.Node) and not isinstance(child, ops.Relation):
                origins |= _of_value(child, done)
    return origins

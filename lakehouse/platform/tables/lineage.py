"""The upstream columns from which each column of a table is computed, read from its expression."""

from collections.abc import Mapping

import ibis.expr.operations as ops

from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.table import Table

Origins = frozenset[tuple[str, str]]


def column_lineage(table: Table) -> dict[str, list[tuple[TableId, str]]]:
    """Return for each column of the contract the upstream columns it is computed from, sorted.

    Columns that only count or filter rows are not included.
    """
    if not table.has_expression:
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
    """Return the origins of every column of a relation."""
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
    """Return the origins of one value, without those of the relations that it filters."""
    if isinstance(value, ops.Field):
        return _of_relation(value.rel, done).get(value.name, frozenset())
    parts = (child for child in value.args if isinstance(child, ops.Node | tuple))
    origins: Origins = frozenset()
    for part in parts:
        for child in part if isinstance(part, tuple) else (part,):
            if isinstance(child, ops.Node) and not isinstance(child, ops.Relation):
                origins |= _of_value(child, done)
    return origins

"""SQL texts of large expressions are facts of the code: 462 variables take a second to write.

A text is found by a digest of the expression's nodes and the dialect. Every run is a process of its
own and would write the same texts again.
"""

import hashlib
from collections.abc import Callable

import ibis.expr.operations as ops
from ibis.common.collections import FrozenDict
from ibis.common.graph import Node
from ibis.expr.datashape import DataShape

from lakehouse.platform.tables.code_facts import CodeFacts

SMALL = 40
"""Expressions with fewer nodes are not kept: they are written in milliseconds."""


def kept_sql(
    facts: CodeFacts, relation: ops.Relation, dialect: str, write: Callable[[], str]
) -> str:
    """Return the SQL of a relation: the kept text, else the one that is written and kept."""
    key = text_key(relation, dialect)
    return write() if key is None else facts.text(key, write)


def text_key(relation: ops.Relation, dialect: str) -> str | None:
    """Return the name of a kept text; None for an expression that is small or has no digest."""
    nodes, digest = _nodes_and_digest(relation)
    if digest is None or nodes < SMALL:
        return None
    return f"{dialect} {digest}"


def expression_digest(relation: ops.Relation) -> str | None:
    """Return a digest that equal expressions have in every process, without writing their SQL.

    None for an expression that holds values other than plain ones.
    """
    return _nodes_and_digest(relation)[1]


def _nodes_and_digest(relation: ops.Relation) -> tuple[int, str | None]:
    content = hashlib.blake2b(digest_size=20)
    places: dict[Node, int] = {}
    pending: list[tuple[Node, bool]] = [(relation, False)]
    while pending:
        node, are_arguments_done = pending.pop()
        if node in places:
            continue
        if not are_arguments_done:
            pending.append((node, True))
            pending += [(each, False) for each in reversed(node.__children__)]
            continue
        try:
            described = _described(node.__args__, places)
        except TypeError:
            return len(places), None
        content.update(f"{type(node).__name__}{described}\n".encode())
        places[node] = len(places)
    return len(places), content.hexdigest()


def _described(value: object, places: dict[Node, int]) -> str:
    if isinstance(value, Node):
        return f"#{places[value]}"
    if isinstance(value, tuple | list):
        return f"({','.join(_described(each, places) for each in value)})"
    if isinstance(value, frozenset | set):
        return f"{{{','.join(sorted(_described(each, places) for each in value))}}}"
    if isinstance(value, FrozenDict):
        items = (f"{key!r}:{_described(each, places)}" for key, each in value.items())
        return f"{{{','.join(items)}}}"
    if isinstance(value, DataShape):
        return type(value).__name__
    text = repr(value)
    if " at 0x" in text:
        raise TypeError(text)
    return text

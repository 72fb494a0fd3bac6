"""SQL texts of large expressions, kept on disk: that of 462 variables takes a second to write.

A text is found by a digest of the expression's nodes, the dialect and the versions of the libraries
that write SQL. Every run is a process of its own and would write the same texts again.
"""

import contextlib
import hashlib
import importlib.metadata
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.operations as ops
from ibis.common.collections import FrozenDict
from ibis.common.graph import Node
from ibis.expr.datashape import DataShape

from lakehouse.settings import Settings

SMALL = 150
"""Expressions with fewer nodes are written faster than they are looked up."""
MOST_TEXTS = 2_000
"""Texts that a folder keeps; when there are more, the older half is deleted."""


@dataclass(frozen=True)
class SqlTexts:
    """A folder of SQL texts, in a folder that exists; without it no text is kept."""

    folder: Path

    @classmethod
    def at(cls, settings: Settings) -> "SqlTexts":
        """Return the folder in the Dagster home."""
        return cls(settings.home / "sql")

    def text(self, relation: ops.Relation, dialect: str, write: Callable[[], str]) -> str:
        """Return the SQL of a relation: the kept text, else the one that is written and kept."""
        if (key := text_key(relation, dialect)) is None:
            return write()
        path = self.folder / f"{key}.sql"
        with contextlib.suppress(OSError, UnicodeDecodeError):
            kept, _, text = path.read_text("utf-8").partition("\n")
            if kept == _checksum(text):
                return text
        text = write()
        with contextlib.suppress(OSError):
            self._keep(path, text)
        return text

    def _keep(self, path: Path, text: str) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}-{uuid.uuid4().hex[:8]}")
        try:
            scratch.write_text(f"{_checksum(text)}\n{text}", "utf-8")
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
        kept = list(self.folder.glob("*.sql"))
        if len(kept) > MOST_TEXTS:
            for old in sorted(kept, key=lambda each: each.stat().st_mtime)[: MOST_TEXTS // 2]:
                old.unlink(missing_ok=True)


def text_key(relation: ops.Relation, dialect: str) -> str | None:
    """Return the name of a kept text; None for an expression that is small or has no digest."""
    nodes, digest = _nodes_and_digest(relation)
    if digest is None or nodes < SMALL:
        return None
    return hashlib.blake2b(f"{_versions(dialect)}|{digest}".encode(), digest_size=20).hexdigest()


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


def _versions(dialect: str) -> str:
    libraries = ("ibis-framework", "sqlglot", "lakehouse")
    return "|".join([dialect, *(f"{n}={importlib.metadata.version(n)}" for n in libraries)])


def _checksum(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

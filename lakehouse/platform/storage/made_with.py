"""Which definition made a day: its version is a part of the name of the day's file.

The name of a file contains the version, see `file_names`. So the log of a table
shows for each day which contract and which expression made it, also after a rollback. The columns,
rules and expression behind a version are kept once beside the table, in
``_definitions/<version>.json``. A file without a version was written before versions existed, or
belongs to a table that the platform itself defines.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.platform.storage.file_names import definition_in
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.table_id import TableId

FOLDER = "_definitions"
"""Folder below the table with the definitions that made its days."""

MIXED = "u00000000"
"""End of the version of a day that was computed from days of an older definition."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What makes the days of a table: its contract, its expression and those of its upstream."""

    version: str
    """Lower-case letters and digits."""
    content: Mapping[str, Any] = field(compare=False, repr=False)
    """Columns, key, rules and expression, as JSON values; to say what changed between versions."""


def made_with(path: str) -> str:
    """Return the version of the definition in the path of a day's file; empty when it has none.

    >>> made_with("day=2024-01-01/0123456789abcdef-01234567-c1e2u3.parquet")
    'c1e2u3'
    """
    return definition_in(path)


def by_definition(urls: Iterable[str]) -> dict[str, list[str]]:
    """Group the files of days by the version of the definition that made them."""
    groups: dict[str, list[str]] = {}
    for url in urls:
        groups.setdefault(made_with(url), []).append(url)
    return groups


def keep_definition(
    store: ObjectStore, table: TableId, version: str, content: Mapping[str, Any]
) -> None:
    """Keep the content of a definition beside its table, unless it is kept already."""
    store.create(_path(table, version), json.dumps(content, indent=1, sort_keys=True).encode())


def read_definition(store: ObjectStore, table: TableId, version: str) -> Mapping[str, Any] | None:
    """Return the content of a kept definition; None when it is not kept."""
    try:
        content: Mapping[str, Any] = json.loads(store.read(_path(table, version)))
    except (FileNotFoundError, ValueError):
        return None
    return content


def kept_definitions(store: ObjectStore, table: TableId) -> Iterator[Mapping[str, Any]]:
    """Yield the contents of the definitions that were kept of a table, now and before."""
    for entry in store.entries(f"{table.path}/{FOLDER}"):
        version = entry.path.rpartition("/")[2].removesuffix(".json")
        if content := read_definition(store, table, version):
            yield content


def _path(table: TableId, version: str) -> str:
    return f"{table.path}/{FOLDER}/{version}.json"

"""Find the stored days that an older contract or expression made, from the logs of the tables."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.migration.changes import changes
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.made_with import read_definition
from lakehouse.platform.storage.parquet import storable_schema
from lakehouse.platform.storage.snapshot import DayFiles, Snapshot
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.definition import Parts, definition_of, has_definition


@dataclass(frozen=True, kw_only=True)
class OlderTable:
    """The days of a table that are older than the code."""

    table: Table
    days: tuple[dt.date, ...]
    changes: tuple[str, ...]
    """What changed since these days were made."""
    upstream_only: bool = False
    """Whether the table itself is as before, and only tables that it reads changed."""


def older_tables(domain: Domain, lake: Lake) -> Iterator[OlderTable]:
    """Yield the tables of a domain with days that an older definition made, upstream first.

    A day that names no definition was stored before definitions were recorded. It counts as older
    when its columns differ from those of the contract.
    """
    for table in domain.tables:
        if has_definition(table) and (found := older_days(table, lake)) is not None:
            yield found


def older_days(table: Table, lake: Lake, shown: Snapshot | None = None) -> OlderTable | None:
    """Return the days of one table that an older definition made; None when there are none."""
    stored = lake.table(table.id)
    snapshot = stored.snapshot() if shown is None else shown
    current = definition_of(table).version
    groups: dict[str, list[DayFiles]] = {}
    for file in snapshot.files:
        if file.made_with != current:
            groups.setdefault(file.made_with, []).append(file)
    unknown = groups.get("", [])
    if unknown and all(_fits(table, stored.file_schema(f)) for f in (unknown[0], unknown[-1])):
        del groups[""]
    if not groups:
        return None
    texts: dict[str, None] = {}
    for version in groups:
        content = read_definition(lake.store, table.id, version) if version else None
        texts |= dict.fromkeys(changes(table, version, content))
    return OlderTable(
        table=table,
        days=tuple(sorted(file.day for files in groups.values() for file in files)),
        changes=tuple(texts),
        upstream_only=all(_is_upstream_only(version, current) for version in groups),
    )


def _is_upstream_only(version: str, current: str) -> bool:
    old, new = Parts.of(version), Parts.of(current)
    return (old.contract, old.expression) == (new.contract, new.expression)


def _fits(table: Table, columns: pa.Schema) -> bool:
    return bool(columns.equals(storable_schema(arrow_schema(table.contract.schema))))


def spans(days: Sequence[dt.date]) -> str:
    """Return how many days there are, with the first and the last one.

    >>> spans([dt.date(2024, 1, 1), dt.date(2024, 1, 2)])
    '2 days (2024-01-01 to 2024-01-02)'
    """
    if len(days) == 1:
        return f"1 day ({days[0]})"
    return f"{len(days):,} days ({days[0]} to {days[-1]})"

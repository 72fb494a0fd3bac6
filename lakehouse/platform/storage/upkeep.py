"""Upkeep of many tables: compaction, checkpoints, and the publication of compacted tables."""

from collections.abc import Iterable, Mapping

from lakehouse.platform.storage.compaction import Compacted
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish, read_published
from lakehouse.platform.storage.table_id import TableId

RAW = "raw"
"""Layer that is left alone: the versions of its days are fingerprints of the deliveries."""


def maintain_tables(
    lake: Lake, tables: Iterable[TableId], *, note: Mapping[str, str]
) -> dict[TableId, Compacted]:
    """Compact tables and write their checkpoints; return those that were compacted.

    A table whose newest version was published is published again, so that its readers use the few
    files. One that has changes since its publication is not.
    """
    done: dict[TableId, Compacted] = {}
    for table in tables:
        if table.layer == RAW:
            continue
        opened = lake.table(table)
        if found := opened.compact(note=note):
            done[table] = found
            opened.checkpoint()
    for domain in sorted({table.domain for table in done}):
        before = read_published(lake, domain)
        known = {} if before is None else before.tables
        current = {
            table
            for table, found in done.items()
            if table in known and known[table].version == found.based_on
        }
        if current:
            publish(lake, domain, note=note, only=current.__contains__)
    return done

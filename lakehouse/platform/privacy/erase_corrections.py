"""Erase a person from the trail of corrections: their values go, the steps stay."""

import datetime as dt
import json
from dataclasses import replace

import pyarrow as pa

from lakehouse.platform.privacy.personal_columns import PersonalColumns
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import CORRECTIONS, CorrectionEvent
from lakehouse.platform.tables.stored_rows import stage_ops_table


def is_trail(table: TableId) -> bool:
    """Return whether a table is the trail of corrections of a domain."""
    return (table.layer, table.table, table.companion) == ("ops", CORRECTIONS.name, None)


def owned_corrections(scope: SearchScope, rows: pa.Table) -> list[bool]:
    """Return for each row of the trail whether its values belong to the person."""
    columns = ("table", "before", "after")
    return [
        any(_owns(scope, dataset, text) for text in (before, after))
        for dataset, before, after in zip(
            *(rows[name].to_pylist() for name in columns), strict=True
        )
    ]


def erase_corrections(scope: SearchScope) -> set[dt.date]:
    """Remove the person's values from the trail; return the days that were rewritten."""
    table = TableId("ops", scope.name, CORRECTIONS.name)
    stored = scope.lake.table(table)
    snapshot = stored.snapshot()
    changed: dict[dt.date, pa.Table] = {}
    for file in snapshot.files:
        rows = stored.read([file.day], snapshot=snapshot)
        own = owned_corrections(scope, rows)
        events = list(CORRECTIONS.from_arrow(rows))
        erased = [_erased(scope, each, mine) for each, mine in zip(events, own, strict=True)]
        if erased != events:
            changed[file.day] = CORRECTIONS.to_arrow(erased)
    if changed:
        staged = stage_ops_table(scope.lake, table, CORRECTIONS, changed, based_on=snapshot)
        staged.commit(note={"by": "lakehouse privacy erase"})
    return set(changed)


def _owns(scope: SearchScope, dataset: str, text: str | None) -> bool:
    """Return whether recorded values, or the text of a line, belong to the person."""
    if not text:
        return False
    try:
        is_row = isinstance(json.loads(text), dict)
    except ValueError:
        is_row = False
    known = scope.formats.get(dataset)
    columns = known.columns if known else PersonalColumns()
    if is_row:
        return scope.person.owns_rejected_row(text, columns)
    return scope.person.is_mentioned(text)


def _erased(scope: SearchScope, event: CorrectionEvent, own: bool) -> CorrectionEvent:
    without = scope.person.without_mentions
    return replace(
        event,
        before=None if own else event.before,
        after=None if own else event.after,
        reason=without(event.reason),
        detail=without(event.detail) if event.detail else event.detail,
    )

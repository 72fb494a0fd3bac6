"""Writes changes of PostgreSQL's log into files, with the values that the log does not repeat."""

import contextlib
from dataclasses import dataclass, field

from lakehouse.platform.connectors.postgres.declaration import ExtractionError, Row
from lakehouse.platform.connectors.postgres.draft import Draft
from lakehouse.platform.connectors.postgres.journal import Watermark
from lakehouse.platform.connectors.postgres.known_rows import KnownRows
from lakehouse.platform.connectors.postgres.pgoutput import (
    UNCHANGED,
    Change,
    ChangeKind,
    Unchanged,
    Values,
)
from lakehouse.platform.connectors.postgres.run import ExtractionRun


@dataclass
class ChangeWriter:
    """Writes changes in the order of the log and lands them as files.

    The log omits large values that an update did not touch and, depending on the table's replica
    identity, the values of deleted rows. These come from the rows that the lake knows.
    """

    run: ExtractionRun
    draft: Draft | None = None
    since: int = 0
    known: KnownRows | None = None
    later: dict[str | None, Row | None] = field(default_factory=dict)
    """Rows written after `known` was read, by key; None for deleted ones."""

    @property
    def rows(self) -> int:
        """Number of changes in the file that is being written."""
        return self.draft.rows if self.draft else 0

    def write(self, change: Change) -> None:
        """Add one change to the file."""
        match change:
            case Change(kind=ChangeKind.INSERT, new=dict(new)):
                self._add(self._complete(new, {}), "insert")
            case Change(kind=ChangeKind.UPDATE, new=dict(new), old=old):
                row = self._complete(new, old or {})
                key = self.run.extraction.key
                if old is not None and old.get(key) not in (None, new.get(key)):
                    self._add(self._old_row(change), "delete")
                    self._add(row, "insert")
                else:
                    self._add(row, "update")
            case Change(kind=ChangeKind.DELETE):
                self._add(self._old_row(change), "delete")
            case Change(kind=ChangeKind.TRUNCATE):
                self._truncate()
            case _:
                raise ExtractionError(f"PostgreSQL's log has a {change.kind} without a row")

    def land(self, end: int) -> None:
        """Land the file, which holds every change that was committed before a log position."""
        if self.draft is not None:
            draft, self.draft = self.draft, None
            with draft:
                self.run.land(draft, f"cdc_{end:016x}", Watermark(reached=end), self.since)

    def close(self) -> None:
        """Discard an unfinished file and release memory."""
        if self.draft is not None:
            self.draft.discard()
        if self.known is not None:
            self.known.close()

    def _add(self, row: Row, operation: str) -> None:
        if self.draft is None:
            self.draft = self.run.outbox.new_draft()
            self.since = self.run.outbox.state.watermark.reached or 0
        self.draft.add(row, operation)
        if self.known is not None:
            key = row[self.run.extraction.key_index]
            self.later[key] = None if operation == "delete" else row

    def _complete(self, values: Values, old: Values) -> Row:
        """Return the declared columns of a row; values that were not sent are the last known."""
        sent: Values = {k: v for k, v in old.items() if v is not None}
        sent |= {k: v for k, v in values.items() if not isinstance(v, Unchanged)}
        row: list[str | None] = []
        for index, name in enumerate(self.run.extraction.columns):
            if name not in values:
                raise ExtractionError(
                    f"{self.run.extraction.name} is published without its column {name}; hint:"
                    f" add it to the publication {self.run.extraction.publication}, or remove it"
                    " from the declaration"
                )
            value = sent.get(name, UNCHANGED)
            if isinstance(value, Unchanged):
                last = self._last_row(_text(values[self.run.extraction.key]))
                value = last[index] if last is not None else None
            row.append(value or None)
        return row

    def _old_row(self, change: Change) -> Row:
        """Return the values of a deleted row: those of the log, else the last known."""
        old = change.old or {}
        if change.complete:
            return self._complete(old, {})
        key = _text(old.get(self.run.extraction.key))
        last = self._last_row(key)
        if last is not None:
            return last
        columns = self.run.extraction.columns
        return [key if name == self.run.extraction.key else None for name in columns]

    def _last_row(self, key: str | None) -> Row | None:
        known = self._known_rows()
        return self.later[key] if key in self.later else known.last(key)

    def _truncate(self) -> None:
        """Write a delete for every row that exists, with its last values."""
        known = self._known_rows()
        key = self.run.extraction.key_index
        rows = [row for row in known.all_rows() if row[key] not in self.later]
        for row in [*rows, *(row for row in self.later.values() if row is not None)]:
            self._add(row, "delete")
        known.forget()
        self.later.clear()

    def _known_rows(self) -> KnownRows:
        """Return the rows of the lake, of landed files and of this file; read at the first call."""
        if self.known is None:
            with contextlib.ExitStack() as stack:
                written = None
                if self.draft is not None:
                    written = stack.enter_context(self.draft.flush().open("rb"))
                self.known = KnownRows(self.run.outbox, self.run.settings, written)
        return self.known


def _text(value: str | Unchanged | None) -> str | None:
    return None if isinstance(value, Unchanged) else value
